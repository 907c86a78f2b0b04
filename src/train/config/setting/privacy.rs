//! Private training.

use super::info::{BETWEEN, POSITIVE, SettingInfo};

pub(super) const PRIVACY: SettingInfo = SettingInfo {
    key: "privacy",
    label: "private training",
    row_label: "Private training",
    about: "Trains so that nobody can tell from the weights whether any single training image was \
            there (DP-SGD): each image's gradient is clipped, and noise is added",
    risk: "It costs accuracy and time, and ε covers one image more or less, not what is chosen by \
           the validation images, nor the curves",
    ..SettingInfo::CHOICE
};

pub(super) const MAX_GRAD_NORM: SettingInfo = SettingInfo {
    key: "privacy.max_grad_norm",
    label: "max grad norm",
    row_label: "Max grad norm",
    about: "The largest norm that the gradient of one image keeps",
    risk: "Too small and every image says the same, too large and the noise, which grows with it, \
           drowns them; it does not change ε",
    max: 1e6,
    bounds: POSITIVE,
    ..SettingInfo::RATE
};

pub(super) const NOISE_MULTIPLIER: SettingInfo = SettingInfo {
    key: "privacy.noise_multiplier",
    label: "noise multiplier",
    row_label: "Noise multiplier",
    about: "Standard deviation of the noise, divided by the max grad norm",
    risk: "More noise is a smaller ε, and a less accurate model; large batches stand more of it",
    bounds: POSITIVE,
    ..SettingInfo::RATE
};

pub(super) const DELTA: SettingInfo = SettingInfo {
    key: "privacy.delta",
    label: "target delta",
    row_label: "Target δ",
    about: "The probability with which the promise of ε may fail",
    risk: "It should be well below 1 divided by the number of training images",
    bounds: BETWEEN,
    ..SettingInfo::RATE
};
