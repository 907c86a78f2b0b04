//! Reading and changing one setting of a configuration.

use super::TrainConfig;
use super::clip::Clip;
use super::keys::current_key;
use super::optimizer::Optimizer;
use super::privacy::Privacy;
use super::schedule::Schedule;
use super::setting::Setting;
use super::value::Value;
use crate::evaluate::Loss;
use crate::model::Layer;

/// A setting that is a number or a switch, in a configuration.
#[derive(Debug)]
pub enum SettingMut<'c> {
    /// A number, in its own unit.
    Real(&'c mut f64),
    /// A count.
    Count(&'c mut usize),
    /// A switch.
    Switch(&'c mut bool),
}

use SettingMut::{Count, Real, Switch};

impl TrainConfig {
    /// A number or a switch; `None` if the setting is something else, or not one of the
    /// configuration's optimizer, schedule, loss or clipping.
    pub fn setting_mut(&mut self, setting: Setting) -> Option<SettingMut<'_>> {
        Some(match setting {
            Setting::LearningRate => Real(&mut self.learning_rate),
            Setting::WeightDecay => Real(&mut self.weight_decay),
            Setting::BatchSize => Count(&mut self.batch_size),
            Setting::Epochs => Count(&mut self.epochs),
            Setting::Validation => Count(&mut self.n_validation),
            Setting::Balanced => Switch(&mut self.balanced),
            Setting::Warmup => Real(&mut self.warmup_epochs),
            Setting::SketchShare => Real(&mut self.sketch_share),
            Setting::L1 => Real(&mut self.l1),
            Setting::EmaDecay => Real(&mut self.ema_decay),
            Setting::Patience => Count(&mut self.early_stopping.patience),
            Setting::MinDelta => Real(&mut self.early_stopping.min_delta),
            Setting::Augment(kind) => Real(self.augment.strength_mut(kind)),
            Setting::LabelSmoothing => match &mut self.loss {
                Loss::CrossEntropy { label_smoothing } => Real(label_smoothing),
                Loss::SquaredError => return None,
            },
            Setting::ClipMax => match &mut self.clip {
                Clip::Norm { max } | Clip::Value { max } => Real(max),
                Clip::None => return None,
            },
            Setting::MaxGradNorm | Setting::NoiseMultiplier | Setting::Delta => {
                return of_privacy(&mut self.privacy, setting);
            }
            _ => {
                return of_optimizer(&mut self.optimizer, setting)
                    .or_else(|| of_schedule(&mut self.schedule, setting));
            }
        })
    }

    /// The setting at a key of this configuration.
    pub fn setting_at(&self, key: &str) -> Option<Setting> {
        let key = current_key(key);
        let has = |s: &Setting| match s.info().key.split_once('.') {
            // The numbers of another kind of schedule may have the same key.
            Some(("schedule", _)) => self.clone().setting_mut(*s).is_some(),
            _ => true,
        };
        // Dropout rates have no key: they are in the layers.
        let mut all = Setting::ALL.into_iter().filter(|s| *s != Setting::Dropout);
        all.find(|s| s.info().key == key && has(s))
    }

    /// The value of a setting: a number, or a text for everything else; an empty text if the
    /// configuration has no such setting.
    pub fn setting(&self, setting: Setting) -> Value {
        match setting {
            Setting::Momentum => return Value::Number(self.optimizer.momentum()),
            Setting::Schedule => return Value::Text(self.schedule.to_string()),
            Setting::Dropout => return self.dropout(),
            _ => {}
        }
        match self.clone().setting_mut(setting) {
            Some(Real(x)) => Value::Number(*x),
            Some(Count(n)) => Value::Number(*n as f64),
            Some(Switch(is_on)) => Value::Text(is_on.to_string()),
            None => {
                let value = self.key(setting.info().key);
                Value::Text(value.map_or_else(String::new, |value| value.to_string()))
            }
        }
    }

    /// Sets a number, the schedule or the dropout rates. Counts are rounded; a value of the wrong
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
        if setting == Setting::Momentum {
            self.optimizer = self.optimizer.with_momentum(number);
            return;
        }
        match self.setting_mut(setting) {
            Some(Real(x)) => *x = number,
            Some(Count(n)) => *n = number.round() as usize,
            Some(Switch(_)) | None => {}
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

fn of_optimizer(optimizer: &mut Optimizer, setting: Setting) -> Option<SettingMut<'_>> {
    use Optimizer::{Adam, Adamw, Lion, Rmsprop, Sgd};
    Some(match (setting, optimizer) {
        (Setting::Momentum, Sgd { momentum, .. } | Rmsprop { momentum, .. }) => Real(momentum),
        (Setting::Nesterov, Sgd { nesterov, .. }) => Switch(nesterov),
        (Setting::Decoupled, Sgd { decoupled, .. } | Rmsprop { decoupled, .. }) => {
            Switch(decoupled)
        }
        (Setting::Beta1, Adam { beta1, .. } | Adamw { beta1, .. } | Lion { beta1, .. }) => {
            Real(beta1)
        }
        (Setting::Beta2, Adam { beta2, .. } | Adamw { beta2, .. } | Lion { beta2, .. }) => {
            Real(beta2)
        }
        (
            Setting::Epsilon,
            Adam { epsilon, .. } | Adamw { epsilon, .. } | Rmsprop { epsilon, .. },
        ) => Real(epsilon),
        (Setting::Alpha, Rmsprop { alpha, .. }) => Real(alpha),
        _ => return None,
    })
}

fn of_privacy(privacy: &mut Privacy, setting: Setting) -> Option<SettingMut<'_>> {
    let Privacy::DpSgd {
        max_grad_norm,
        noise_multiplier,
        delta,
    } = privacy
    else {
        return None;
    };
    Some(match setting {
        Setting::MaxGradNorm => Real(max_grad_norm),
        Setting::NoiseMultiplier => Real(noise_multiplier),
        Setting::Delta => Real(delta),
        _ => return None,
    })
}

fn of_schedule(schedule: &mut Schedule, setting: Setting) -> Option<SettingMut<'_>> {
    use Schedule::{Cosine, Exponential, OneCycle, Plateau, Step};
    Some(match (setting, schedule) {
        (Setting::DropEvery, Step { every, .. }) => Real(every),
        (Setting::DropFactor, Step { factor, .. } | Plateau { factor, .. }) => Real(factor),
        (Setting::EpochFactor, Exponential { factor }) => Real(factor),
        (Setting::PlateauPatience, Plateau { patience, .. }) => Count(patience),
        (Setting::Floor, Cosine { floor } | Plateau { floor, .. }) => Real(floor),
        (Setting::Rise, OneCycle { rise, .. }) => Real(rise),
        (Setting::Start, OneCycle { start, .. }) => Real(start),
        (Setting::End, OneCycle { end, .. }) => Real(end),
        (Setting::MomentumDip, OneCycle { dip, .. }) => Real(dip),
        _ => return None,
    })
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
    use crate::data::AugmentKind;
    use crate::model::preset;

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
        for setting in Setting::ALL.into_iter().filter(|s| s.is_live()) {
            let [old, new] = [found.setting(setting), wanted.setting(setting)];
            assert_ne!(old, new, "{setting:?}");
            let json = serde_json::to_string(&wanted.setting(setting)).unwrap();
            found.set_setting(setting, &serde_json::from_str(&json).unwrap());
        }
        assert_eq!(found, wanted);
    }

    /// Each optimizer, schedule, loss and clipping once.
    fn all_kinds() -> Vec<TrainConfig> {
        let base = config("mlp");
        let with = |change: &dyn Fn(&mut TrainConfig)| {
            let mut config = base.clone();
            change(&mut config);
            config
        };
        let mut all = Vec::new();
        all.extend(Optimizer::ALL.map(|o| with(&|c| c.optimizer = o)));
        all.extend(Schedule::ALL.map(|s| with(&|c| c.schedule = s)));
        all.extend(Loss::ALL.map(|l| with(&|c| c.loss = l)));
        all.extend(Clip::ALL.map(|clip| with(&|c| c.clip = clip)));
        all.extend(Privacy::ALL.map(|privacy| with(&|c| c.privacy = privacy)));
        all
    }

    #[test]
    fn every_key_is_a_setting_with_the_same_value() {
        for config in all_kinds() {
            for (key, value) in config.keys() {
                let setting = config.setting_at(&key);
                if key.ends_with(".kind") {
                    assert_eq!(setting, None, "{key}");
                    continue;
                }
                let setting = setting.unwrap_or_else(|| panic!("no setting for {key}"));
                assert_ne!(setting.info().about, "", "{key}");
                let found = config.setting(setting);
                let number = value.as_float().or(value.as_integer().map(|n| n as f64));
                // A seed has more digits than a float.
                let expected = match (&found, number) {
                    (Value::Number(_), Some(number)) => Value::Number(number),
                    _ => Value::Text(value.to_string()),
                };
                assert_eq!(found, expected, "{key}");
            }
        }
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
}
