//! The work of the map's thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::super::follower::PAUSES;
use super::super::neighbors::layer_or_default;
use super::map::{EmbeddingMap, MapMethod, MapSettings, MappedImages};
use crate::data::Dataset;
use crate::embed::{Embeddings, Pca, Tsne, embed, embed_image, nearest, stratified_sample};
use crate::evaluate::{Predictions, SplitName};
use crate::kernels;
use crate::model::{Classifier, LayerName};

/// Most images on a map.
const MAX_IMAGES: usize = 3_000;

/// Most multiply-adds for the distances of all images from each other: about a second.
const MAX_WORK: usize = 18_000_000_000;

/// How long t-SNE iterates before the points are shown.
const FRAME: Duration = Duration::from_millis(28);

/// The neighbors that the drawing lies between on a map by t-SNE.
const N_NEAREST: usize = 10;

/// What the thread is asked for.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) classifier: Arc<Classifier>,
    pub(super) dataset: Arc<Dataset>,
    pub(super) split: SplitName,
    pub(super) settings: MapSettings,
    /// What is on the canvas, `[channels, height, width]`.
    pub(super) input: Option<Vec<u8>>,
    /// Whether the model is in training.
    pub(super) is_training: bool,
}

impl Job {
    /// Whether two jobs differ in the model at most.
    pub(super) fn is_alike(&self, other: &Job) -> bool {
        Arc::ptr_eq(&self.dataset, &other.dataset)
            && self.split == other.split
            && self.settings == other.settings
            && self.input == other.input
    }
}

/// What the thread answers.
pub(super) struct Done {
    pub(super) result: Result<EmbeddingMap, String>,
    pub(super) took: Duration,
}

/// What is kept from job to job.
struct Made {
    of: Arc<MappedImages>,
    layer: LayerName,
    embeddings: Embeddings,
    pca: Pca,
    flat: Vec<[f32; 2]>,
    tsne: Option<Tsne>,
    at: Instant,
    took: Duration,
}

/// Returns what the thread does for each job.
pub(super) fn worker(cancel: Arc<AtomicBool>) -> impl FnMut(Job) -> Done + Send {
    let mut kept = None;
    let mut is_first = true;
    move |job| {
        if std::mem::take(&mut is_first) {
            // Off the threads that training uses.
            kernels::use_own_threads(1);
        }
        let start = Instant::now();
        let result = work(&mut kept, &job, &cancel);
        let took = start.elapsed();
        Done { result, took }
    }
}

fn work(kept: &mut Option<Made>, job: &Job, cancel: &AtomicBool) -> Result<EmbeddingMap, String> {
    let made = match kept.take() {
        Some(made) if made.serves(job) => made,
        before => Made::new(job, before, cancel)?,
    };
    let made = kept.insert(made);
    if job.settings.method == MapMethod::Tsne {
        made.iterate(cancel);
    }
    made.show(job)
}

impl Made {
    /// Embeds the images of a job. If they are the same as before, a map in the making goes on from
    /// where its points are.
    fn new(job: &Job, before: Option<Made>, cancel: &AtomicBool) -> Result<Made, String> {
        let start = Instant::now();
        let network = &job.classifier.network;
        let layer = layer_or_default(network.spec(), job.settings.layer.as_deref());
        let (set, all) = words(job.split.images(&job.dataset, &job.classifier))?;
        let first = all.first().map_or(0, |&image| image as usize);
        let n_dims = words(embed_image(network, &layer, set.image(first)))?.len();
        let n = (MAX_WORK / n_dims.max(1)).isqrt().min(MAX_IMAGES);
        let indices = stratified_sample(&set, &all, n);
        let embeddings = words(embed(network, &layer, &set, &indices, cancel))?;
        let is_canceled = || cancel.load(Ordering::Relaxed);
        let predictions = Predictions::cancelable(&job.classifier, &set, &indices, is_canceled);
        let predictions = words(predictions)?;
        let is_same = |made: &Made| {
            let images = made.of.predictions.images();
            Arc::ptr_eq(&made.of.dataset, &job.dataset)
                && made.of.split == job.split
                && made.of.set.is_same(&set)
                && images == predictions.images()
        };
        let mut tsne = before.filter(is_same).and_then(|made| made.tsne);
        if let Some(tsne) = &mut tsne {
            tsne.follow(&embeddings);
        }
        let pca = Pca::fit(&embeddings);
        // The images of a split are in ascending order.
        let place = |image: &u32| all.partition_point(|before| before < image) as u32;
        Ok(Made {
            of: Arc::new(MappedImages {
                classifier: job.classifier.clone(),
                dataset: job.dataset.clone(),
                split: job.split,
                set,
                predictions,
                places: indices.iter().map(place).collect(),
                n_all: all.len(),
                layer: layer.name.clone(),
            }),
            flat: pca.project_all(&embeddings),
            layer,
            embeddings,
            pca,
            tsne,
            at: Instant::now(),
            took: start.elapsed(),
        })
    }

    /// Whether the embeddings are those of a job, or of a model in training that was another one a
    /// moment ago.
    fn serves(&self, job: &Job) -> bool {
        let layer = layer_or_default(job.classifier.network.spec(), job.settings.layer.as_deref());
        let is_rested = || self.at.elapsed() > self.took * PAUSES;
        Arc::ptr_eq(&self.of.dataset, &job.dataset)
            && self.of.split == job.split
            && job.split.is_current(&self.of.set, &job.dataset)
            && self.layer == layer
            && (Arc::ptr_eq(&self.of.classifier, &job.classifier)
                || job.is_training && !is_rested())
    }

    /// Lets t-SNE iterate for a frame.
    fn iterate(&mut self, cancel: &AtomicBool) {
        let start = Instant::now();
        let begin = || Tsne::new(&self.embeddings, &self.pca);
        let tsne = self.tsne.get_or_insert_with(begin);
        while !tsne.is_settled() && start.elapsed() < FRAME && !cancel.load(Ordering::Relaxed) {
            tsne.step();
        }
    }

    fn show(&self, job: &Job) -> Result<EmbeddingMap, String> {
        let network = &self.of.classifier.network;
        let input = job.input.as_deref();
        let input = input.map(|input| embed_image(network, &self.layer, input));
        let input = words(input.transpose())?;
        let method = job.settings.method;
        let tsne = self.tsne.as_ref().filter(|_| method == MapMethod::Tsne);
        let points = tsne.map_or_else(|| self.flat.clone(), Tsne::points);
        let sketch = input.map(|input| match tsne {
            Some(_) => self.between_neighbors(&input, &points),
            None => self.pca.project(&input),
        });
        Ok(EmbeddingMap {
            of: self.of.clone(),
            points,
            sketch,
            method,
            explained: self.pca.explained,
            iteration: tsne.map_or(0, Tsne::iteration),
            is_settled: tsne.is_none_or(Tsne::is_settled),
        })
    }

    /// The mean of the points of the nearest neighbors, each weighted by 1 / d².
    fn between_neighbors(&self, input: &[f32], points: &[[f32; 2]]) -> [f32; 2] {
        let found = nearest(&self.embeddings, input, N_NEAREST);
        let mut sum = [0.0f64; 3];
        for neighbor in found {
            let weight = 1.0 / f64::from(neighbor.distance).powi(2).max(1e-12);
            let [x, y] = points[neighbor.position].map(f64::from);
            sum = [sum[0] + weight * x, sum[1] + weight * y, sum[2] + weight];
        }
        let all = sum[2].max(f64::MIN_POSITIVE);
        [(sum[0] / all) as f32, (sum[1] / all) as f32]
    }
}

fn words<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}
