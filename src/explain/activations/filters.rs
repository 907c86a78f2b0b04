//! The filters of a layer as pictures.

use super::{Activations, LayerActivation, param};
use crate::explain::error::ExplainError;
use crate::model::{Layer, Network, Shape};

/// Most values of filters that are read: of wider layers, only the first units have pictures.
const MAX_VALUES: usize = 1 << 20;

/// The weights of a layer's units, as images of its input.
#[derive(Clone, Debug, PartialEq)]
pub struct Filters {
    /// Channels, height and width of one filter.
    pub shape: [usize; 3],
    /// One filter after another.
    pub values: Vec<f32>,
}

impl Filters {
    /// Number of filters.
    pub fn len(&self) -> usize {
        self.values.len() / self.size().max(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// One channel of the filter of a unit, row by row.
    pub fn channel(&self, unit: usize, channel: usize) -> &[f32] {
        let [_, h, w] = self.shape;
        &self.values[unit * self.size() + channel * h * w..][..h * w]
    }

    fn size(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The filters of a layer: of a convolution, of a patch embedding, and of a dense layer that reads a
/// flattened image. `None` for any other.
///
/// # Errors
/// When candle cannot read the weights.
pub fn filters(
    network: &Network,
    activations: &Activations,
    layer: &LayerActivation,
) -> Result<Option<Filters>, ExplainError> {
    let (input, _) = activations.read_by(layer);
    let (name, shape) = match (&layer.layer, input) {
        (Layer::Conv2d(conv), Shape::Image([c, ..])) => {
            let channels = c / conv.groups.max(1);
            ("weight", [channels, conv.kernel, conv.kernel])
        }
        (Layer::PatchEmbedding(patches), Shape::Image([c, ..])) => {
            ("proj.weight", [c, patches.patch, patches.patch])
        }
        (Layer::Dense(_), Shape::Vector(_)) => match activations.image_before(layer) {
            Some(shape) => ("weight", shape),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let Some(weight) = param(network, &layer.name.path, name) else {
        return Ok(None);
    };
    let per_unit = shape.iter().product::<usize>().max(1);
    let n_units = layer.n_units().min((MAX_VALUES / per_unit).max(1));
    let mut values = Vec::with_capacity(n_units * per_unit);
    for unit in 0..n_units {
        values.extend(weight.of_unit(unit)?);
    }
    Ok(Some(Filters { shape, values }))
}

impl Activations {
    /// The image whose values a layer reads as a list, in the same order.
    pub(super) fn image_before(&self, layer: &LayerActivation) -> Option<[usize; 3]> {
        let before = &self.layers[layer.reads?];
        let is_same = before.layer.is_activation()
            || matches!(
                before.layer,
                Layer::Dropout(_) | Layer::Flatten | Layer::BatchNorm
            );
        match self.read_by(before).0 {
            Shape::Image(shape) if matches!(before.layer, Layer::Flatten) => Some(shape),
            Shape::Vector(_) if is_same => self.image_before(before),
            _ => None,
        }
    }
}
