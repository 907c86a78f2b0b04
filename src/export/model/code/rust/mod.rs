//! The program in Rust: a struct of candle's layers, named as ours, and a forward pass that reads
//! from the first layer to the last.

mod own;
mod sequence;
mod writer;

use self::writer::Writer;
use super::training::Training;
use crate::export::model::ExportedModel;
use crate::export::model::content::InFolder;
use crate::model::Shape;
use crate::train::Optimizer;

const MANIFEST: &str = include_str!("parts/manifest.toml");

/// The command line; the same for every model.
const MAIN: &str = include_str!("parts/main.rs");

/// Loading, using and training the network; the same for every model.
const USE: &str = include_str!("parts/use.rs");

/// Returns `Cargo.toml`, `src/main.rs` and `src/model.rs`.
pub(super) fn program(model: &ExportedModel<'_>) -> Vec<InFolder> {
    let classifier = model.classifier;
    let spec = classifier.network.spec();
    let mut network = Writer::default();
    network.layers(&spec.layers, Shape::Image(spec.input), "", "");
    let classes: Vec<String> = classifier.classes.iter().map(|c| text(c)).collect();
    let (name, n, classes) = (text(model.name), classes.len(), classes.join(", "));
    let [channels, height, width] = spec.input;
    let temperature = classifier.provenance.temperature.unwrap_or(1.0);
    let code = format!(
        "//! An image classifier, trained with Candle Studio: the network, its weights, its training.\n\n\
         use std::path::Path;\n\n\
         use candle_core::{{DType, Device, Result, Tensor}};\nuse candle_nn as nn;\nuse candle_nn::Optimizer;\n\n\
         pub const NAME: &str = {name};\npub const CLASSES: [&str; {n}] = [{classes}];\n\
         pub const CHANNELS: usize = {channels};\npub const HEIGHT: usize = {height};\npub const WIDTH: usize = {width};\n\
         /// What the logits are divided by before the softmax.\nconst TEMPERATURE: f64 = {temperature:?};\n\n\
         {}\n{}\n{}{}",
        settings(model),
        network.program(),
        USE,
        network.parts(),
    );
    vec![
        ("Cargo.toml".to_owned(), MANIFEST.into()),
        ("src/main.rs".to_owned(), MAIN.into()),
        ("src/model.rs".to_owned(), code.into_bytes()),
    ]
}

/// The constants of the training.
fn settings(model: &ExportedModel<'_>) -> String {
    // candle-nn has AdamW, which is Adam without weight decay, and SGD without momentum.
    let training = Training::of(model, |optimizer, decay| match optimizer {
        Optimizer::Adam { .. } => decay == 0.0,
        Optimizer::Adamw { .. } => true,
        Optimizer::Sgd { .. } | Optimizer::Rmsprop { .. } | Optimizer::Lion { .. } => false,
    });
    let [beta1, beta2, epsilon] = match training.optimizer {
        Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
        }
        | Optimizer::Adamw {
            beta1,
            beta2,
            epsilon,
        } => [beta1, beta2, epsilon],
        _ => [0.9, 0.999, 1e-7],
    };
    let rate = match training.falls {
        true => "LEARNING_RATE * (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0",
        false => "LEARNING_RATE",
    };
    let progress = if training.falls {
        "progress"
    } else {
        "_progress"
    };
    format!(
        "pub const EPOCHS: usize = {};\nconst BATCH_SIZE: usize = {};\nconst LEARNING_RATE: f64 = {:?};\n\
         const ADAM: nn::ParamsAdamW = nn::ParamsAdamW {{\n    lr: LEARNING_RATE,\n    beta1: {beta1:?},\n    \
         beta2: {beta2:?},\n    eps: {epsilon:?},\n    weight_decay: {:?},\n}};\n\n\
         /// The learning rate at a moment of the training, from 0 at the start to 1 at the end.\n\
         fn learning_rate({progress}: f64) -> f64 {{\n    {rate}\n}}\n",
        training.epochs, training.batch_size, training.learning_rate, training.weight_decay,
    )
}

/// A string of Rust. What is not seen, or turns the direction of text, is spelled out.
fn text(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        c if c.is_control() || ('\u{200e}'..='\u{2069}').contains(&c) => {
            c.escape_unicode().to_string()
        }
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}
