//! What a model knows after a lesson: the work of a thread.

use std::sync::Arc;

use crate::data::{DataError, Dataset, ImageSet};
use crate::evaluate::Predictions;
use crate::model::Classifier;

/// What is measured.
pub(super) struct Question {
    pub(super) secs: f64,
    /// The model after the lesson.
    pub(super) taught: Arc<Classifier>,
    /// The model before it.
    pub(super) base: Arc<Classifier>,
    pub(super) dataset: Arc<Dataset>,
    pub(super) new_classes: Vec<String>,
    pub(super) n_mixed: Option<usize>,
}

/// What a lesson came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// The names of the new classes.
    pub new_classes: Vec<String>,
    /// Seconds from the click to the trained model.
    pub secs: f64,
    /// How many of the held-out examples of new classes are classified correctly, and their number.
    pub new: [usize; 2],
    /// The same of test images of the old classes; `None` if they were given up.
    pub old: Option<[usize; 2]>,
    /// How many of these the model classified correctly before the lesson.
    pub old_before: Option<usize>,
    /// Training images of each old class that were mixed in.
    pub n_mixed: Option<usize>,
}

pub(super) fn measure(question: Question) -> Result<Lesson, String> {
    let Question {
        taught,
        base,
        dataset,
        new_classes,
        ..
    } = &question;
    let is_new = |idx: &u32| {
        let label = dataset.test.labels()[*idx as usize];
        new_classes.contains(&dataset.classes[label as usize])
    };
    let all = 0..dataset.test.len() as u32;
    let (new, old): (Vec<u32>, Vec<u32>) = all.partition(is_new);
    let right = |set: &ImageSet, images: &[u32], model: &Classifier| {
        let predictions = Predictions::new(model, set, images).map_err(|e| e.to_string())?;
        Ok::<usize, String>(predictions.right().filter(|is_right| *is_right).count())
    };
    let n_new = right(&dataset.test, &new, taught)?;
    let (mut n_old, mut old_before) = (None, None);
    if !old.is_empty() {
        n_old = Some([right(&dataset.test, &old, taught)?, old.len()]);
        let before = named(dataset, &old, &base.classes).map_err(|e| e.to_string())?;
        let all: Vec<u32> = (0..before.len() as u32).collect();
        old_before = Some(right(&before, &all, base)?);
    }
    Ok(Lesson {
        new_classes: question.new_classes.clone(),
        secs: question.secs,
        new: [n_new, new.len()],
        old: n_old,
        old_before,
        n_mixed: question.n_mixed,
    })
}

/// The test images at `indices` with the labels that they have among `classes`.
fn named(dataset: &Dataset, indices: &[u32], classes: &[String]) -> Result<ImageSet, DataError> {
    let set = &dataset.test;
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for &idx in indices {
        let name = &dataset.classes[set.labels()[idx as usize] as usize];
        if let Some(label) = classes.iter().position(|class| class == name) {
            pixels.extend_from_slice(set.image(idx as usize));
            labels.push(label as u32);
        }
    }
    ImageSet::new(set.shape(), pixels, labels)
}
