//! The network, the optimizer, and how long and on what it trains.

use std::ops::Bound;

use super::info::{BELOW_ONE, NOT_NEGATIVE, POSITIVE, SettingInfo};

pub(super) const PRESET: SettingInfo = SettingInfo {
    key: "preset",
    label: "preset",
    row_label: "Preset",
    about: "Preset the network came from; only a label",
    ..SettingInfo::CHOICE
};

pub(super) const MODEL: SettingInfo = SettingInfo {
    key: "model",
    label: "model",
    row_label: "Model",
    about: "The network: channels, height and width of its images, number of classes, and layers \
            from images to logits",
    ..SettingInfo::CHOICE
};

pub(super) const SEED: SettingInfo = SettingInfo {
    key: "seed",
    label: "seed",
    row_label: "Seed",
    about: "Determines everything random: initial weights, split, order, dropout, augmentation; \
            the same seed and settings give the same weights, bit for bit",
    ..SettingInfo::CHOICE
};

pub(super) const INIT: SettingInfo = SettingInfo {
    key: "init",
    label: "initial weights",
    row_label: "Initial weights",
    about: "Scale of the initial random weights",
    risk: "Glorot suits tanh and sigmoid and is Keras' default, He suits deep stacks of ReLU",
    ..SettingInfo::CHOICE
};

/// Far more than anybody trains; the number of images in all epochs must not overflow.
const MAX_EPOCHS: f64 = 1e9;

pub(super) const EPOCHS: SettingInfo = SettingInfo {
    key: "epochs",
    label: "epochs",
    row_label: "Epochs",
    about: "Passes over the training images",
    risk: "Too few and training ends too early, too many and the network overfits",
    bounds: (Bound::Included(1.0), Bound::Included(MAX_EPOCHS)),
    ..SettingInfo::COUNT
};

pub(super) const BATCH_SIZE: SettingInfo = SettingInfo {
    key: "batch_size",
    label: "batch size",
    row_label: "Batch size",
    about: "Images per update",
    risk: "Small batches are noisy but learn more from each image, large ones are smooth and \
           faster to compute",
    unit: " images",
    max: 1e6,
    ..SettingInfo::COUNT
};

pub(super) const VALIDATION: SettingInfo = SettingInfo {
    key: "n_validation",
    label: "validation images",
    row_label: "Validation",
    about: "Training images set aside to measure the network on images it is not trained on; 0 \
            trains on all",
    risk: "Too few and the curve is noisy, too many and less is left to train on",
    unit: " images",
    max: 1e9,
    ..SettingInfo::COUNT
};

pub(super) const BALANCED: SettingInfo = SettingInfo {
    key: "balanced",
    label: "balanced classes",
    row_label: "Balanced classes",
    about: "Draws every class equally often in each epoch: images of rare classes come several \
            times, and of frequent ones only some come",
    risk: "Without it, a network prefers frequent classes; with it, it may learn the few images of \
           a rare one by heart",
    ..SettingInfo::CHOICE
};

pub(super) const SKETCH_SHARE: SettingInfo = SettingInfo {
    key: "sketch_share",
    label: "sketch share",
    row_label: "Your sketches",
    about: "Share of each epoch's images that are sketches you labeled; the seed chooses one of every \
            two of each class, and the others stay unseen and measure the network",
    risk: "Too little changes nothing, too much and the network forgets the dataset for a few \
           drawings",
    bounds: BELOW_ONE,
    ..SettingInfo::SHARE
};

pub(super) const LEARNING_RATE: SettingInfo = SettingInfo {
    key: "learning_rate",
    label: "learning rate",
    row_label: "Learning rate",
    about: "Peak learning rate: how far the weights move per update",
    risk: "Too small and training is slow, too big and the loss jumps or diverges",
    bounds: POSITIVE,
    ..SettingInfo::RATE
};

pub(super) const WEIGHT_DECAY: SettingInfo = SettingInfo {
    key: "weight_decay",
    label: "weight decay",
    row_label: "Weight decay",
    about: "Shrinks weights toward zero to reduce overfitting; 0 for none",
    risk: "Too much of it and the network cannot fit even what is simple",
    bounds: NOT_NEGATIVE,
    ..SettingInfo::RATE
};

pub(super) const OPTIMIZER: SettingInfo = SettingInfo {
    key: "optimizer",
    label: "optimizer",
    row_label: "Optimizer",
    about: "The rule from gradients to updates",
    risk: "Adam adapts its step sizes, SGD needs a well-chosen learning rate but often ends \
           slightly better, Lion needs a learning rate 3 to 10 times smaller than AdamW's and a \
           weight decay as much larger",
    ..SettingInfo::CHOICE
};

pub(super) const MOMENTUM: SettingInfo = SettingInfo {
    key: "optimizer.momentum",
    label: "momentum",
    row_label: "Momentum",
    about: "Share of the last update carried into the next",
    risk: "Without it, progress in long valleys is slow; close to 1, it overshoots",
    bounds: BELOW_ONE,
    ..SettingInfo::SHARE
};

pub(super) const NESTEROV: SettingInfo = SettingInfo {
    key: "optimizer.nesterov",
    label: "Nesterov",
    row_label: "Nesterov",
    about: "Evaluates the gradient where momentum leads instead of at the current weights",
    risk: "Often slightly faster, and never much worse",
    ..SettingInfo::CHOICE
};

pub(super) const DECOUPLED: SettingInfo = SettingInfo {
    key: "optimizer.decoupled",
    label: "decoupled decay",
    row_label: "Decoupled decay",
    about: "Applies weight decay to the weights instead of adding it to the gradient, as AdamW \
            does",
    risk: "Its strength then does not depend on the size of the gradients",
    ..SettingInfo::CHOICE
};

pub(super) const BETA1: SettingInfo = SettingInfo {
    key: "optimizer.beta1",
    label: "β₁",
    row_label: "β₁",
    about: "Decay of the running mean of the gradient; in Lion, the share of that mean in the step",
    risk: "Too small is jumpy, too close to 1 is sluggish",
    bounds: BELOW_ONE,
    ..SettingInfo::SHARE
};

pub(super) const BETA2: SettingInfo = SettingInfo {
    key: "optimizer.beta2",
    label: "β₂",
    row_label: "β₂",
    about: "Decay of the running mean of the squared gradient, which scales each weight's step; in \
            Lion, of the gradient itself",
    risk: "Too small and the steps become erratic",
    bounds: BELOW_ONE,
    ..SettingInfo::SHARE
};

pub(super) const EPSILON: SettingInfo = SettingInfo {
    key: "optimizer.epsilon",
    label: "ε",
    row_label: "ε",
    about: "Keeps steps finite where gradients are almost zero",
    risk: "Too big and step sizes no longer adapt",
    max: 1.0,
    bounds: POSITIVE,
    ..SettingInfo::RATE
};

pub(super) const ALPHA: SettingInfo = SettingInfo {
    key: "optimizer.alpha",
    label: "α",
    row_label: "α (smoothing)",
    about: BETA2.about,
    risk: BETA2.risk,
    bounds: BELOW_ONE,
    ..SettingInfo::SHARE
};
