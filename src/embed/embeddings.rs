//! The output of a layer for a set of images.

use std::sync::atomic::{AtomicBool, Ordering};

use candle_core::{Device, Tensor};

use super::error::EmbedError;
use crate::data::{ImageSet, stratified_split, unit_values};
use crate::evaluate::eval_batch;
use crate::model::{LayerName, Network};

/// Most values of all embeddings together: 1 GiB.
const MAX_VALUES: usize = 1 << 28;

/// One vector per image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embeddings {
    n_dims: usize,
    /// `[n, n_dims]`
    values: Vec<f32>,
}

impl Embeddings {
    /// Embeddings of `values`, `[n, n_dims]`; values that are left over are dropped.
    pub fn new(n_dims: usize, mut values: Vec<f32>) -> Embeddings {
        let n_dims = n_dims.max(1);
        values.truncate(values.len() / n_dims * n_dims);
        Embeddings { n_dims, values }
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.values.len() / self.n_dims.max(1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The number of values of each.
    pub fn n_dims(&self) -> usize {
        self.n_dims
    }

    /// The vector of each image, in order.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, f32> {
        self.values.chunks_exact(self.n_dims.max(1))
    }

    /// The vector of the image at `at`.
    ///
    /// # Panics
    /// If `at` is out of range.
    pub fn row(&self, at: usize) -> &[f32] {
        &self.values[at * self.n_dims..(at + 1) * self.n_dims]
    }

    /// Adds those of more images.
    pub(super) fn extend(&mut self, more: Embeddings) {
        self.n_dims = more.n_dims;
        self.values.extend(more.values);
    }

    /// All values, `[n, n_dims]`.
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }
}

/// Returns the output of `layer`, flattened, for the images of `set` at `indices`. Runs on all
/// threads, and returns soon after `cancel` is set. The same bits for any number of threads.
///
/// # Errors
/// When the images do not fit the network, an output is not finite, there are too many values, or
/// it was canceled.
pub fn embed(
    network: &Network,
    layer: &LayerName,
    set: &ImageSet,
    indices: &[u32],
    cancel: &AtomicBool,
) -> Result<Embeddings, EmbedError> {
    check_shape(network, set.shape())?;
    let mut found = Embeddings::default();
    for chunk in indices.chunks(eval_batch(network)) {
        if cancel.load(Ordering::Relaxed) {
            return Err(EmbedError::Canceled);
        }
        let images = set.batch(chunk, &Device::Cpu)?.images;
        let rows = output(network, layer, &images)?;
        if found.is_empty() {
            found = room_for(rows.n_dims, indices.len(), layer)?;
        }
        let bad = rows
            .rows()
            .position(|row| !row.iter().all(|v| v.is_finite()));
        if let Some(bad) = bad {
            let (layer, image) = (layer.name.clone(), chunk[bad]);
            return Err(EmbedError::NotFinite { layer, image });
        }
        found.extend(rows);
    }
    Ok(found)
}

/// No embeddings yet, with room for `n_images`.
fn room_for(n_dims: usize, n_images: usize, layer: &LayerName) -> Result<Embeddings, EmbedError> {
    let n_values = n_dims.saturating_mul(n_images);
    if n_values > MAX_VALUES {
        return Err(EmbedError::TooLarge {
            layer: layer.name.clone(),
            n_dims,
            n_images,
            limit: MAX_VALUES,
        });
    }
    Ok(Embeddings {
        n_dims,
        values: Vec::with_capacity(n_values),
    })
}

/// Returns the embedding of one image, `[channels, height, width]`, of the shape of the network's
/// input.
///
/// # Errors
/// As [`embed`].
pub fn embed_image(
    network: &Network,
    layer: &LayerName,
    image: &[u8],
) -> Result<Vec<f32>, EmbedError> {
    let expected @ [c, h, w] = network.spec().input;
    if image.len() != c * h * w {
        let found = [1, 1, image.len()];
        return Err(EmbedError::Shape { expected, found });
    }
    let values: Vec<f32> = unit_values(image).collect();
    let images = Tensor::from_vec(values, (1, c, h, w), &Device::Cpu)?;
    let row = output(network, layer, &images)?.values;
    match row.iter().all(|v| v.is_finite()) {
        true => Ok(row),
        false => Err(EmbedError::NotFinite {
            layer: layer.name.clone(),
            image: 0,
        }),
    }
}

/// A sample of at most `n` of `indices`, each label in proportion to its share; in their order. The
/// same sample each time.
pub fn stratified_sample(set: &ImageSet, indices: &[u32], n: usize) -> Vec<u32> {
    let labels: Vec<u32> = indices.iter().map(|&i| set.labels()[i as usize]).collect();
    let chosen = stratified_split(&labels, n, 0).validation;
    chosen.into_iter().map(|at| indices[at as usize]).collect()
}

pub(super) fn check_shape(network: &Network, found: [usize; 3]) -> Result<(), EmbedError> {
    let expected = network.spec().input;
    match expected == found {
        true => Ok(()),
        false => Err(EmbedError::Shape { expected, found }),
    }
}

/// The output of `layer` for `images`, flattened.
pub(super) fn output(
    network: &Network,
    layer: &LayerName,
    images: &Tensor,
) -> Result<Embeddings, EmbedError> {
    let rows = network.output_of(images, &layer.path)?.flatten_from(1)?;
    Ok(Embeddings {
        n_dims: rows.dim(1)?,
        values: rows.flatten_all()?.to_vec1()?,
    })
}
