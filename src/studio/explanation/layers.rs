//! What every layer computes: the work of its thread.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::follower::Job;
use crate::data::unit_values;
use crate::explain::{Activations, ExplainError, Filters, Softmax, activations, filters, softmax};
use crate::model::Classifier;

/// The network as it works, for one input.
#[derive(Debug)]
pub struct LayerMaps {
    /// The model, with the weights that were used.
    pub classifier: Arc<Classifier>,
    /// What every layer computes.
    pub activations: Activations,
    /// The first layer with filters that can be shown as pictures, and its filters.
    pub filters: Option<(usize, Filters)>,
    /// From the logits to the probabilities.
    pub softmax: Softmax,
}

/// Runs the network, and keeps what every layer computes.
pub(super) fn run(job: Job<()>, cancel: &AtomicBool) -> Result<LayerMaps, ExplainError> {
    let input: Vec<f32> = unit_values(&job.input).collect();
    let network = &job.classifier.network;
    let activations = activations(network, &input, cancel)?;
    let mut first = None;
    for (idx, layer) in activations.layers.iter().enumerate() {
        if let Some(filters) = filters(network, &activations, layer)? {
            first = Some((idx, filters));
            break;
        }
    }
    let softmax = softmax(activations.logits(), job.classifier.provenance.temperature);
    Ok(LayerMaps {
        filters: first,
        softmax,
        activations,
        classifier: job.classifier,
    })
}
