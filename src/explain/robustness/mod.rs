//! Robustness: the answers to variants of an input, shifted, rotated, scaled, slanted, thicker and
//! thinner.

mod axis;
mod thickness;

use std::sync::atomic::AtomicBool;

pub use axis::{Axis, STEPS, Sweep};

use self::axis::Change;
use self::thickness::thickened;
use super::error::ExplainError;
use super::probe::{batch_size, check, logits};
use crate::data::unit_values;
use crate::model::{Classifier, probabilities};
use crate::stats::argmax;

/// The answer to one variant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VariantAnswer {
    /// The class.
    pub class: usize,
    /// Its probability.
    pub probability: f32,
}

/// The answers to all variants of an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Robustness {
    /// What is varied.
    pub sweep: Sweep,
    /// The answer to each variant, row by row.
    pub answers: Vec<VariantAnswer>,
}

impl Robustness {
    /// The answer to the input itself.
    pub fn answer(&self) -> Option<VariantAnswer> {
        self.answers.get(self.sweep.center()).copied()
    }

    /// The share of the variants that have the answer of the input.
    pub fn share(&self) -> f64 {
        let own = self.answer().map(|answer| answer.class);
        let same = self.answers.iter().filter(|a| Some(a.class) == own);
        same.count() as f64 / self.answers.len().max(1) as f64
    }
}

/// Answers all variants of `input`, `[channels, height, width]`, in batches. Runs on the threads of
/// the kernels, and returns soon after `cancel` is set.
///
/// # Errors
/// When the input does not fit the network, an output is NaN or infinite, candle cannot run the
/// network, or it was canceled.
pub fn robustness(
    classifier: &Classifier,
    input: &[u8],
    sweep: Sweep,
    cancel: &AtomicBool,
) -> Result<Robustness, ExplainError> {
    let network = &classifier.network;
    let shape = network.spec().input;
    check(network, input.len())?;
    let n = sweep.n_variants();
    let mut answers = Vec::with_capacity(n);
    let size = batch_size(network);
    for first in (0..n).step_by(size) {
        let variants = first..n.min(first + size);
        let pixels = variants.flat_map(|idx| variant(input, shape, sweep, idx));
        let pixels: Vec<u8> = pixels.collect();
        let logits = logits(network, unit_values(&pixels).collect(), cancel)?;
        let probabilities = probabilities(&logits, classifier.provenance.temperature)?;
        let rows = logits.to_vec2::<f32>()?.into_iter();
        for (logits, probabilities) in rows.zip(probabilities.to_vec2::<f32>()?) {
            let class = argmax(&logits).ok_or_else(|| ExplainError::not_finite(&logits))?;
            let probability = probabilities[class];
            answers.push(VariantAnswer { class, probability });
        }
    }
    Ok(Robustness { sweep, answers })
}

/// Variant `idx` of `input`, `[channels, height, width]`, as an input. That in the center is the
/// input itself.
pub fn variant(input: &[u8], shape: [usize; 3], sweep: Sweep, idx: usize) -> Vec<u8> {
    if idx == sweep.center() {
        return input.to_vec();
    }
    let change = Change::of(sweep, idx, [shape[1], shape[2]]);
    let values: Vec<f32> = unit_values(input).collect();
    let values = change.affine.of(&values, shape);
    let values = thickened(&values, shape, change.thickness);
    // Rounds, and saturates.
    let byte = |v: f32| (v * 255.0 + 0.5) as u8;
    values.into_iter().map(byte).collect()
}
