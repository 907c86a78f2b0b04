//! The training images in the space of a trained model: what is near an image, and what is far from
//! its class.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::data::{Dataset, ImageRef};
use crate::embed::{
    EmbedError, Embeddings, embed, embed_image, last_hidden, nearest, odd_ones, stratified_sample,
};
use crate::model::{Classifier, LayerName};
use crate::predict::LatestOnly;
use crate::studio::Studio;
use crate::studio::thread::Wake;

/// How many neighbors are shown.
const N_NEAREST: usize = 6;

/// How many odd ones are shown: a share of the images, and not more than this.
const ODD_SHARE: f64 = 0.01;
const MAX_ODD: usize = 500;

/// Most values of all embeddings, 64 MiB; of more images, a sample counts.
const MAX_VALUES: usize = 16 << 20;

/// The training images nearest to an image, without itself.
#[derive(Clone, Debug)]
pub struct NearImages {
    /// The image.
    pub image: ImageRef,
    /// The nearest first, as indices of training images.
    pub nearest: Vec<usize>,
}

/// The training images that are farthest from their class.
#[derive(Clone, Debug)]
pub struct OddImages {
    /// The farthest first.
    pub images: Vec<ImageRef>,
    /// Name of the layer whose output is the space.
    pub layer: String,
}

struct Question {
    classifier: Arc<Classifier>,
    dataset: Arc<Dataset>,
    near: Option<ImageRef>,
    wants_odd: bool,
    is_canceled: Arc<AtomicBool>,
}

#[derive(Default)]
struct Answer {
    near: Option<NearImages>,
    odd: Option<OddImages>,
}

/// The thread that embeds, and its newest results.
pub struct Space {
    thread: LatestOnly<Question, Result<(Arc<Dataset>, Answer), String>>,
    /// The dataset that the results are of.
    of: Option<Arc<Dataset>>,
    near: Option<NearImages>,
    odd: Option<Arc<OddImages>>,
    problem: Option<String>,
    /// The image that was asked for.
    asked: Option<ImageRef>,
    wants_odd: bool,
    is_canceled: Arc<AtomicBool>,
}

impl Space {
    pub(super) fn new(wake: Wake) -> std::io::Result<Space> {
        let mut kept = None;
        Ok(Space {
            thread: LatestOnly::spawn("space", wake, move |question| {
                answer(&question, &mut kept).map_err(|error| error.to_string())
            })?,
            of: None,
            near: None,
            odd: None,
            problem: None,
            asked: None,
            wants_odd: false,
            is_canceled: Arc::default(),
        })
    }

    /// What is near `image` of `dataset`, once that is known.
    pub fn near(&self, dataset: &Arc<Dataset>, image: ImageRef) -> Option<&NearImages> {
        let near = self.near.as_ref().filter(|near| near.image == image);
        near.filter(|_| self.is_of(dataset))
    }

    /// What is odd in `dataset`, once that is known.
    pub fn odd(&self, dataset: &Arc<Dataset>) -> Option<&Arc<OddImages>> {
        self.odd.as_ref().filter(|_| self.is_of(dataset))
    }

    /// Why there is no result, in one sentence.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether odd ones are searched.
    pub fn is_searching(&self) -> bool {
        self.wants_odd
    }

    fn is_of(&self, dataset: &Arc<Dataset>) -> bool {
        self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, dataset))
    }

    fn ask(&mut self, classifier: &Arc<Classifier>, dataset: &Arc<Dataset>) {
        self.problem = None;
        self.thread.ask(Question {
            classifier: classifier.clone(),
            dataset: dataset.clone(),
            near: self.asked,
            wants_odd: self.wants_odd,
            is_canceled: self.is_canceled.clone(),
        });
    }

    pub(super) fn pump(&mut self) {
        let Some(answer) = self.thread.take() else {
            return;
        };
        match answer {
            Ok((dataset, answer)) => {
                if !self.is_of(&dataset) {
                    (self.near, self.odd) = (None, None);
                }
                self.of = Some(dataset);
                self.near = answer.near.or(self.near.take());
                if let Some(odd) = answer.odd {
                    self.odd = Some(Arc::new(odd));
                    self.wants_odd = false;
                }
            }
            Err(problem) => {
                self.problem = Some(problem);
                self.wants_odd = false;
            }
        }
    }
}

impl Drop for Space {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.is_canceled.store(true, Ordering::Relaxed);
    }
}

/// The embeddings of the training images by one model.
struct Embedded {
    classifier: Arc<Classifier>,
    dataset: Arc<Dataset>,
    layer: LayerName,
    indices: Vec<u32>,
    embeddings: Embeddings,
}

fn answer(
    question: &Question,
    kept: &mut Option<Embedded>,
) -> Result<(Arc<Dataset>, Answer), EmbedError> {
    let serves = |kept: &&Embedded| {
        Arc::ptr_eq(&kept.classifier, &question.classifier)
            && Arc::ptr_eq(&kept.dataset, &question.dataset)
    };
    if kept.as_ref().filter(serves).is_none() {
        *kept = None;
        *kept = Some(embedded(question)?);
    }
    let mut answer = Answer::default();
    if let Some(kept) = kept {
        let near = question.near.map(|image| near(kept, image));
        answer.near = near.transpose()?;
        answer.odd = question.wants_odd.then(|| odd(kept));
    }
    Ok((question.dataset.clone(), answer))
}

fn embedded(question: &Question) -> Result<Embedded, EmbedError> {
    let (network, set) = (&question.classifier.network, &question.dataset.train);
    let layer = last_hidden(network.spec());
    let n_dims = embed_image(network, &layer, set.image(0))?.len();
    let all: Vec<u32> = (0..set.len() as u32).collect();
    let indices = stratified_sample(set, &all, MAX_VALUES / n_dims.max(1));
    Ok(Embedded {
        embeddings: embed(network, &layer, set, &indices, &question.is_canceled)?,
        classifier: question.classifier.clone(),
        dataset: question.dataset.clone(),
        layer,
        indices,
    })
}

fn near(kept: &Embedded, image: ImageRef) -> Result<NearImages, EmbedError> {
    let pixels = kept.dataset.split_of(image).image(image.idx);
    let query = embed_image(&kept.classifier.network, &kept.layer, pixels)?;
    let found = nearest(&kept.embeddings, &query, N_NEAREST + 1);
    let indices = found.iter().map(|n| kept.indices[n.position] as usize);
    let others = indices.filter(|&idx| image.is_test || idx != image.idx);
    Ok(NearImages {
        image,
        nearest: others.take(N_NEAREST).collect(),
    })
}

fn odd(kept: &Embedded) -> OddImages {
    let all = kept.dataset.train.labels();
    let labels: Vec<u32> = kept.indices.iter().map(|&i| all[i as usize]).collect();
    let n = (ODD_SHARE * labels.len() as f64).ceil() as usize;
    let found = odd_ones(&kept.embeddings, &labels);
    let image = |position: usize| ImageRef {
        is_test: false,
        idx: kept.indices[position] as usize,
    };
    OddImages {
        images: found
            .iter()
            .take(n.min(MAX_ODD))
            .map(|odd| image(odd.position))
            .collect(),
        layer: kept.layer.name.clone(),
    }
}

impl Studio {
    /// Finds the training images that are near `image` in the space of the model on the canvas.
    pub(super) fn find_near(&mut self, image: ImageRef) {
        self.datasets.space.asked = Some(image);
        self.ask_space();
    }

    /// Finds the training images that are farthest from their class in that space.
    pub(super) fn find_odd(&mut self) {
        self.datasets.space.wants_odd = true;
        self.ask_space();
    }

    fn ask_space(&mut self) {
        let (classifier, dataset) = (self.classifier().cloned(), self.dataset().cloned());
        match (classifier, dataset) {
            (Some(classifier), Some(dataset)) => self.datasets.space.ask(&classifier, &dataset),
            _ => self.datasets.space.wants_odd = false,
        }
    }
}
