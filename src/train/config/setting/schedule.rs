//! The learning rate schedule and its numbers.

use super::info::{ANY, AT_LEAST_ONE, BETWEEN, FACTOR, POSITIVE, SettingInfo};

pub(super) const SCHEDULE: SettingInfo = SettingInfo {
    key: "schedule",
    label: "schedule",
    row_label: "Schedule",
    about: "How the learning rate changes during the run",
    risk: "Lowering it at the end lets the weights settle; too early and learning stops halfway",
    ..SettingInfo::CHOICE
};

pub(super) const DROP_EVERY: SettingInfo = SettingInfo {
    key: "schedule.every",
    label: "epochs between drops",
    row_label: "Drop every",
    about: "Epochs between two drops of the learning rate",
    unit: " epochs",
    max: 1e5,
    bounds: POSITIVE,
    ..SettingInfo::RATE
};

pub(super) const DROP_FACTOR: SettingInfo = SettingInfo {
    key: "schedule.factor",
    label: "schedule factor",
    row_label: "Factor",
    about: "Factor by which the learning rate is multiplied at each drop",
    bounds: FACTOR,
    ..SettingInfo::SHARE
};

pub(super) const EPOCH_FACTOR: SettingInfo = SettingInfo {
    row_label: "Factor per epoch",
    about: "Factor by which the learning rate is multiplied after each epoch",
    ..DROP_FACTOR
};

pub(super) const PLATEAU_PATIENCE: SettingInfo = SettingInfo {
    key: "schedule.patience",
    label: "plateau patience",
    row_label: "Plateau patience",
    about: "Epochs without a lower validation loss before the learning rate drops",
    risk: "Too few and one noisy epoch lowers it",
    unit: " epochs",
    bounds: AT_LEAST_ONE,
    ..SettingInfo::COUNT
};

pub(super) const FLOOR: SettingInfo = SettingInfo {
    key: "schedule.floor",
    label: "schedule floor",
    row_label: "Floor",
    about: "Lowest learning rate, as a share of the peak",
    ..SettingInfo::SHARE
};

pub(super) const RISE: SettingInfo = SettingInfo {
    key: "schedule.rise",
    label: "rising share",
    row_label: "Rising share",
    about: "Share of the run in which the learning rate rises",
    bounds: BETWEEN,
    ..SettingInfo::SHARE
};

pub(super) const START: SettingInfo = SettingInfo {
    key: "schedule.start",
    label: "schedule start",
    row_label: "Start",
    about: "Learning rate at the start, as a share of the peak",
    ..SettingInfo::SHARE
};

pub(super) const END: SettingInfo = SettingInfo {
    key: "schedule.end",
    label: "schedule end",
    row_label: "End",
    about: "Learning rate at the end, as a share of the peak",
    ..SettingInfo::SHARE
};

pub(super) const MOMENTUM_DIP: SettingInfo = SettingInfo {
    key: "schedule.dip",
    label: "momentum dip",
    row_label: "Momentum dip",
    about: "How much lower momentum is at the peak learning rate, which allows a higher peak; 0 \
            keeps momentum constant",
    ..SettingInfo::SHARE
};

pub(super) const WARMUP: SettingInfo = SettingInfo {
    key: "warmup_epochs",
    label: "warm-up",
    row_label: "Warm-up",
    about: "Epochs over which the learning rate rises from zero: spares the initial weights large \
            steps",
    risk: "Too long wastes time",
    unit: " epochs",
    max: 1e5,
    bounds: ANY,
    ..SettingInfo::RATE
};
