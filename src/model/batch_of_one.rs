//! Batch normalization of a batch of one image.

use super::layers::blueprints;
use super::limits;
use super::names::within;
use super::shape::Shape;
use super::spec::{Layer, ModelSpec};

impl ModelSpec {
    /// The name of the first batch norm that gets a single value per channel of an image. In a batch
    /// of one image it has nothing to normalize over: its output is its bias whatever the image,
    /// and its running variance becomes 0.
    pub fn norm_of_single_values(&self) -> Option<String> {
        if limits::problem(self).is_some() {
            return None;
        }
        find(&self.layers, Shape::Image(self.input))
    }
}

fn find(layers: &[Layer], input: Shape) -> Option<String> {
    let (found, _) = blueprints(layers, input);
    let outputs = found.iter().map(|blueprint| blueprint.output);
    let inputs = std::iter::once(input).chain(outputs);
    let mut layers = layers.iter().zip(within(layers)).zip(inputs);
    layers.find_map(|((layer, name), input)| match layer {
        Layer::BatchNorm => is_single(input).then_some(name),
        _ => find(layer.inside(), input).map(|inner| format!("{name}.{inner}")),
    })
}

fn is_single(input: Shape) -> bool {
    match input {
        Shape::Image([_, height, width]) => height * width == 1,
        Shape::Vector(_) => true,
        Shape::Sequence(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Conv2d, Dense, Residual};

    fn found(layers: Vec<Layer>) -> Option<String> {
        let spec = ModelSpec {
            input: [1, 8, 8],
            classes: 10,
            layers,
        };
        spec.norm_of_single_values()
    }

    #[test]
    fn only_norms_of_single_values_count() {
        let conv = |kernel| {
            Layer::Conv2d(Conv2d {
                channels: 4,
                kernel,
                stride: 1,
                padding: 0,
                groups: 1,
            })
        };
        let dense = Layer::Dense(Dense { units: 4 });
        assert_eq!(found(vec![conv(3), Layer::BatchNorm]), None);
        assert_eq!(found(vec![conv(8), Layer::BatchNorm]).unwrap(), "norm1");
        let block = Layer::Residual(Residual {
            layers: vec![dense.clone(), Layer::BatchNorm],
        });
        let flat = vec![conv(3), Layer::BatchNorm, Layer::Flatten, dense];
        assert_eq!(found(flat.clone()), None);
        assert_eq!(
            found([flat, vec![block]].concat()).unwrap(),
            "residual1.norm1"
        );
    }
}
