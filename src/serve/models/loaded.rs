//! A model that is ready to answer.

use std::path::Path;

use crate::files::one_line;
use crate::import::{self, NetworkHint};
use crate::model::Classifier;
use crate::predict::{PredictError, outputs};

/// A model as it was read from its file, all of it: it is exchanged as a whole.
#[derive(Debug)]
pub(in crate::serve) struct Loaded {
    pub classifier: Classifier,
}

impl Loaded {
    /// Reads the model in the file at `path`.
    ///
    /// # Errors
    /// One sentence that names the file, when it is no model or the model has diverged.
    pub fn read(path: &Path) -> Result<Loaded, String> {
        let opened = import::open(path, &NetworkHint::None).map_err(|error| error.to_string())?;
        let classifier = opened.classifier;
        check_outputs(&classifier)
            .map_err(|reason| format!("{} is not served: {reason}", path.display()))?;
        Ok(Loaded { classifier })
    }

    /// Channels, height and width of an input.
    pub fn input(&self) -> [usize; 3] {
        self.classifier.network.spec().input
    }

    /// Values of one image.
    pub fn image_len(&self) -> usize {
        self.input().iter().product()
    }

    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.classifier.classes.len()
    }
}

/// A network that diverged may have finite weights and still answer nothing: it is asked about a
/// black, a gray and a white image.
fn check_outputs(classifier: &Classifier) -> Result<(), String> {
    let n_values = classifier.network.spec().input.iter().product();
    for value in [0.0, 0.5, 1.0] {
        let found = outputs(classifier, vec![value; n_values])
            .map_err(|error| one_line(&PredictError::from(error).to_string()))?;
        if found.logits.iter().any(|logit| !logit.is_finite()) {
            return Err(PredictError::not_finite(&found.logits).to_string());
        }
    }
    Ok(())
}
