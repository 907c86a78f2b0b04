//! Flags for the most common settings; --set reaches all of them.

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};

use super::settings::flag_help;
use crate::data::Augment;
use crate::train::{Loss, Privacy, Schedule, Setting, TrainConfig};

/// Hyperparameters as arguments.
#[derive(Debug, clap::Args)]
pub struct Recipe {
    /// Learning rate schedule, with its default values; --set changes them [default: the preset's,
    /// mostly constant].
    #[arg(long, value_name = "NAME", value_parser = schedules())]
    schedule: Option<Schedule>,
    #[arg(long, value_name = "X", allow_negative_numbers = true,
        help = flag_help(Setting::WeightDecay, "0"))]
    weight_decay: Option<f64>,
    #[arg(long, value_name = "X", allow_negative_numbers = true,
        help = flag_help(Setting::LabelSmoothing, "0"))]
    label_smoothing: Option<f64>,
    /// Augmentation: change every training image at random in each epoch; set single strengths with
    /// --set, such as augment.rotation=15 [default: the preset's, mostly off].
    #[arg(long, value_name = "HOW", value_parser = augments())]
    augment: Option<Augment>,
    #[arg(long, alias = "average", value_name = "X", allow_negative_numbers = true,
        help = flag_help(Setting::EmaDecay, "the preset's, mostly 0"))]
    ema_decay: Option<f64>,
    #[arg(long, help = flag_help(Setting::Balanced, "off"))]
    balanced: bool,
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true,
        help = flag_help(Setting::SketchShare, "0"))]
    sketch_share: Option<f64>,
    #[arg(long, value_name = "EPOCHS", help = flag_help(Setting::Patience, "0"))]
    patience: Option<usize>,
    /// Private training (DP-SGD): standard deviation of the noise, divided by --max-grad-norm. Any of
    /// this option and the next two turns it on [default: off, then 1.1].
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    noise_multiplier: Option<f64>,
    #[arg(long, value_name = "X", allow_negative_numbers = true,
        help = flag_help(Setting::MaxGradNorm, "1"))]
    max_grad_norm: Option<f64>,
    #[arg(long, value_name = "X", allow_negative_numbers = true,
        help = flag_help(Setting::Delta, "1e-5"))]
    delta: Option<f64>,
}

fn schedules() -> ValueParser {
    PossibleValuesParser::new(Schedule::ALL.map(|s| s.name()))
        .try_map(|name| {
            let mut all = Schedule::ALL.into_iter();
            all.find(|s| s.name() == name).ok_or("no such schedule")
        })
        .into()
}

fn augments() -> ValueParser {
    PossibleValuesParser::new(["off", "gentle"])
        .map(|name| match name.as_str() {
            "gentle" => Augment::GENTLE,
            _ => Augment::default(),
        })
        .into()
}

impl Recipe {
    /// Applies the arguments to `config`.
    pub(super) fn apply(&self, config: &mut TrainConfig) {
        // The preset's recipe may bring its own values for the schedule it uses.
        let other = |s: &Schedule| s.name() != config.schedule.name();
        config.schedule = self.schedule.filter(other).unwrap_or(config.schedule);
        config.weight_decay = self.weight_decay.unwrap_or(config.weight_decay);
        if let Some(label_smoothing) = self.label_smoothing {
            config.loss = Loss::CrossEntropy { label_smoothing };
        }
        config.augment = self.augment.unwrap_or(config.augment);
        config.ema_decay = self.ema_decay.unwrap_or(config.ema_decay);
        config.balanced |= self.balanced;
        config.sketch_share = self.sketch_share.unwrap_or(config.sketch_share);
        let patience = &mut config.early_stopping.patience;
        *patience = self.patience.unwrap_or(*patience);
        self.apply_privacy(config);
    }

    fn apply_privacy(&self, config: &mut TrainConfig) {
        let given = [
            (Setting::NoiseMultiplier, self.noise_multiplier),
            (Setting::MaxGradNorm, self.max_grad_norm),
            (Setting::Delta, self.delta),
        ];
        for (setting, value) in given {
            let Some(value) = value else { continue };
            if !config.privacy.is_on() {
                config.privacy = Privacy::DP_SGD;
            }
            config.set_setting(setting, &value.into());
        }
    }
}
