//! The loss, and what works against overfitting and unstable updates.

use super::info::{BELOW_ONE, NOT_NEGATIVE, POSITIVE, SettingInfo};

pub(super) const LOSS: SettingInfo = SettingInfo {
    key: "loss",
    label: "loss",
    row_label: "Loss",
    about: "What training minimizes",
    risk: "Cross entropy punishes confident mistakes hard and suits classes, squared error \
           tolerates them and learns slowly",
    ..SettingInfo::CHOICE
};

pub(super) const LABEL_SMOOTHING: SettingInfo = SettingInfo {
    key: "loss.label_smoothing",
    label: "label smoothing",
    row_label: "Label smoothing",
    about: "Share of the target that cross entropy spreads over all classes, to avoid \
            overconfidence",
    risk: "Too much and the network is never confident",
    bounds: BELOW_ONE,
    ..SettingInfo::SHARE
};

pub(super) const L1: SettingInfo = SettingInfo {
    key: "l1",
    label: "L1 penalty",
    row_label: "L1 penalty",
    about: "Shrinks all weights toward zero by the same step, so that unneeded ones vanish; 0 for \
            none",
    risk: "Too much and nothing is left",
    bounds: NOT_NEGATIVE,
    ..SettingInfo::RATE
};

pub(super) const CLIP: SettingInfo = SettingInfo {
    key: "clip",
    label: "gradient clipping",
    row_label: "Clip gradients",
    about: "Limits the gradient of an extreme batch, by its norm or by each of its values",
    risk: "Too low and training is slow",
    ..SettingInfo::CHOICE
};

pub(super) const CLIP_MAX: SettingInfo = SettingInfo {
    key: "clip.max",
    label: "gradient clipping",
    row_label: "Clip at",
    about: "The largest norm, or the largest absolute value, allowed",
    max: 1e6,
    bounds: POSITIVE,
    ..SettingInfo::RATE
};

pub(super) const EMA_DECAY: SettingInfo = SettingInfo {
    key: "ema_decay",
    label: "EMA decay",
    row_label: "EMA decay",
    about: "Decay of the moving average (EMA) of the weights, which is then evaluated, used for \
            drawings and saved; 0 for none",
    risk: "0.999 averages over the last thousand updates; too close to 1 and it lags",
    bounds: BELOW_ONE,
    ..SettingInfo::SHARE
};

pub(super) const EARLY_STOPPING: SettingInfo = SettingInfo {
    key: "early_stopping",
    label: "early stopping",
    row_label: "Early stopping",
    about: "Ends a run that no longer improves, with the weights of its best epoch",
    ..SettingInfo::CHOICE
};

pub(super) const PATIENCE: SettingInfo = SettingInfo {
    key: "early_stopping.patience",
    label: "early stopping",
    row_label: "Patience",
    about: "Epochs without improvement after which the run stops and its best weights are \
            restored; 0 turns early stopping off",
    risk: "Too few stop the run in a dip",
    unit: " epochs",
    ..SettingInfo::COUNT
};

pub(super) const MONITOR: SettingInfo = SettingInfo {
    key: "early_stopping.metric",
    label: "monitored metric",
    row_label: "Monitor",
    about: "What must improve on the validation images",
    risk: "The loss reflects growing confidence in mistakes, the accuracy does not",
    ..SettingInfo::CHOICE
};

pub(super) const MIN_DELTA: SettingInfo = SettingInfo {
    key: "early_stopping.min_delta",
    label: "minimum delta",
    row_label: "Minimum delta",
    about: "Smallest change of the monitored metric that counts as an improvement",
    risk: "Too large and slow progress stops the run",
    bounds: NOT_NEGATIVE,
    ..SettingInfo::RATE
};

/// Its rates are in the layers; a change of them during a run has this name.
pub(super) const DROPOUT: SettingInfo = SettingInfo {
    label: "dropout",
    row_label: "Dropout",
    about: "The rates of all dropout layers, in order",
    ..SettingInfo::CHOICE
};
