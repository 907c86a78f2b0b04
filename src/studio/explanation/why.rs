//! A map of the pixels that count: the work of its thread.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::follower::Job;
use super::settings::ExplainSettings;
use crate::data::unit_values;
use crate::explain::{Attribution, ExplainError, Target, attribute, random_weights};

/// Seed of the random weights: any will do, but the same each time.
const SEED: u64 = 1;

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

pub(super) fn explain(
    job: Job<ExplainSettings>,
    cancel: &AtomicBool,
) -> Result<Explanation, ExplainError> {
    let start = Instant::now();
    let input: Vec<f32> = unit_values(&job.input).collect();
    let ExplainSettings { method, target, .. } = &job.settings;
    let attribution = attribute(&job.classifier.network, &input, method, *target, cancel)?;
    let random = match job.settings.with_random_weights {
        false => None,
        true => {
            let random = random_weights(&job.classifier, SEED)?;
            let target = Target {
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
