//! The work of the explainer's thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::settings::ExplainSettings;
use crate::data::unit_values;
use crate::explain::{Attribution, ExplainError, attribute, random_weights};
use crate::kernels;
use crate::model::Classifier;

/// Seed of the random weights: any will do, but the same each time.
const SEED: u64 = 1;

/// What the thread is asked for.
pub(super) struct Job {
    pub(super) classifier: Arc<Classifier>,
    pub(super) input: Vec<u8>,
    pub(super) shape: [usize; 3],
    pub(super) settings: ExplainSettings,
}

/// A map, and what it is of.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The input, `[channels, height, width]` with values in `[0, 1]`.
    pub input: Vec<f32>,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// How it was made.
    pub settings: ExplainSettings,
    /// The map.
    pub attribution: Attribution,
    /// The map of the same network with random weights, for the same class.
    pub random: Option<Attribution>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Seconds it took.
    pub secs: f64,
}

/// Tells the thread that its result is not wanted any more.
#[derive(Clone, Default)]
pub(super) struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Returns what the thread does for each job.
pub(super) fn worker(cancel: Cancel) -> impl FnMut(Job) -> Result<Explanation, String> + Send {
    let mut is_first = true;
    move |job| {
        if std::mem::take(&mut is_first) {
            // Off the threads that training uses.
            kernels::use_own_threads(1);
        }
        explain(job, &cancel.0).map_err(|error| error.to_string())
    }
}

fn explain(job: Job, cancel: &AtomicBool) -> Result<Explanation, ExplainError> {
    let start = Instant::now();
    let input: Vec<f32> = unit_values(&job.input).collect();
    let ExplainSettings { method, target, .. } = &job.settings;
    let attribution = attribute(&job.classifier.network, &input, method, *target, cancel)?;
    let random = match job.settings.with_random_weights {
        false => None,
        true => {
            let random = random_weights(&job.classifier, SEED)?;
            let target = crate::explain::Target {
                class: Some(attribution.class),
                ..*target
            };
            Some(attribute(&random.network, &input, method, target, cancel)?)
        }
    };
    Ok(Explanation {
        shape: job.shape,
        classes: job.classifier.classes.clone(),
        settings: job.settings,
        input,
        attribution,
        random,
        secs: start.elapsed().as_secs_f64(),
    })
}
