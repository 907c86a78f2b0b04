//! What an inspected batch looks like inside the network: maps, filters, and their gradients.

use candle_core::{Result, Tensor};

use super::forward_stats::passes;
use crate::data::Batch;
use crate::evaluate::Loss;
use crate::model::{Layer, Mode, Network, Param};

/// Most channels and filters of a layer that are kept: more do not fit beside each other.
const MAX_UNITS: usize = 24;

/// Most values of maps that are kept of a batch: of larger ones, only of its first images.
const MAX_VALUES: usize = 4 << 20;

/// Most values of a filter.
const MAX_FILTER: usize = 1 << 14;

/// What a layer looks like for a batch; no pictures of a layer without any.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerPictures {
    /// Channels, height and width of the maps of one image.
    pub map_shape: [usize; 3],
    /// The output for the first images of the batch, one image after another.
    pub maps: Vec<f32>,
    /// Height and width of a filter: of its first channel.
    pub filter_size: [usize; 2],
    /// The first channel of each filter, one after another.
    pub filters: Vec<f32>,
    /// The gradients of the same weights.
    pub gradients: Vec<f32>,
}

impl LayerPictures {
    /// One map of the layer for one image.
    pub fn map(&self, image: usize, channel: usize) -> Option<&[f32]> {
        let [channels, height, width] = self.map_shape;
        let area = height * width;
        let start = (image * channels + channel) * area;
        self.maps
            .get(start..start + area)
            .filter(|map| !map.is_empty())
    }

    /// Number of images whose maps are kept.
    pub fn n_images(&self) -> usize {
        self.maps.len() / self.map_shape.iter().product::<usize>().max(1)
    }

    /// Values of one filter.
    pub fn filter_len(&self) -> usize {
        self.filter_size[0] * self.filter_size[1]
    }
}

/// The pictures of each layer for a batch, before its update.
///
/// # Errors
/// When candle cannot run the network.
pub(super) fn pictures(
    network: &Network,
    batch: &Batch,
    mode: Mode,
    loss: Loss,
) -> Result<Vec<LayerPictures>> {
    let n_images = n_images(network, batch.images.dim(0)?);
    let mut layers = Vec::new();
    let passed = passes(network, batch, mode, loss, |output| {
        layers.push(maps(output, n_images)?);
        Ok(())
    })?;
    for (idx, layer) in layers.iter_mut().enumerate() {
        let weight = passed.network.weights_of(idx).next().map(|(_, p)| p);
        let size = filter_size(network, idx);
        let (Some(weight), Some(size)) = (weight, size) else {
            continue;
        };
        layer.filter_size = size;
        layer.filters = first_channels(weight, weight.var.as_tensor(), size)?;
        if let Some(gradient) = passed.gradients.get(&weight.var) {
            layer.gradients = first_channels(weight, gradient, size)?;
        }
    }
    Ok(layers)
}

/// Images of the batch whose maps fit into [`MAX_VALUES`].
fn n_images(network: &Network, n: usize) -> usize {
    let Ok(report) = network.spec().report() else {
        return 1;
    };
    let values = report.layers.iter().map(|layer| layer.output.n_values());
    let per_image = values.sum::<usize>().max(1);
    n.min((MAX_VALUES / per_image).max(1))
}

/// The maps of the first images, if the layer has any.
fn maps(output: &Tensor, n_images: usize) -> Result<LayerPictures> {
    let &[_, channels, height, width] = output.dims() else {
        return Ok(LayerPictures::default());
    };
    let channels = channels.min(MAX_UNITS);
    let first = output.detach().narrow(0, 0, n_images)?;
    let first = first.narrow(1, 0, channels)?;
    Ok(LayerPictures {
        map_shape: [channels, height, width],
        maps: first.flatten_all()?.to_vec1()?,
        ..LayerPictures::default()
    })
}

/// Height and width of a layer's filters, if they are pictures: of a convolution, of patches, and of
/// a dense layer that reads the image.
fn filter_size(network: &Network, idx: usize) -> Option<[usize; 2]> {
    let spec = network.spec();
    let size = match &spec.layers[idx] {
        Layer::Conv2d(conv) => [conv.kernel; 2],
        Layer::PatchEmbedding(patches) => [patches.patch; 2],
        Layer::Dense(_) if spec.layers[..idx].iter().all(|l| *l == Layer::Flatten) => {
            [spec.input[1], spec.input[2]]
        }
        _ => return None,
    };
    (size[0] * size[1] <= MAX_FILTER).then_some(size)
}

/// The first channel of the first filters of a weight, or of its gradient.
fn first_channels(weight: &Param, values: &Tensor, size: [usize; 2]) -> Result<Vec<f32>> {
    let values = weight.layout.to_pytorch(&values.detach())?;
    let n_units = values.dim(0)?;
    let filters = values.reshape((n_units, ()))?;
    let filters = filters.narrow(0, 0, n_units.min(MAX_UNITS))?;
    let first = filters.narrow(1, 0, size[0] * size[1])?;
    first.flatten_all()?.to_vec1()
}
