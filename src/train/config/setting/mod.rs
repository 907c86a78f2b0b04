//! The settings of a run, each told once: for the window, the command line, files and errors.

mod augmentation;
mod info;
mod privacy;
mod regularization;
mod schedule;
mod training;

use serde::{Deserialize, Serialize};

use super::TrainConfig;
use crate::data::AugmentKind;
pub use info::SettingInfo;

/// A setting of a run. Its serialized name is that of a change in the events of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Name of the preset.
    Preset,
    /// The network as a whole.
    Model,
    /// One of its layers, by index.
    Layer(usize),
    /// Peak learning rate.
    LearningRate,
    /// Weight decay.
    WeightDecay,
    /// The optimizer, its kind.
    Optimizer,
    /// SGD's and RMSprop's momentum; in a change also Adam's and Lion's β₁.
    Momentum,
    /// SGD's Nesterov momentum.
    Nesterov,
    /// Whether SGD's and RMSprop's weight decay is decoupled.
    Decoupled,
    /// Adam's and Lion's β₁.
    Beta1,
    /// Adam's and Lion's β₂.
    Beta2,
    /// Adam's and RMSprop's ε.
    Epsilon,
    /// RMSprop's α.
    Alpha,
    /// Images per update.
    BatchSize,
    /// Passes over the training images in all.
    Epochs,
    /// Number of validation images.
    Validation,
    /// Whether every class is drawn equally often.
    Balanced,
    /// Share of sketches among the training images.
    SketchShare,
    /// Schedule of the learning rate; in a change a text such as `step every=2.0 factor=0.5`.
    Schedule,
    /// Epochs between two drops of a step schedule.
    DropEvery,
    /// Factor of a drop, in a step schedule or on a plateau.
    DropFactor,
    /// Factor of an exponential schedule.
    EpochFactor,
    /// Epochs a plateau lasts before a drop.
    PlateauPatience,
    /// Lowest share of the peak, in a cosine schedule or on a plateau.
    Floor,
    /// Share of one cycle in which the learning rate rises.
    Rise,
    /// Share of the peak at the start of one cycle.
    Start,
    /// Share of the peak at the end of one cycle.
    End,
    /// How much lower momentum is at the peak of one cycle.
    MomentumDip,
    /// Epochs of warm-up at the start.
    #[serde(rename = "warmup_epochs", alias = "warm_up")]
    Warmup,
    /// The loss, its kind.
    Loss,
    /// Label smoothing of the cross entropy.
    LabelSmoothing,
    /// Strength of the L1 penalty.
    L1,
    /// Gradient clipping, its kind.
    Clip,
    /// The limit of gradient clipping.
    ClipMax,
    /// Private training, its kind.
    Privacy,
    /// The norm that private training clips each image's gradient to.
    MaxGradNorm,
    /// The noise of private training.
    NoiseMultiplier,
    /// The δ of private training.
    Delta,
    /// Decay of the weights' moving average.
    EmaDecay,
    /// Early stopping as a whole.
    EarlyStopping,
    /// Patience of early stopping.
    Patience,
    /// The metric that early stopping watches.
    Monitor,
    /// Smallest change that counts as an improvement.
    MinDelta,
    /// The rates of all dropout layers, in order: one number, or a text such as `0.25 0.5`.
    Dropout,
    /// Weight initialization.
    Init,
    /// The seed.
    Seed,
    /// Augmentation as a whole.
    Augmentation,
    /// Strength of one kind of augmentation, under its own name.
    #[serde(untagged)]
    Augment(AugmentKind),
}

impl Setting {
    /// All of them but the layers, in the order in which errors are listed and changes are made.
    pub const ALL: [Setting; 54] = [
        Setting::Preset,
        Setting::Model,
        Setting::LearningRate,
        Setting::WeightDecay,
        Setting::Optimizer,
        Setting::Momentum,
        Setting::Nesterov,
        Setting::Decoupled,
        Setting::Beta1,
        Setting::Beta2,
        Setting::Epsilon,
        Setting::Alpha,
        Setting::BatchSize,
        Setting::Epochs,
        Setting::Validation,
        Setting::Balanced,
        Setting::SketchShare,
        Setting::Schedule,
        Setting::DropEvery,
        Setting::DropFactor,
        Setting::EpochFactor,
        Setting::PlateauPatience,
        Setting::Floor,
        Setting::Rise,
        Setting::Start,
        Setting::End,
        Setting::MomentumDip,
        Setting::Warmup,
        Setting::Loss,
        Setting::LabelSmoothing,
        Setting::L1,
        Setting::Clip,
        Setting::ClipMax,
        Setting::Privacy,
        Setting::MaxGradNorm,
        Setting::NoiseMultiplier,
        Setting::Delta,
        Setting::EmaDecay,
        Setting::EarlyStopping,
        Setting::Patience,
        Setting::Monitor,
        Setting::MinDelta,
        Setting::Dropout,
        Setting::Init,
        Setting::Seed,
        Setting::Augmentation,
        Setting::Augment(AugmentKind::Shift),
        Setting::Augment(AugmentKind::Rotation),
        Setting::Augment(AugmentKind::Scale),
        Setting::Augment(AugmentKind::Shear),
        Setting::Augment(AugmentKind::Elastic),
        Setting::Augment(AugmentKind::Erasing),
        Setting::Augment(AugmentKind::Noise),
        Setting::Augment(AugmentKind::Brightness),
    ];

    /// What is known about it.
    pub const fn info(self) -> &'static SettingInfo {
        match self {
            Setting::Preset => &training::PRESET,
            Setting::Model | Setting::Layer(_) => &training::MODEL,
            Setting::LearningRate => &training::LEARNING_RATE,
            Setting::WeightDecay => &training::WEIGHT_DECAY,
            Setting::Optimizer => &training::OPTIMIZER,
            Setting::Momentum => &training::MOMENTUM,
            Setting::Nesterov => &training::NESTEROV,
            Setting::Decoupled => &training::DECOUPLED,
            Setting::Beta1 => &training::BETA1,
            Setting::Beta2 => &training::BETA2,
            Setting::Epsilon => &training::EPSILON,
            Setting::Alpha => &training::ALPHA,
            Setting::BatchSize => &training::BATCH_SIZE,
            Setting::Epochs => &training::EPOCHS,
            Setting::Validation => &training::VALIDATION,
            Setting::Balanced => &training::BALANCED,
            Setting::SketchShare => &training::SKETCH_SHARE,
            Setting::Init => &training::INIT,
            Setting::Seed => &training::SEED,
            Setting::Schedule => &schedule::SCHEDULE,
            Setting::DropEvery => &schedule::DROP_EVERY,
            Setting::DropFactor => &schedule::DROP_FACTOR,
            Setting::EpochFactor => &schedule::EPOCH_FACTOR,
            Setting::PlateauPatience => &schedule::PLATEAU_PATIENCE,
            Setting::Floor => &schedule::FLOOR,
            Setting::Rise => &schedule::RISE,
            Setting::Start => &schedule::START,
            Setting::End => &schedule::END,
            Setting::MomentumDip => &schedule::MOMENTUM_DIP,
            Setting::Warmup => &schedule::WARMUP,
            Setting::Loss => &regularization::LOSS,
            Setting::LabelSmoothing => &regularization::LABEL_SMOOTHING,
            Setting::L1 => &regularization::L1,
            Setting::Clip => &regularization::CLIP,
            Setting::ClipMax => &regularization::CLIP_MAX,
            Setting::Privacy => &privacy::PRIVACY,
            Setting::MaxGradNorm => &privacy::MAX_GRAD_NORM,
            Setting::NoiseMultiplier => &privacy::NOISE_MULTIPLIER,
            Setting::Delta => &privacy::DELTA,
            Setting::EmaDecay => &regularization::EMA_DECAY,
            Setting::EarlyStopping => &regularization::EARLY_STOPPING,
            Setting::Patience => &regularization::PATIENCE,
            Setting::Monitor => &regularization::MONITOR,
            Setting::MinDelta => &regularization::MIN_DELTA,
            Setting::Dropout => &regularization::DROPOUT,
            Setting::Augmentation => &augmentation::AUGMENTATION,
            Setting::Augment(kind) => augmentation::of(kind),
        }
    }

    /// The setting whose change, while training, takes it over at the next update; `None` if it
    /// only takes effect at the start of a run.
    pub fn live_change(self) -> Option<Setting> {
        match self {
            Setting::LearningRate
            | Setting::WeightDecay
            | Setting::BatchSize
            | Setting::Epochs
            | Setting::Warmup
            | Setting::L1
            | Setting::Augment(_) => Some(self),
            Setting::Momentum | Setting::Beta1 => Some(Setting::Momentum),
            Setting::Dropout | Setting::Layer(_) => Some(Setting::Dropout),
            Setting::Schedule
            | Setting::DropEvery
            | Setting::DropFactor
            | Setting::EpochFactor
            | Setting::PlateauPatience
            | Setting::Floor
            | Setting::Rise
            | Setting::Start
            | Setting::End
            | Setting::MomentumDip => Some(Setting::Schedule),
            _ => None,
        }
    }

    /// Whether it can change while training, under its own name.
    pub fn is_live(self) -> bool {
        self.live_change() == Some(self)
    }

    /// Whether a run with the configuration `running` can take it over from `wanted`: momentum
    /// means different things in different optimizers, and dropout rates belong to their layers.
    pub fn can_change(self, running: &TrainConfig, wanted: &TrainConfig) -> bool {
        match self.live_change() {
            Some(Setting::Momentum) => running.optimizer.name() == wanted.optimizer.name(),
            Some(Setting::Dropout) => {
                let mut same = running.clone();
                same.set_setting(Setting::Dropout, &wanted.setting(Setting::Dropout));
                same.model == wanted.model
            }
            live => live.is_some(),
        }
    }

    /// The name in errors and lists.
    pub fn label(self) -> &'static str {
        self.info().label
    }
}
