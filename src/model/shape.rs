//! Shape inference: the output, parameters and cost of each layer.

use std::fmt;

use super::layers::{Blueprint, blueprints, trained_values};
use super::limits::{self, MAX_PARAMETERS};
use super::names::LayerName;
use super::spec::{Layer, ModelSpec};

/// The shape of one sample between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `[channels, height, width]`.
    Image([usize; 3]),
    /// `[tokens, width]`.
    Sequence([usize; 2]),
    /// `[features]`.
    Vector(usize),
}

impl Shape {
    /// Number of values of one sample.
    pub fn n_values(self) -> usize {
        match self {
            Shape::Image([c, h, w]) => c * h * w,
            Shape::Sequence([tokens, width]) => tokens * width,
            Shape::Vector(n) => n,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Image([c, h, w]) => write!(f, "{c}×{h}×{w}"),
            Shape::Sequence([tokens, width]) => write!(f, "{tokens}×{width}"),
            Shape::Vector(n) => write!(f, "{n}"),
        }
    }
}

/// A problem of a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", self.place())]
pub struct ShapeError {
    /// The layer, outside of any block; `None` for the network as a whole.
    pub layer: Option<LayerName>,
    /// What was expected and what was found.
    pub message: String,
}

impl ShapeError {
    /// Index of the layer; `None` for the network as a whole.
    pub fn layer_idx(&self) -> Option<usize> {
        self.layer.as_ref()?.path.first().copied()
    }

    fn place(&self) -> String {
        let name = |layer: &LayerName| format!("{}: ", layer.name);
        self.layer.as_ref().map(name).unwrap_or_default()
    }
}

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
fn layer_reports(layers: &[Layer], found: &[Blueprint]) -> Vec<LayerReport> {
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

impl ModelSpec {
    /// Infers every shape. The report covers the layers that fit; the errors say what does not.
    pub fn check(&self) -> (SpecReport, Vec<ShapeError>) {
        if let Some(problem) = limits::problem(self) {
            return (SpecReport::default(), vec![whole(problem)]);
        }
        let (found, misfit) = blueprints(&self.layers, Shape::Image(self.input));
        let report = SpecReport {
            layers: layer_reports(&self.layers, &found),
        };
        let mut errors = Vec::new();
        if self.input.contains(&0) {
            let input = Shape::Image(self.input);
            errors.push(whole(format!(
                "no network can have images of {input} as input"
            )));
        }
        if self.layers.is_empty() {
            errors.push(whole("a network needs at least one layer".to_owned()));
        }
        if let Some((idx, message)) = misfit {
            errors.push(ShapeError {
                layer: self.layer_name(idx).map(|name| LayerName {
                    path: vec![idx],
                    name,
                }),
                message,
            });
            return (report, errors);
        }
        let last = report.layers.last().map(|l| l.output);
        if let Some(shape) = last
            && shape != Shape::Vector(self.classes)
        {
            errors.push(whole(format!(
                "the last layer gives {shape} values, but there are {} classes: end with a dense \
                 layer of {} units",
                self.classes, self.classes
            )));
        }
        if report.n_parameters() > MAX_PARAMETERS {
            errors.push(whole(format!(
                "{} parameters exceed the limit of {MAX_PARAMETERS}: make the layers smaller",
                report.n_parameters()
            )));
        }
        (report, errors)
    }

    /// Returns the report of a network that fits, or the first error.
    pub fn report(&self) -> Result<SpecReport, ShapeError> {
        let (report, errors) = self.check();
        match errors.into_iter().next() {
            None => Ok(report),
            Some(error) => Err(error),
        }
    }
}

fn whole(message: String) -> ShapeError {
    ShapeError {
        layer: None,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Conv2d, Dense, Dropout, MaxPool2d, Residual, preset};

    fn spec(layers: Vec<Layer>) -> ModelSpec {
        ModelSpec {
            input: [1, 28, 28],
            classes: 10,
            layers,
        }
    }

    /// Checks layer and message of the first error of a list of layers.
    fn check_error(layers: Vec<Layer>, layer: Option<usize>, words: &str) {
        let spec = spec(layers);
        let error = spec.report().unwrap_err();
        assert_eq!(error.layer_idx(), layer, "{error}");
        if let Some(name) = layer.and_then(|idx| spec.layer_name(idx)) {
            assert!(error.to_string().starts_with(&format!("{name}: ")));
        }
        assert!(error.to_string().contains(words), "{error}");
    }

    #[test]
    fn the_reference_network_has_keras_numbers() {
        let report = preset("keras-cnn")
            .unwrap()
            .spec([1, 28, 28], 10)
            .report()
            .unwrap();
        assert_eq!(report.n_parameters(), 693_962);
        let shapes: Vec<String> = report.layers.iter().map(|l| l.output.to_string()).collect();
        assert_eq!(
            shapes,
            [
                "32×26×26",
                "32×26×26",
                "32×13×13",
                "5408",
                "128",
                "128",
                "10"
            ]
        );
        assert_eq!(report.multiply_adds(), 9 * 32 * 26 * 26 + 5408 * 128 + 1280);
    }

    #[test]
    fn every_misfit_is_named_with_its_layer() {
        let conv = |kernel, stride, padding| {
            Layer::Conv2d(Conv2d {
                channels: 4,
                kernel,
                stride,
                padding,
                groups: 1,
            })
        };
        check_error(vec![], None, "at least one layer");
        check_error(vec![Layer::Dense(Dense { units: 10 })], Some(0), "flatten");
        check_error(
            vec![Layer::Flatten, conv(3, 1, 0)],
            Some(1),
            "before flatten",
        );
        check_error(vec![conv(29, 1, 0)], Some(0), "does not fit into 28×28");
        check_error(vec![conv(3, 0, 0)], Some(0), "stride must be at least 1");
        check_error(vec![conv(3, 1, 3)], Some(0), "padding must be smaller");
        check_error(
            vec![Layer::Flatten, Layer::Dense(Dense { units: 7 })],
            None,
            "10 classes",
        );
        let block = Layer::Residual(Residual {
            layers: vec![conv(3, 1, 1), conv(29, 1, 0)],
        });
        check_error(vec![block], Some(0), "residual1: inside, conv2: a 29×29");
        check_error(
            vec![Layer::Dropout(Dropout { rate: 1.0 })],
            Some(0),
            "below 1",
        );
        check_error(
            vec![Layer::Dropout(Dropout { rate: f32::NAN })],
            Some(0),
            "below 1",
        );
        check_error(
            vec![Layer::Flatten, Layer::Dense(Dense { units: usize::MAX })],
            Some(1),
            "too large",
        );
        check_error(
            vec![
                Layer::Flatten,
                Layer::Dense(Dense { units: 1 << 20 }),
                Layer::Dense(Dense { units: 10 }),
            ],
            None,
            "parameters exceed",
        );
    }

    #[test]
    fn odd_sizes_round_down() {
        let report = spec(vec![
            Layer::Conv2d(Conv2d {
                channels: 2,
                kernel: 3,
                stride: 2,
                padding: 0,
                groups: 1,
            }),
            Layer::MaxPool2d(MaxPool2d::new(2)),
            Layer::Flatten,
            Layer::Dense(Dense { units: 10 }),
        ])
        .report()
        .unwrap();
        assert_eq!(report.layers[0].output, Shape::Image([2, 13, 13]));
        assert_eq!(report.layers[1].output, Shape::Image([2, 6, 6]));
    }

    /// Measured kilobytes per additional image in a batch: the difference of two batch sizes in the
    /// program's maximum resident set size (`/usr/bin/time -f %M`, 500 and 2,500 images of 28×28).
    #[test]
    fn memory_while_training_is_estimated_as_it_was_measured() {
        for (name, measured) in [
            ("keras-cnn", 46.0),
            ("lenet-5", 40.0),
            ("deep-cnn", 318.0),
            ("best", 1_697.0),
            ("resnet-small", 558.0),
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
