//! Errors of a configuration, and the fields they belong to.

#[cfg(doc)]
use super::TrainConfig;
use crate::data::AugmentKind;

/// The field of the configuration an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The network as a whole.
    Model,
    /// One of its layers, by index.
    Layer(usize),
    /// See [`TrainConfig::learning_rate`].
    LearningRate,
    /// See [`TrainConfig::schedule`].
    Schedule,
    /// See [`TrainConfig::warmup_epochs`].
    Warmup,
    /// See [`TrainConfig::weight_decay`].
    WeightDecay,
    /// See [`TrainConfig::batch_size`].
    BatchSize,
    /// See [`TrainConfig::epochs`].
    Epochs,
    /// See [`TrainConfig::n_validation`].
    Validation,
    /// SGD's momentum.
    Momentum,
    /// Adam's and Lion's β₁.
    Beta1,
    /// Adam's and Lion's β₂.
    Beta2,
    /// Adam's and RMSprop's ε.
    Epsilon,
    /// RMSprop's α.
    Alpha,
    /// See [`TrainConfig::loss`].
    Loss,
    /// See [`TrainConfig::l1`].
    L1,
    /// See [`TrainConfig::clip`].
    Clip,
    /// See [`TrainConfig::ema_decay`].
    EmaDecay,
    /// See [`TrainConfig::early_stopping`].
    EarlyStopping,
    /// A strength of [`TrainConfig::augment`].
    Augment(AugmentKind),
}

/// A problem with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", self.place())]
pub struct FieldError {
    /// The field.
    pub field: Field,
    /// The layer's name, if the field is a layer.
    pub layer: Option<String>,
    /// What was expected and what was found.
    pub message: String,
}

impl FieldError {
    /// A problem of a field that is no layer.
    pub(super) fn new(field: Field, message: String) -> FieldError {
        FieldError {
            field,
            layer: None,
            message,
        }
    }

    /// Joins all of them in one line.
    pub fn joined(errors: &[FieldError]) -> String {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        errors.join("; ")
    }
}

impl FieldError {
    fn place(&self) -> String {
        match self.field {
            Field::Model => "model".to_owned(),
            Field::Layer(_) => self.layer.as_deref().unwrap_or("layer").to_owned(),
            Field::LearningRate => "learning rate".to_owned(),
            Field::Schedule => "schedule".to_owned(),
            Field::Warmup => "warm-up".to_owned(),
            Field::WeightDecay => "weight decay".to_owned(),
            Field::BatchSize => "batch size".to_owned(),
            Field::Epochs => "epochs".to_owned(),
            Field::Validation => "validation images".to_owned(),
            Field::Momentum => "momentum".to_owned(),
            Field::Beta1 => "β₁".to_owned(),
            Field::Beta2 => "β₂".to_owned(),
            Field::Epsilon => "ε".to_owned(),
            Field::Alpha => "α".to_owned(),
            Field::Loss => "loss".to_owned(),
            Field::L1 => "L1 penalty".to_owned(),
            Field::Augment(kind) => kind.label().to_owned(),
            Field::EmaDecay => "EMA decay".to_owned(),
            Field::EarlyStopping => "early stopping".to_owned(),
            Field::Clip => "gradient clipping".to_owned(),
        }
    }
}
