//! Flags for the settings that are changed most often; --set reaches all of them.

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};

use crate::data::Augment;
use crate::train::{Loss, Schedule, TrainConfig};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Recipe {
    /// How the learning rate moves during the run, with the usual numbers; --set changes those
    /// [default: the preset's, mostly constant].
    #[arg(long, value_name = "NAME", value_parser = schedules())]
    schedule: Option<Schedule>,
    /// Pull of all weights toward zero [default: 0].
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    weight_decay: Option<f64>,
    /// Share of the answer that is spread over all classes; trains on cross entropy [default: 0].
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    label_smoothing: Option<f64>,
    /// Show every training image a little differently each time; --set augment.rotation=15 and the
    /// like set single strengths [default: the preset's, mostly off].
    #[arg(long, value_name = "HOW", value_parser = augments())]
    augment: Option<Augment>,
    /// Memory of the moving average of the weights, which is measured and kept then; 0 for none
    /// [default: the preset's, mostly 0].
    #[arg(
        long,
        alias = "average",
        value_name = "X",
        allow_negative_numbers = true
    )]
    ema_decay: Option<f64>,
    /// Epochs without a lower validation loss that end the run, with the weights of its best epoch;
    /// 0 lets it run [default: 0].
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<usize>,
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
    /// Puts what was typed into `config`.
    pub(super) fn apply(&self, config: &mut TrainConfig) {
        // A recipe may have numbers of its own for the schedule it uses.
        let other = |s: &Schedule| s.name() != config.schedule.name();
        config.schedule = self.schedule.filter(other).unwrap_or(config.schedule);
        config.weight_decay = self.weight_decay.unwrap_or(config.weight_decay);
        if let Some(label_smoothing) = self.label_smoothing {
            config.loss = Loss::CrossEntropy { label_smoothing };
        }
        config.augment = self.augment.unwrap_or(config.augment);
        config.ema_decay = self.ema_decay.unwrap_or(config.ema_decay);
        let patience = &mut config.early_stopping.patience;
        *patience = self.patience.unwrap_or(*patience);
    }
}
