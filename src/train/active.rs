//! Active learning: train on what is labeled, ask about what is most uncertain, repeat.

use std::sync::Arc;

use rand::seq::SliceRandom;

use super::config::{FieldError, TrainConfig};
use super::control::Control;
use super::cross_validate::Silent;
use super::error::TrainError;
use super::job::Job;
use super::steps::train;
use crate::data::{DataError, Dataset};
use crate::evaluate::{EvaluateError, Metrics, Predictions, Uncertainty};
use crate::model::Classifier;
use crate::random::{Stream, rng};

/// Updates of a round: ten labels are learned after fewer, a thousand still improve.
const UPDATES: usize = 200;

/// Most unlabeled images that are looked at in a round, drawn anew each time: of sixty thousand, the
/// most uncertain ones are near copies of each other, and looking takes longer than training.
pub const MAX_CANDIDATES: usize = 5_000;

/// Why a round could not be trained.
#[derive(Debug, thiserror::Error)]
pub enum ActiveError {
    /// The configuration does not fit the images.
    #[error("{}", FieldError::joined(.0))]
    Config(Vec<FieldError>),
    /// The labeled images make no dataset.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The model could not be trained.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The images could not be classified.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// It was stopped.
    #[error("stopped")]
    Stopped,
}

/// What was learned from some labels.
#[derive(Debug)]
pub struct Round {
    /// The model.
    pub classifier: Classifier,
    /// Loss and accuracy on the test images; `None` if there are none with labels.
    pub test: Option<Metrics>,
}

/// Trains a model with `config` on `labeled`, a dataset of few images: with all of them, in small
/// batches, for the same number of updates however many there are.
///
/// # Errors
/// When the configuration does not fit, or it is stopped.
pub fn train_round(
    config: &TrainConfig,
    labeled: &Arc<Dataset>,
    control: &Control,
) -> Result<Round, ActiveError> {
    let n_images = labeled.train.len();
    let mut config = config.clone();
    config.n_validation = 0;
    // Sketches of other classes would be trained on, too.
    config.sketch_share = 0.0;
    config.batch_size = config.batch_size.min(n_images).max(1);
    config.epochs = UPDATES.div_ceil(n_images.div_ceil(config.batch_size).max(1));
    let job = Job::new(config.clone(), labeled.clone()).map_err(ActiveError::Config)?;
    let outcome = train(&job, control, &mut Silent)?;
    if control.is_stopped() {
        return Err(ActiveError::Stopped);
    }
    let test = outcome.test.filter(|_| !labeled.test.is_empty());
    let accuracy = test.map(|test| test.accuracy);
    Ok(Round {
        classifier: config.classifier(outcome.network, labeled, outcome.epochs, accuracy),
        test,
    })
}

/// Which images to label next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// The most uncertain ones.
    Uncertain(Uncertainty),
    /// Random ones, for comparison.
    Random,
}

impl Query {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Query::Uncertain(measure) => measure.name(),
            Query::Random => "random",
        }
    }
}

/// The `n` training images of `pool` to label after `round` rounds, among those for which
/// `is_open`: the most uncertain of [`MAX_CANDIDATES`] that are drawn with `seed`. Without a model,
/// random ones.
///
/// # Errors
/// When the model cannot classify them.
pub fn next_images(
    query: Query,
    classifier: Option<&Classifier>,
    pool: &Dataset,
    is_open: impl Fn(u32) -> bool,
    [n, seed, round]: [u64; 3],
) -> Result<Vec<u32>, EvaluateError> {
    let all = 0..pool.train.len() as u32;
    let mut candidates: Vec<u32> = all.filter(|&idx| is_open(idx)).collect();
    candidates.shuffle(&mut rng(seed, Stream::Active, round, 0));
    let n = n as usize;
    match (query, classifier) {
        (Query::Uncertain(measure), Some(classifier)) => {
            candidates.truncate(MAX_CANDIDATES);
            let predictions = Predictions::new(classifier, &pool.train, &candidates)?;
            let found = predictions.most_uncertain(measure, n);
            Ok(found.into_iter().map(|at| candidates[at]).collect())
        }
        _ => {
            candidates.truncate(n);
            Ok(candidates)
        }
    }
}

/// How labeling is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// Which images are labeled next.
    pub query: Query,
    /// Labels at the start, of random images: the same for every query.
    pub n_start: usize,
    /// Labels added in each round.
    pub n_per_round: usize,
    /// Rounds after the first.
    pub n_rounds: usize,
}

/// Accuracy after so many labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelPoint {
    /// Labels.
    pub n_labels: usize,
    /// Loss and accuracy on the test images.
    pub test: Metrics,
}

/// Simulates labeling: the labels of `dataset` are revealed as they are asked for. Every round trains
/// anew with `config`, whose seed also decides what is drawn; `each` is called with the result. The
/// same bits for any number of threads.
///
/// # Errors
/// When the configuration does not fit, or it is stopped.
pub fn simulate(
    config: &TrainConfig,
    dataset: &Arc<Dataset>,
    simulation: Simulation,
    control: &Control,
    mut each: impl FnMut(LabelPoint),
) -> Result<(), ActiveError> {
    let seed = config.seed;
    let Simulation {
        query,
        n_start,
        n_per_round,
        n_rounds,
    } = simulation;
    let start = [n_start as u64, seed, 0];
    let mut known = next_images(Query::Random, None, dataset, |_| true, start)?;
    for round in 0..=n_rounds {
        let labels = dataset.train.labels();
        let labeled: Vec<(u32, u32)> = known.iter().map(|&i| (i, labels[i as usize])).collect();
        let part = Arc::new(dataset.labeled(&labeled, false)?);
        let learned = train_round(config, &part, control)?;
        if let Some(test) = learned.test {
            each(LabelPoint {
                n_labels: known.len(),
                test,
            });
        }
        if round == n_rounds || known.len() >= dataset.train.len() {
            break;
        }
        let mut is_open = vec![true; dataset.train.len()];
        known.iter().for_each(|&idx| is_open[idx as usize] = false);
        let wanted = [n_per_round as u64, seed, round as u64 + 1];
        let is_open = |idx: u32| is_open[idx as usize];
        let found = next_images(query, Some(&learned.classifier), dataset, is_open, wanted)?;
        known.extend(found);
    }
    Ok(())
}
