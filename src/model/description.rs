//! What a model file says about its tensors: the JSON string in its metadata.

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::classifier::{Classifier, Provenance};
use super::network::Network;
use super::param::ParamShape;
use super::probabilities::TEMPERATURES;
use super::spec::ModelSpec;
use super::tensor_file::TensorHeader;

/// Version of the description in the file. A newer one is refused.
pub const FORMAT_VERSION: u32 = 1;

/// Longest description read: one of a thousand layers has about 100 kB.
const MAX_DESCRIPTION_BYTES: usize = 1 << 20;

/// Key of our JSON string in the file's metadata.
pub(super) const METADATA_KEY: &str = "candle_studio";

/// How pixels become inputs. There is only one way so far; it is in the file for other programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Preprocessing {
    /// Inputs are pixels (0 to 255) divided by this.
    divide_by: f32,
}

/// The JSON string in the file: all of a model but its weights.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Description {
    format_version: u32,
    /// The layers.
    pub spec: ModelSpec,
    /// The names of the classes.
    pub classes: Vec<String>,
    preprocessing: Preprocessing,
    /// How it was trained.
    #[serde(default)]
    pub provenance: Provenance,
}

const PREPROCESSING: Preprocessing = Preprocessing { divide_by: 255.0 };

impl Description {
    /// That of a model.
    pub fn new(classifier: &Classifier) -> Description {
        Description {
            format_version: FORMAT_VERSION,
            spec: classifier.network.spec().clone(),
            classes: classifier.classes.clone(),
            preprocessing: PREPROCESSING,
            provenance: classifier.provenance.clone(),
        }
    }

    /// What the metadata of a file says about its model; `None` if another program wrote it.
    ///
    /// # Errors
    /// What is wrong with the description.
    pub(crate) fn of(header: &TensorHeader) -> Result<Option<Description>, String> {
        header
            .metadata(METADATA_KEY)
            .map(parse_description)
            .transpose()
    }

    /// That of a model from elsewhere, whose classes have numbers for names.
    pub(crate) fn unnamed(spec: ModelSpec) -> Description {
        Description {
            format_version: FORMAT_VERSION,
            classes: (0..spec.classes).map(|class| class.to_string()).collect(),
            spec,
            preprocessing: PREPROCESSING,
            provenance: Provenance::default(),
        }
    }

    /// The model, with the values that `values` returns for each parameter, in PyTorch's layout.
    ///
    /// # Errors
    /// When the layers do not fit or are too large, a value is not finite, and errors of `values`.
    pub(crate) fn with_values(
        self,
        mut values: impl FnMut(&ParamShape) -> Result<Vec<f32>, String>,
    ) -> Result<Classifier, String> {
        let network =
            Network::with_values(&self.spec, |shape| checked_param(shape, values(shape)?))?;
        Ok(Classifier {
            network,
            classes: self.classes,
            provenance: self.provenance,
        })
    }
}

fn parse_description(json: &str) -> Result<Description, String> {
    /// Read first, to tell a newer format from a broken one.
    #[derive(Deserialize)]
    struct Version {
        format_version: u32,
    }
    if json.len() > MAX_DESCRIPTION_BYTES {
        return Err(format!(
            "its `{METADATA_KEY}` entry has {} bytes, the limit is {MAX_DESCRIPTION_BYTES}",
            json.len()
        ));
    }
    let bad = |e: serde_json::Error| format!("its `{METADATA_KEY}` entry cannot be parsed ({e})");
    let Version { format_version } = serde_json::from_str(json).map_err(bad)?;
    if format_version > FORMAT_VERSION {
        return Err(format!(
            "it has format {format_version}, this version reads up to {FORMAT_VERSION}: \
             update Candle Studio"
        ));
    }
    let description: Description = serde_json::from_str(json).map_err(bad)?;
    if description.classes.len() != description.spec.classes {
        return Err(format!(
            "it names {} classes for a network of {}",
            description.classes.len(),
            description.spec.classes
        ));
    }
    let temperature = description.provenance.temperature;
    if let Some(t) = temperature.filter(|t| !TEMPERATURES.contains(t)) {
        return Err(format!(
            "its temperature is {t}, but must be from {} to {}",
            TEMPERATURES.start(),
            TEMPERATURES.end()
        ));
    }
    if description.preprocessing != PREPROCESSING {
        return Err(format!(
            "it needs pixels divided by {}, this version divides by 255",
            description.preprocessing.divide_by
        ));
    }
    Ok(description)
}

/// The tensor of a parameter, if its values can be used.
fn checked_param(shape: &ParamShape, values: Vec<f32>) -> Result<Tensor, String> {
    let name = &shape.name;
    if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
        return Err(format!(
            "tensor `{name}` holds {bad}, but weights must be finite"
        ));
    }
    if name.ends_with("running_var") && values.iter().any(|&v| v < 0.0) {
        return Err(format!("tensor `{name}` holds a negative variance"));
    }
    Tensor::from_vec(values, shape.pytorch_dims(), &Device::Cpu).map_err(|e| e.to_string())
}
