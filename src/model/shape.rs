//! Shape inference: whether the layers fit, and what each makes of its input.

use std::fmt;

use super::layers::blueprints;
use super::limits::{self, MAX_PARAMETERS};
use super::names::LayerName;
use super::report::{SpecReport, layer_reports};
use super::spec::ModelSpec;

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
    use crate::model::{Conv2d, Dense, Dropout, Layer, MaxPool2d, Residual, preset};

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
}
