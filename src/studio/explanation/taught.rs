//! Which training images taught the answer for what is on the canvas: the work of its thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::data::Dataset;
use crate::embed::{LastLayer, influence, stratified_sample};
use crate::evaluate::SplitName;
use crate::kernels;
use crate::model::Classifier;
use crate::predict::{LatestOnly, Prediction};
use crate::studio::thread::Wake;
use crate::train::Checkpoint;

/// Most snapshots whose gradients are compared.
const MAX_SNAPSHOTS: usize = 6;

/// Most training images that are compared.
const MAX_IMAGES: usize = 20_000;

/// How many images are shown for the answer, and against it.
const N_SHOWN: usize = 12;

/// A training image, and how much it taught.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Teacher {
    /// Its index among the training images.
    pub image: usize,
    /// The sum over the snapshots of the learning rate times the dot product of the gradients.
    pub influence: f64,
}

/// The training images that taught an answer. An approximation: the gradients of the last dense layer
/// at a few snapshots (TracIn).
#[derive(Clone, Debug)]
pub struct Taught {
    /// Those that taught it, the strongest first.
    pub proponents: Vec<Teacher>,
    /// Those that taught against it, the strongest first.
    pub opponents: Vec<Teacher>,
    /// The data they are from.
    pub dataset: Arc<Dataset>,
    /// The input, `[channels, height, width]`.
    pub input: Vec<u8>,
    /// The answer.
    pub class: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// How many snapshots were compared; 1 is the model itself.
    pub n_snapshots: usize,
    /// How many training images were compared: a sample if all would be too many.
    pub n_compared: usize,
}

struct Search {
    classifier: Arc<Classifier>,
    states: Vec<Arc<Checkpoint>>,
    dataset: Arc<Dataset>,
    input: Vec<u8>,
    class: usize,
    cancel: Arc<AtomicBool>,
}

/// Finds the training images that taught an answer.
pub struct TeacherSearch {
    thread: LatestOnly<Search, Result<Taught, String>>,
    cancel: Arc<AtomicBool>,
    newest: Option<Arc<Taught>>,
    problem: Option<String>,
}

impl TeacherSearch {
    pub(super) fn new(wake: Wake) -> std::io::Result<TeacherSearch> {
        let mut is_first = true;
        let work = move |search: Search| {
            if std::mem::take(&mut is_first) {
                // Off the threads that training uses.
                kernels::use_own_threads(1);
            }
            find(search)
        };
        Ok(TeacherSearch {
            thread: LatestOnly::spawn("teachers", wake, work)?,
            cancel: Arc::default(),
            newest: None,
            problem: None,
        })
    }

    /// The newest result.
    pub fn newest(&self) -> Option<&Arc<Taught>> {
        self.newest.as_ref()
    }

    /// Why there is none, in one sentence.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether a search is in progress.
    pub fn is_busy(&self) -> bool {
        self.thread.is_busy()
    }

    /// Looks for the images that taught this prediction, at `states` of the model's run.
    pub(super) fn ask(
        &mut self,
        classifier: &Arc<Classifier>,
        states: &[Arc<Checkpoint>],
        dataset: &Arc<Dataset>,
        prediction: &Prediction,
    ) {
        self.cancel.store(true, Ordering::Relaxed);
        self.cancel = Arc::default();
        (self.newest, self.problem) = (None, None);
        self.thread.ask(Search {
            classifier: classifier.clone(),
            states: spread(states),
            dataset: dataset.clone(),
            input: prediction.input.clone(),
            class: prediction.class,
            cancel: self.cancel.clone(),
        });
    }

    /// Takes a result.
    pub(super) fn pump(&mut self) {
        match self.thread.take() {
            Some(Ok(taught)) => self.newest = Some(Arc::new(taught)),
            Some(Err(text)) => self.problem = Some(text),
            None => {}
        }
    }
}

impl Drop for TeacherSearch {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

/// Some of the states after the first, evenly spread, with the last one.
fn spread(states: &[Arc<Checkpoint>]) -> Vec<Arc<Checkpoint>> {
    let learned: Vec<_> = states.iter().filter(|state| state.step() > 0).collect();
    let n = learned.len().min(MAX_SNAPSHOTS);
    let at = |i: usize| (i + 1) * learned.len() / n - 1;
    (0..n).map(|i| learned[at(i)].clone()).collect()
}

fn find(search: Search) -> Result<Taught, String> {
    let Search {
        classifier,
        dataset,
        input,
        class,
        ..
    } = &search;
    let images = SplitName::Train.images(dataset, classifier);
    let (set, all) = images.map_err(|error| error.to_string())?;
    let indices = stratified_sample(&set, &all, MAX_IMAGES);
    let network = classifier.network.deep_copy();
    let network = network.map_err(|error| error.to_string())?;
    let mut seen = Vec::new();
    let mut look = |rate: f64| -> Result<(), String> {
        let train = LastLayer::new(&network, &set, &indices, &search.cancel);
        let of = LastLayer::of_image(&network, input, *class);
        let pair = train.and_then(|train| Ok((rate, train, of?)));
        seen.push(pair.map_err(|error| error.to_string())?);
        Ok(())
    };
    if search.states.is_empty() {
        look(1.0)?;
    }
    for state in &search.states {
        state
            .load_into(&network)
            .map_err(|error| error.to_string())?;
        look(state.config.learning_rate_at(state.epochs(all.len())))?;
    }
    let snapshots: Vec<_> = seen
        .iter()
        .map(|(rate, train, of)| (*rate, train, of))
        .collect();
    let sums = influence(&snapshots);
    let mut order: Vec<Teacher> = indices
        .iter()
        .zip(sums)
        .map(|(&image, influence)| Teacher {
            image: image as usize,
            influence,
        })
        .collect();
    // Stable: equals stay in the order of the data.
    order.sort_by(|a, b| b.influence.total_cmp(&a.influence));
    let strong = |of: &mut dyn Iterator<Item = &Teacher>| of.take(N_SHOWN).copied().collect();
    Ok(Taught {
        proponents: strong(&mut order.iter().filter(|teacher| teacher.influence > 0.0)),
        opponents: strong(&mut order.iter().rev().filter(|teacher| teacher.influence < 0.0)),
        dataset: dataset.clone(),
        input: input.clone(),
        class: *class,
        classes: classifier.classes.clone(),
        n_snapshots: seen.len(),
        n_compared: indices.len(),
    })
}
