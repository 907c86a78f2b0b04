//! How a model does on the sketches, and what sets them apart from the training images: the work of
//! a thread.

use std::sync::Arc;

use crate::data::Dataset;
use crate::data::sketches::{InkMean, Sketch, SketchGap, image_set};
use crate::evaluate::{Predictions, SplitName};
use crate::model::Classifier;

/// What the thread is asked about.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) all: Arc<[Sketch]>,
    pub(super) dataset: Option<Arc<Dataset>>,
    pub(super) classifier: Option<Arc<Classifier>>,
}

impl Asked {
    pub(super) fn are_same_images(&self, other: &Asked) -> bool {
        Arc::ptr_eq(&self.all, &other.all) && is_same(&self.dataset, &other.dataset)
    }

    pub(super) fn is_same_model(&self, other: &Asked) -> bool {
        is_same(&self.classifier, &other.classifier)
    }
}

fn is_same<T>(a: &Option<Arc<T>>, b: &Option<Arc<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// How a model does on the sketches.
#[derive(Clone, Debug)]
pub struct SketchScore {
    /// The sketches.
    pub all: Arc<[Sketch]>,
    /// For each of them, the name of the model's answer; `None` without a model that knows its class.
    pub answers: Vec<Option<String>>,
    /// The number of sketches that show one of the model's classes and that it was not trained on.
    pub n: usize,
    /// The number of those that it was trained on.
    pub n_trained: usize,
    /// The number of those that it classifies correctly.
    pub n_right: usize,
    /// What sets those that show classes of the dataset apart from its training images; `None` if
    /// that is no bright ink on black.
    pub gap: Option<SketchGap>,
}

impl SketchScore {
    /// The share of the sketches that is classified correctly; `None` if none shows one of the
    /// model's classes.
    pub fn accuracy(&self) -> Option<f64> {
        (self.n > 0).then(|| self.n_right as f64 / self.n as f64)
    }
}

/// The ink of the training images, and their dataset.
pub(super) type TrainingInk = Option<(Arc<Dataset>, Option<InkMean>)>;

/// Hands the sketches to the dataset, whose runs are measured on them, and measures the model.
pub(super) fn score(asked: Asked, training: &mut TrainingInk) -> SketchScore {
    let gap = asked
        .dataset
        .as_ref()
        .and_then(|dataset| hand_over(&asked.all, dataset, training));
    let mut score = SketchScore {
        answers: vec![None; asked.all.len()],
        all: asked.all,
        n: 0,
        n_trained: 0,
        n_right: 0,
        gap,
    };
    if let Some(classifier) = &asked.classifier {
        answer(&mut score, classifier);
    }
    score
}

/// Makes the sketches images of a dataset, unless they are already; returns what sets them apart.
fn hand_over(
    all: &[Sketch],
    dataset: &Arc<Dataset>,
    training: &mut TrainingInk,
) -> Option<SketchGap> {
    let (recipe, shape) = (dataset.recipe, dataset.image_shape());
    let (_, set) = image_set(all, &dataset.classes, recipe, shape).ok()?;
    // The same images as before stay the same in memory: nobody looks at them again.
    if dataset.sketches.get().as_ref() != Some(&set) {
        dataset.sketches.set(Some(set.clone()));
    }
    let is_known = |(of, _): &(Arc<Dataset>, _)| Arc::ptr_eq(of, dataset);
    let known = training.take().filter(is_known);
    let sketches = InkMean::of(&set)?;
    let (_, mean) = training.insert(known.unwrap_or_else(|| {
        let mean = InkMean::of(&dataset.train);
        (dataset.clone(), mean)
    }));
    Some(SketchGap::new(&sketches, mean.as_ref()?))
}

fn answer(score: &mut SketchScore, classifier: &Classifier) {
    let shape = classifier.network.spec().input;
    let found = image_set(&score.all, &classifier.classes, classifier.recipe(), shape);
    let Ok((indices, set)) = found else { return };
    let all: Vec<u32> = (0..set.len() as u32).collect();
    // A network that cannot be run says so at the answer to the drawing.
    let Ok(predictions) = Predictions::new(classifier, &set, &all) else {
        return;
    };
    let unseen = SplitName::unseen_sketches(classifier, &set);
    let right: Vec<bool> = predictions.right().collect();
    score.n = unseen.len();
    score.n_trained = set.len() - unseen.len();
    score.n_right = unseen.iter().filter(|&&idx| right[idx as usize]).count();
    for (&idx, class) in indices.iter().zip(predictions.answers()) {
        let name = class.and_then(|class| classifier.classes.get(class as usize));
        score.answers[idx] = name.cloned();
    }
}
