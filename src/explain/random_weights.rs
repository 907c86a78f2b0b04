//! The same network before it learned anything: a map that looks the same for it does not show what
//! was learned (Adebayo et al.: Sanity checks for saliency maps, 2018).

use candle_core::Device;

use super::error::ExplainError;
use crate::model::{Classifier, Init, Network};

/// The classifier with weights initialized from `seed`, as its training initialized them.
///
/// # Errors
/// When candle cannot hold the weights.
pub fn random_weights(classifier: &Classifier, seed: u64) -> Result<Classifier, ExplainError> {
    let spec = classifier.network.spec();
    let init = classifier.provenance.config.get("init").cloned();
    let init = init.and_then(|init| serde_json::from_value(init).ok());
    // All zero is not random.
    let init = init.filter(|init| *init != Init::Zeros).unwrap_or_default();
    let network = Network::new(spec, init, seed, &Device::Cpu)
        .map_err(|error| ExplainError::RandomWeights(format!("{error:#}")))?;
    Ok(Classifier {
        network,
        classes: classifier.classes.clone(),
        provenance: classifier.provenance.clone(),
    })
}
