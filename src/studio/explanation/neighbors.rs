//! The training images nearest to what is on the canvas: the work of its thread.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::follower::{Job, PAUSES};
use crate::data::Dataset;
use crate::embed::{
    EmbedError, Embeddings, embed, embed_image, last_hidden, layer_named, nearest,
    stratified_sample,
};
use crate::evaluate::SplitName;
use crate::model::{Classifier, LayerName, ModelSpec};

/// How many are found.
const N_NEAREST: usize = 24;

/// Most values of the training images' embeddings, 64 MiB: so that a stroke is answered at once.
const MAX_VALUES: usize = 16 << 20;

/// A training image near the drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearImage {
    /// Its index among the training images.
    pub image: usize,
    /// The Euclidean distance between the embeddings.
    pub distance: f32,
}

/// The training images nearest to what is on the canvas.
#[derive(Clone, Debug)]
pub struct Neighbors {
    /// The nearest first.
    pub nearest: Vec<NearImage>,
    /// The data they are from.
    pub dataset: Arc<Dataset>,
    /// The input, `[channels, height, width]`.
    pub input: Vec<u8>,
    /// Name of the layer whose output is compared.
    pub layer: String,
    /// Values of an embedding.
    pub n_dims: usize,
    /// How many training images were compared: a sample if all would be too many.
    pub n_compared: usize,
    /// The number of all training images.
    pub n_all: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Seconds the last embedding of the training images took.
    pub secs: f64,
}

/// The embeddings of the training images by one model.
struct Embedded {
    classifier: Arc<Classifier>,
    dataset: Arc<Dataset>,
    layer: LayerName,
    indices: Vec<u32>,
    n_all: usize,
    embeddings: Embeddings,
    at: Instant,
    took: Duration,
}

/// The layer called `name`, or the last hidden one if this network has none of that name.
pub(super) fn layer_or_default(spec: &ModelSpec, name: Option<&str>) -> LayerName {
    layer_named(spec, name).unwrap_or_else(|_| last_hidden(spec))
}

/// Returns what the thread does for each job. It keeps the embeddings of the training images while
/// the model stays, and for a while if it is in training.
pub(super) fn worker()
-> impl FnMut(Job<Option<String>>, &AtomicBool) -> Result<Neighbors, String> + Send {
    let mut kept = None;
    move |job, cancel| {
        let Some(dataset) = &job.dataset else {
            return Err("there are no training images yet".to_owned());
        };
        if !kept
            .as_ref()
            .is_some_and(|kept| still_serves(kept, &job, dataset))
        {
            kept = None;
            kept = Some(embed_training(&job, dataset, cancel)?);
        }
        let kept = kept.as_ref().ok_or("there are no embeddings")?;
        find(kept, job.input).map_err(|error| error.to_string())
    }
}

fn still_serves(kept: &Embedded, job: &Job<Option<String>>, dataset: &Arc<Dataset>) -> bool {
    let layer = layer_or_default(job.classifier.network.spec(), job.settings.as_deref());
    let is_rested = || kept.at.elapsed() > kept.took * PAUSES;
    Arc::ptr_eq(&kept.dataset, dataset)
        && kept.layer == layer
        && (Arc::ptr_eq(&kept.classifier, &job.classifier) || job.is_training && !is_rested())
}

fn embed_training(
    job: &Job<Option<String>>,
    dataset: &Arc<Dataset>,
    cancel: &AtomicBool,
) -> Result<Embedded, String> {
    let start = Instant::now();
    let network = &job.classifier.network;
    let layer = layer_or_default(network.spec(), job.settings.as_deref());
    let images = SplitName::Train.images(dataset, &job.classifier);
    let (set, all) = images.map_err(|error| error.to_string())?;
    let made = || -> Result<(Vec<u32>, Embeddings), EmbedError> {
        let n_dims = embed_image(network, &layer, &job.input)?.len();
        let indices = stratified_sample(&set, &all, MAX_VALUES / n_dims.max(1));
        let embeddings = embed(network, &layer, &set, &indices, cancel)?;
        Ok((indices, embeddings))
    };
    let (indices, embeddings) = made().map_err(|error| error.to_string())?;
    Ok(Embedded {
        classifier: job.classifier.clone(),
        dataset: dataset.clone(),
        layer,
        indices,
        n_all: all.len(),
        embeddings,
        at: Instant::now(),
        took: start.elapsed(),
    })
}

fn find(among: &Embedded, input: Vec<u8>) -> Result<Neighbors, EmbedError> {
    let query = embed_image(&among.classifier.network, &among.layer, &input)?;
    let found = nearest(&among.embeddings, &query, N_NEAREST);
    let near = |n: &crate::embed::Neighbor| NearImage {
        image: among.indices[n.position] as usize,
        distance: n.distance,
    };
    Ok(Neighbors {
        nearest: found.iter().map(near).collect(),
        dataset: among.dataset.clone(),
        input,
        layer: among.layer.name.clone(),
        n_dims: query.len(),
        n_compared: among.indices.len(),
        n_all: among.n_all,
        classes: among.classifier.classes.clone(),
        secs: among.took.as_secs_f64(),
    })
}
