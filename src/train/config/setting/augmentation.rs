//! The augmentation and the strength of each of its kinds. Beyond the maximum, little of an image
//! is left.

use super::info::{SettingInfo, up_to};
use crate::data::AugmentKind;

pub(super) const AUGMENTATION: SettingInfo = SettingInfo {
    key: "augment",
    label: "augmentation",
    row_label: "Augment",
    about: "Changes every training image a little each epoch, so that the network cannot memorize \
            them; 0 turns a kind off",
    risk: "Too strong and it learns from unrealistic images",
    ..SettingInfo::CHOICE
};

/// What is known about a kind.
pub(super) const fn of(kind: AugmentKind) -> &'static SettingInfo {
    match kind {
        AugmentKind::Shift => &SHIFT,
        AugmentKind::Rotation => &ROTATION,
        AugmentKind::Scale => &SCALE,
        AugmentKind::Shear => &SHEAR,
        AugmentKind::Elastic => &ELASTIC,
        AugmentKind::Erasing => &ERASING,
        AugmentKind::Noise => &NOISE,
        AugmentKind::Brightness => &BRIGHTNESS,
    }
}

const SHIFT: SettingInfo = SettingInfo {
    key: "augment.shift",
    label: "shift",
    row_label: "Shift",
    about: "Largest shift in any direction, in pixels",
    risk: "Too large and parts leave the image",
    unit: " pixels",
    max: 100.0,
    bounds: up_to(100.0),
    ..SettingInfo::SHARE
};

const ROTATION: SettingInfo = SettingInfo {
    key: "augment.rotation",
    label: "rotation",
    row_label: "Rotation",
    about: "Largest rotation either way, in degrees",
    risk: "Too large and a 6 becomes a 9",
    unit: "°",
    max: 180.0,
    bounds: up_to(180.0),
    ..SettingInfo::SHARE
};

const SCALE: SettingInfo = SettingInfo {
    key: "augment.scale",
    label: "scale",
    row_label: "Scale",
    about: "Largest change of size, as a share",
    risk: "Too large and strokes leave the image or merge",
    max: 0.9,
    bounds: up_to(0.9),
    ..SettingInfo::SHARE
};

const SHEAR: SettingInfo = SettingInfo {
    key: "augment.shear",
    label: "shear",
    row_label: "Shear",
    about: "Largest slant either way, in degrees",
    risk: "Handwriting slants, print does not",
    unit: "°",
    max: 60.0,
    bounds: up_to(60.0),
    ..SettingInfo::SHARE
};

const ELASTIC: SettingInfo = SettingInfo {
    key: "augment.elastic",
    label: "elastic",
    row_label: "Elastic",
    about: "Typical shift of parts of an image against each other, like a trembling hand, in pixels",
    risk: "Too much distorts the digits",
    unit: " pixels",
    max: 100.0,
    bounds: up_to(100.0),
    ..SettingInfo::SHARE
};

const ERASING: SettingInfo = SettingInfo {
    key: "augment.erasing",
    label: "erasing",
    row_label: "Erasing",
    about: "Largest share of the area erased in every other image",
    risk: "Too large and what distinguishes the digits is gone",
    ..SettingInfo::SHARE
};

const NOISE: SettingInfo = SettingInfo {
    key: "augment.noise",
    label: "noise",
    row_label: "Noise",
    about: "Standard deviation of the noise on each pixel, where white is 1",
    risk: "Too large and thin strokes disappear",
    ..SettingInfo::SHARE
};

const BRIGHTNESS: SettingInfo = SettingInfo {
    key: "augment.brightness",
    label: "brightness",
    row_label: "Brightness",
    about: "Largest change of brightness, as a share",
    risk: "Too large and some images turn black",
    ..SettingInfo::SHARE
};
