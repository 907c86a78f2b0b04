//! Parameters, cost and memory of each layer and of the whole network.

use super::layers::{Blueprint, blueprints, trained_values};
use super::shape::Shape;
use super::spec::Layer;
#[cfg(doc)]
use super::spec::ModelSpec;

/// Output and cost of one layer for one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerReport {
    /// Shape of its output.
    pub output: Shape,
    /// Number of trainable parameters.
    pub n_parameters: u64,
    /// Multiply-adds of the forward pass for one sample.
    pub multiply_adds: u64,
    /// Values of one sample held while training: the output, its gradient, and what else the
    /// backward pass needs.
    pub n_trained_values: u64,
}

/// One report per layer that fits.
pub(super) fn layer_reports(layers: &[Layer], found: &[Blueprint]) -> Vec<LayerReport> {
    let report = |(blueprint, n_trained_values): (&Blueprint, u64)| LayerReport {
        output: blueprint.output,
        n_parameters: blueprint.n_parameters(),
        multiply_adds: blueprint.multiply_adds,
        n_trained_values,
    };
    let trained = trained_values(layers, found);
    found.iter().zip(trained).map(report).collect()
}

/// A sum that saturates, for networks that are too large.
fn sum(mut values: impl Iterator<Item = u64>) -> u64 {
    values.try_fold(0, u64::checked_add).unwrap_or(u64::MAX)
}

/// Output and cost of the layers of a network for one sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecReport {
    /// One entry per layer, up to the first that does not fit.
    pub layers: Vec<LayerReport>,
}

impl Layer {
    /// The shape of its output for one sample of shape `input`.
    ///
    /// # Errors
    /// Why it does not fit.
    pub(crate) fn output(&self, input: Shape) -> Result<Shape, String> {
        Ok(self.kind().blueprint(input)?.output)
    }
}

impl SpecReport {
    /// The report of `layers` for one sample of shape `input`, as far as they fit: for the inside
    /// of a block, which [`ModelSpec::check`] reports as one layer.
    pub fn inside(layers: &[Layer], input: Shape) -> SpecReport {
        let (found, _) = blueprints(layers, input);
        SpecReport {
            layers: layer_reports(layers, &found),
        }
    }

    /// Number of trainable parameters of the whole network.
    pub fn n_parameters(&self) -> u64 {
        sum(self.layers.iter().map(|l| l.n_parameters))
    }

    /// Multiply-adds of one forward pass for one sample.
    pub fn multiply_adds(&self) -> u64 {
        sum(self.layers.iter().map(|l| l.multiply_adds))
    }

    /// Bytes of f32 values held while training: weights, their gradients, `n_moments` optimizer
    /// values each, and what every layer holds of a batch.
    pub fn training_bytes(&self, batch_size: usize, n_moments: u64) -> u64 {
        let values = sum(self.layers.iter().map(|l| l.n_trained_values));
        let batch = values.saturating_mul(batch_size as u64);
        let weights = self.n_parameters().saturating_mul(2 + n_moments);
        weights.saturating_add(batch).saturating_mul(4)
    }

    /// Most bytes of f32 values held while `n_images` of shape `input` are classified: weights, and
    /// what one layer reads, saves and returns.
    pub fn forward_bytes(&self, input: Shape, n_images: usize) -> u64 {
        let mut before = input.n_values() as u64;
        let mut most = before;
        for layer in &self.layers {
            let output = layer.output.n_values() as u64;
            let held = before.saturating_add(output);
            most = most.max(held.saturating_add(layer.n_trained_values));
            before = output;
        }
        let images = most.saturating_mul(n_images as u64);
        self.n_parameters().saturating_add(images).saturating_mul(4)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::preset;

    /// Measured kilobytes per additional image in a batch: the difference of two batch sizes in the
    /// program's maximum resident set size (`/usr/bin/time -f %M`, 500 and 2,500 images of 28×28).
    #[test]
    fn memory_while_training_is_estimated_as_it_was_measured() {
        for (name, measured) in [
            ("keras-cnn", 46.0),
            ("lenet-5", 40.0),
            ("deep-cnn", 318.0),
            ("best", 590.0),
            ("resnet-small", 296.0),
            ("lstm", 325.0),
            ("gru", 240.0),
            ("vit-tiny", 954.0),
        ] {
            let spec = preset(name).unwrap().spec([1, 28, 28], 10);
            let report = spec.report().unwrap();
            let of = |n| report.training_bytes(n, 2) as f64;
            let ratio = (of(2_500) - of(500)) / 2e6 / measured;
            assert!((0.8..2.5).contains(&ratio), "{name}: {ratio:.2}");
        }
    }
}
