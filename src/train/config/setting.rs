//! The settings that can change while training.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::TrainConfig;
use crate::data::AugmentKind;
use crate::model::Layer;

/// A setting that can change while training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Peak learning rate.
    LearningRate,
    /// Weight decay.
    WeightDecay,
    /// SGD's and RMSprop's momentum, Adam's and Lion's β₁.
    Momentum,
    /// Images per update.
    BatchSize,
    /// Passes over the training images in all.
    Epochs,
    /// Schedule of the learning rate; a text such as `step every=2.0 factor=0.5`.
    Schedule,
    /// Epochs of warm-up at the start.
    #[serde(rename = "warmup_epochs", alias = "warm_up")]
    Warmup,
    /// Strength of the L1 penalty.
    L1,
    /// The rates of all dropout layers, in order: one number, or a text such as `0.25 0.5`.
    Dropout,
    /// Strength of one kind of augmentation, under its own name.
    #[serde(untagged)]
    Augment(AugmentKind),
}

/// The value of a [`Setting`], or of another property of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number, in the setting's own unit; may be NaN.
    Number(f64),
    /// Anything else.
    Text(String),
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Number(number)
    }
}

impl PartialEq<f64> for Value {
    fn eq(&self, other: &f64) -> bool {
        *self == Value::Number(*other)
    }
}

impl Value {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
        }
    }

    /// A total order of values: numbers first, by size, then texts, alphabetically.
    pub fn order(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Number(_), Value::Text(_)) => Ordering::Less,
            (Value::Text(_), Value::Number(_)) => Ordering::Greater,
        }
    }
}

impl std::fmt::Display for Value {
    /// All digits, so that parsing the text gives the same number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Number(number) if *number != 0.0 && !(1e-4..1e16).contains(&number.abs()) => {
                write!(f, "{number:e}")
            }
            Value::Number(number) => number.fmt(f),
            Value::Text(text) => text.fmt(f),
        }
    }
}

impl Setting {
    /// All of them.
    pub const ALL: [Setting; 17] = [
        Setting::LearningRate,
        Setting::WeightDecay,
        Setting::Momentum,
        Setting::BatchSize,
        Setting::Epochs,
        Setting::Schedule,
        Setting::Warmup,
        Setting::L1,
        Setting::Dropout,
        Setting::Augment(AugmentKind::Shift),
        Setting::Augment(AugmentKind::Rotation),
        Setting::Augment(AugmentKind::Scale),
        Setting::Augment(AugmentKind::Shear),
        Setting::Augment(AugmentKind::Elastic),
        Setting::Augment(AugmentKind::Erasing),
        Setting::Augment(AugmentKind::Noise),
        Setting::Augment(AugmentKind::Brightness),
    ];

    /// The name in the window.
    pub fn label(self) -> &'static str {
        match self {
            Setting::LearningRate => "learning rate",
            Setting::WeightDecay => "weight decay",
            Setting::Momentum => "momentum",
            Setting::BatchSize => "batch size",
            Setting::Epochs => "epochs",
            Setting::Schedule => "schedule",
            Setting::Warmup => "warm-up",
            Setting::L1 => "L1 penalty",
            Setting::Dropout => "dropout",
            Setting::Augment(kind) => kind.label(),
        }
    }

    /// Whether a run with the configuration `running` can take it over from `wanted`: momentum
    /// means different things in different optimizers, and dropout rates belong to their layers.
    pub fn can_change(self, running: &TrainConfig, wanted: &TrainConfig) -> bool {
        match self {
            Setting::Momentum => running.optimizer.name() == wanted.optimizer.name(),
            Setting::Dropout => {
                let mut same = running.clone();
                same.set_setting(Setting::Dropout, &wanted.setting(Setting::Dropout));
                same.model == wanted.model
            }
            _ => true,
        }
    }
}

impl TrainConfig {
    /// The value of a setting that can change while training.
    pub fn setting(&self, setting: Setting) -> Value {
        Value::Number(match setting {
            Setting::LearningRate => self.learning_rate,
            Setting::WeightDecay => self.weight_decay,
            Setting::Momentum => self.optimizer.momentum(),
            Setting::BatchSize => self.batch_size as f64,
            Setting::Epochs => self.epochs as f64,
            Setting::Warmup => self.warmup_epochs,
            Setting::L1 => self.l1,
            Setting::Augment(kind) => self.augment.strength(kind),
            Setting::Schedule => return Value::Text(self.schedule.to_string()),
            Setting::Dropout => return self.dropout(),
        })
    }

    /// Sets a setting that can change while training. Counts are rounded; a value of the wrong
    /// kind changes nothing.
    pub fn set_setting(&mut self, setting: Setting, value: &Value) {
        let number = match (setting, value) {
            (Setting::Dropout, value) => return self.set_dropout(value),
            (Setting::Schedule, Value::Text(text)) => {
                self.schedule = text.parse().unwrap_or(self.schedule);
                return;
            }
            (_, Value::Text(_)) => return,
            (_, Value::Number(number)) => *number,
        };
        match setting {
            Setting::LearningRate => self.learning_rate = number,
            Setting::WeightDecay => self.weight_decay = number,
            Setting::Momentum => self.optimizer = self.optimizer.with_momentum(number),
            Setting::BatchSize => self.batch_size = number.round() as usize,
            Setting::Epochs => self.epochs = number.round() as usize,
            Setting::Warmup => self.warmup_epochs = number,
            Setting::L1 => self.l1 = number,
            Setting::Augment(kind) => *self.augment.strength_mut(kind) = number,
            Setting::Schedule | Setting::Dropout => {}
        }
    }

    fn dropout(&self) -> Value {
        let mut rates = Vec::new();
        each_dropout(&mut self.model.layers.clone(), &mut |rate| {
            // As few digits as give back the same f32.
            rates.push(rate.to_string());
        });
        match rates.as_slice() {
            [one] => one.parse().map_or(Value::Text(one.clone()), Value::Number),
            _ => Value::Text(rates.join(" ")),
        }
    }

    /// Sets one rate per dropout layer; a different number of rates changes nothing.
    fn set_dropout(&mut self, value: &Value) {
        let text = value.to_string();
        let rates: Result<Vec<f32>, _> = text.split_whitespace().map(str::parse).collect();
        let Ok(rates) = rates else { return };
        let mut layers = self.model.layers.clone();
        let mut left = rates.into_iter();
        let mut is_enough = true;
        each_dropout(&mut layers, &mut |rate| match left.next() {
            Some(new) => *rate = new,
            None => is_enough = false,
        });
        if is_enough && left.next().is_none() {
            self.model.layers = layers;
        }
    }
}

/// Calls `visit` with the rate of each dropout layer, including those in residual blocks.
fn each_dropout(layers: &mut [Layer], visit: &mut dyn FnMut(&mut f32)) {
    for layer in layers {
        if let Some(rate) = layer.dropout_rate_mut() {
            visit(rate);
        } else if let Some(inside) = layer.inside_mut() {
            each_dropout(inside, visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset;
    use crate::train::Schedule;

    fn config(name: &str) -> TrainConfig {
        TrainConfig::new(preset(name).unwrap(), [1, 28, 28], 10, 60_000)
    }

    #[test]
    fn every_setting_can_be_read_written_and_kept_as_json() {
        let mut wanted = config("deep-cnn");
        wanted.learning_rate = 0.3;
        wanted.weight_decay = 0.01;
        wanted.optimizer = wanted.optimizer.with_momentum(0.5);
        wanted.batch_size = 7;
        wanted.epochs = 70;
        wanted.warmup_epochs = 0.5;
        wanted.l1 = 1e-4;
        for kind in AugmentKind::ALL {
            *wanted.augment.strength_mut(kind) = 0.125;
        }
        wanted.schedule = Schedule::ALL[4];
        wanted.set_setting(Setting::Dropout, &Value::Text("0.1 0.2 0.35".to_owned()));
        let mut found = config("deep-cnn");
        for setting in Setting::ALL {
            assert_ne!(
                found.setting(setting),
                wanted.setting(setting),
                "{setting:?}"
            );
            let json = serde_json::to_string(&wanted.setting(setting)).unwrap();
            found.set_setting(setting, &serde_json::from_str(&json).unwrap());
        }
        assert_eq!(found, wanted);
    }

    #[test]
    fn values_that_do_not_fit_change_nothing() {
        let mut found = config("deep-cnn");
        for (setting, value) in [
            (Setting::Dropout, Value::Text("0.1 0.2".to_owned())),
            (Setting::Dropout, Value::Text("0.1 0.2 0.3 0.4".to_owned())),
            (Setting::Dropout, Value::Text("many".to_owned())),
            (Setting::Schedule, Value::Text("zigzag".to_owned())),
            (Setting::Schedule, Value::Number(1.0)),
            (Setting::Epochs, Value::Text("7".to_owned())),
        ] {
            found.set_setting(setting, &value);
            assert_eq!(found, config("deep-cnn"), "{setting:?} {value}");
        }
    }

    #[test]
    fn values_have_an_order_and_no_number_is_last() {
        let mut values = [
            Value::Text("b".to_owned()),
            Value::Number(f64::NAN),
            Value::Text("a".to_owned()),
            Value::Number(2.0),
            Value::Number(-1.0),
        ];
        values.sort_by(Value::order);
        let texts: Vec<String> = values.iter().map(Value::to_string).collect();
        assert_eq!(texts, ["-1", "2", "NaN", "a", "b"]);
    }
}
