//! Model files: safetensors with PyTorch names and layouts, and one JSON string that says what the
//! tensors are. A file is read and checked completely before anything is made of it.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::{Classifier, Init, ModelSpec, Network, Param, ParamKind, Provenance};
use crate::files;

/// Version of the description in the file. A newer one is refused.
pub const FORMAT_VERSION: u32 = 1;

/// Largest file read: far above any network that fits [`ModelSpec::check`].
const MAX_FILE_BYTES: u64 = 2 << 30;

/// Key of our JSON string among the file's metadata.
const METADATA_KEY: &str = "candle_studio";

/// Why a model file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// The file cannot be opened or read.
    #[error("could not read {path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file can be read but is not a model of ours.
    #[error("{path} is not a model this version can open: {reason}")]
    Invalid {
        /// The file.
        path: String,
        /// What was expected and what was found.
        reason: String,
    },
}

/// How pixels become inputs. There is one way so far; it is written down so that another program
/// need not guess.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Preprocessing {
    /// Inputs are pixels (0 to 255) divided by this.
    divide_by: f32,
}

/// The JSON string in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Description {
    format_version: u32,
    spec: ModelSpec,
    classes: Vec<String>,
    preprocessing: Preprocessing,
    #[serde(default)]
    provenance: Provenance,
}

/// The start of a safetensors file. The safetensors crate writes the metadata in an order of
/// chance; ours is sorted, so that the same model is the same file, byte for byte.
#[derive(Serialize)]
struct Header<'a> {
    #[serde(rename = "__metadata__")]
    metadata: BTreeMap<&'static str, String>,
    #[serde(flatten)]
    tensors: BTreeMap<&'a str, TensorEntry>,
}

#[derive(Serialize)]
struct TensorEntry {
    dtype: &'static str,
    shape: Vec<usize>,
    /// From where to where, in bytes after the header.
    data_offsets: [usize; 2],
}

impl Header<'_> {
    /// The whole file: length of the header, header, data.
    fn with_data(&self, data: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut header = serde_json::to_vec(self)?;
        // Spaces, so that the data can be used where it lies.
        header.resize(header.len().next_multiple_of(8), b' ');
        let length = (header.len() as u64).to_le_bytes();
        Ok([&length[..], &header, data].concat())
    }
}

const PREPROCESSING: Preprocessing = Preprocessing { divide_by: 255.0 };

impl Classifier {
    /// Writes the model to `path`, atomically: on an error the old file, if any, is as it was.
    ///
    /// # Errors
    /// When the folder does not exist, is full or read-only.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        files::write_atomically(path, &self.to_bytes()?)?;
        Ok(())
    }

    /// The bytes of the model file.
    ///
    /// # Errors
    /// When candle cannot copy the weights.
    pub fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        let description = Description {
            format_version: FORMAT_VERSION,
            spec: self.network.spec().clone(),
            classes: self.classes.clone(),
            preprocessing: PREPROCESSING,
            provenance: self.provenance.clone(),
        };
        let mut header = Header {
            metadata: BTreeMap::from([
                ("format", "pt".to_owned()),
                (METADATA_KEY, serde_json::to_string(&description)?),
            ]),
            tensors: BTreeMap::new(),
        };
        let mut data: Vec<u8> = Vec::new();
        for param in self.network.params() {
            let values = param.to_pytorch()?.flatten_all()?;
            let start = data.len();
            let dtype = match param.kind {
                ParamKind::Count => {
                    let counts: Vec<i64> = values.to_vec1()?;
                    data.extend(counts.iter().flat_map(|v| v.to_le_bytes()));
                    "I64"
                }
                ParamKind::Weight | ParamKind::Statistic => {
                    let values: Vec<f32> = values.to_vec1()?;
                    data.extend(values.iter().flat_map(|v| v.to_le_bytes()));
                    "F32"
                }
            };
            let entry = TensorEntry {
                dtype,
                shape: param.pytorch_dims(),
                data_offsets: [start, data.len()],
            };
            header.tensors.insert(&param.name, entry);
        }
        header.with_data(&data)
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// One sentence that names the file and what is wrong with it.
    pub fn load(path: &Path) -> Result<Classifier, ModelFileError> {
        let io = |source| ModelFileError::Io {
            path: path.display().to_string(),
            source,
        };
        let n_bytes = std::fs::metadata(path).map_err(io)?.len();
        let invalid = |reason| ModelFileError::Invalid {
            path: path.display().to_string(),
            reason,
        };
        if n_bytes > MAX_FILE_BYTES {
            return Err(invalid(format!(
                "it has {n_bytes} bytes, at most {MAX_FILE_BYTES} are read"
            )));
        }
        Classifier::from_bytes(&std::fs::read(path).map_err(io)?).map_err(invalid)
    }

    /// Reads a model from the bytes of a file; the error is a reason without a place.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Classifier, String> {
        let (_, header) = SafeTensors::read_metadata(bytes)
            .map_err(|e| format!("it is not a complete safetensors file ({e})"))?;
        let description = header
            .metadata()
            .as_ref()
            .and_then(|m| m.get(METADATA_KEY))
            .ok_or_else(|| {
                format!("its metadata has no `{METADATA_KEY}` entry that describes the layers")
            })?;
        let description = parse_description(description)?;
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|e| format!("it is not a complete safetensors file ({e})"))?;
        let network = Network::new(&description.spec, Init::default(), 0, &Device::Cpu)
            .map_err(|e| format!("its layers do not fit together: {e}"))?;
        let values = read_params(network.params(), &tensors)?;
        for (param, tensor) in network.params().iter().zip(&values) {
            param.set_from_pytorch(tensor).map_err(|e| e.to_string())?;
        }
        Ok(Classifier {
            network,
            classes: description.classes,
            provenance: description.provenance,
        })
    }
}

fn parse_description(json: &str) -> Result<Description, String> {
    /// Read first, so that a newer format is told apart from a broken one.
    #[derive(Deserialize)]
    struct Version {
        format_version: u32,
    }
    let bad =
        |e: serde_json::Error| format!("its `{METADATA_KEY}` entry cannot be understood ({e})");
    let Version { format_version } = serde_json::from_str(json).map_err(bad)?;
    if format_version > FORMAT_VERSION {
        return Err(format!(
            "it has format {format_version}, this version reads up to {FORMAT_VERSION}: update Candle Studio"
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
    if description.preprocessing != PREPROCESSING {
        return Err(format!(
            "it wants pixels divided by {}, this version divides by 255",
            description.preprocessing.divide_by
        ));
    }
    Ok(description)
}

/// The tensors of the file in the order of `params`, all checked.
fn read_params(params: &[Param], tensors: &SafeTensors<'_>) -> Result<Vec<Tensor>, String> {
    if tensors.len() != params.len() {
        return Err(format!(
            "it holds {} tensors, its layers have {}",
            tensors.len(),
            params.len()
        ));
    }
    params.iter().map(|p| read_param(p, tensors)).collect()
}

fn read_param(param: &Param, tensors: &SafeTensors<'_>) -> Result<Tensor, String> {
    let name = &param.name;
    let view = tensors
        .tensor(name)
        .map_err(|_| format!("it has no tensor `{name}`"))?;
    let dtype = match param.kind {
        ParamKind::Count => Dtype::I64,
        ParamKind::Weight | ParamKind::Statistic => Dtype::F32,
    };
    if view.dtype() != dtype {
        return Err(format!(
            "tensor `{name}` should hold {dtype:?}, it holds {:?}",
            view.dtype()
        ));
    }
    let dims = param.pytorch_dims();
    if view.shape() != dims {
        return Err(format!(
            "tensor `{name}` should be {dims:?}, it is {:?}",
            view.shape()
        ));
    }
    let values = numbers(dtype, view.data());
    if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
        return Err(format!(
            "tensor `{name}` holds {bad}, only finite weights can be used"
        ));
    }
    if param.name.ends_with("running_var") && values.iter().any(|&v| v < 0.0) {
        return Err(format!("tensor `{name}` holds a negative variance"));
    }
    Tensor::from_vec(values, dims, &Device::Cpu).map_err(|e| e.to_string())
}

/// The numbers of a tensor, an I64 as the nearest f32.
fn numbers(dtype: Dtype, bytes: &[u8]) -> Vec<f32> {
    if dtype == Dtype::I64 {
        let (words, _) = bytes.as_chunks();
        return words
            .iter()
            .map(|&b| i64::from_le_bytes(b) as f32)
            .collect();
    }
    let (words, _) = bytes.as_chunks();
    words.iter().map(|&b| f32::from_le_bytes(b)).collect()
}
