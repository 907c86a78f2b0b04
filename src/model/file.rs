//! Model files: safetensors with PyTorch names and layouts, and a JSON string that describes the
//! tensors. A file is checked completely before anything is made of it.

use std::io::Read;
use std::path::Path;

use safetensors::Dtype;

use super::classifier::Classifier;
use super::description::{Description, METADATA_KEY};
use super::limits::memory_problem;
use super::param::{ParamKind, ParamShape};
use super::shape::Shape;
use super::spec::ModelSpec;
use super::tensor_file::{TensorFileError, TensorHeader};
use super::tensor_writer::TensorWriter;
use crate::files;

/// Largest file read: far above any network that fits [`ModelSpec::check`].
pub(crate) const MAX_FILE_BYTES: u64 = 2 << 30;

/// Why a model file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// The file cannot be opened or read.
    #[error("could not read {path}: {reason}")]
    Io {
        /// The file.
        path: String,
        /// The system's error.
        reason: std::io::Error,
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

impl ModelFileError {
    /// What is wrong with the file at `path`.
    pub(crate) fn new(path: &Path, reason: TensorFileError) -> ModelFileError {
        let path = path.display().to_string();
        match reason {
            TensorFileError::Io(reason) => ModelFileError::Io { path, reason },
            TensorFileError::Invalid(reason) => ModelFileError::Invalid {
                path,
                reason: files::one_line(&reason),
            },
        }
    }
}

impl Classifier {
    /// Writes the model to `path`, atomically: after an error an old file is unchanged.
    ///
    /// # Errors
    /// When the folder does not exist, is read-only, or the disk is full.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        files::write_atomically(path, &self.to_bytes()?)?;
        Ok(())
    }

    /// The bytes of the model file.
    ///
    /// # Errors
    /// When candle cannot copy the weights.
    pub fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        let mut tensors = TensorWriter::default();
        for param in self.network.params() {
            let values = param.to_pytorch()?.flatten_all()?;
            let (name, shape) = (param.name.clone(), param.pytorch_dims());
            match param.kind {
                ParamKind::Count => tensors.push_i64(name, shape, &values.to_vec1()?),
                ParamKind::Weight | ParamKind::Statistic => {
                    tensors.push_f32(name, shape, &values.to_vec1::<f32>()?);
                }
            }
        }
        let description = serde_json::to_string(&Description::new(self))?;
        Ok(tensors.into_bytes(&[("format", "pt"), (METADATA_KEY, &description)])?)
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// One sentence that names the file and what is wrong with it.
    pub fn load(path: &Path) -> Result<Classifier, ModelFileError> {
        let read = || -> Result<Classifier, TensorFileError> {
            let mut file = files::open_regular(path)?;
            let n_bytes = file.metadata()?.len();
            if n_bytes > MAX_FILE_BYTES {
                let reason = format!("it has {n_bytes} bytes, the limit is {MAX_FILE_BYTES}");
                return Err(reason.into());
            }
            Classifier::read(&mut file, n_bytes)
        };
        read().map_err(|reason| ModelFileError::new(path, reason))
    }

    /// Reads a model from the bytes of a file, as [`Classifier::to_bytes`] returns them.
    ///
    /// # Errors
    /// A reason without a path.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Classifier, String> {
        let n_bytes = bytes.len() as u64;
        let read = Classifier::read(&mut bytes, n_bytes);
        read.map_err(|error| files::one_line(&error.to_string()))
    }

    /// Reads a model from a file of `n_bytes`. Its header is checked completely before its data is
    /// read or a weight is made; the error is a reason without a path.
    fn read(file: &mut impl Read, n_bytes: u64) -> Result<Classifier, TensorFileError> {
        let header = TensorHeader::read(file, n_bytes)?;
        let description = Description::of(&header)?.ok_or_else(|| {
            format!("its metadata has no `{METADATA_KEY}` entry that describes the layers")
        })?;
        check_tensors(&description.spec, &header)?;
        let tensors = header.with_data(file)?;
        Ok(description.with_values(|shape| {
            let (info, bytes) = tensors.tensor(&shape.name)?;
            Ok(numbers(info.dtype, bytes))
        })?)
    }
}

/// Checks that the layers can be built, and that the file holds exactly their tensors.
fn check_tensors(spec: &ModelSpec, header: &TensorHeader) -> Result<(), String> {
    let shapes = checked_shapes(spec)?;
    let n_tensors = header.names().len();
    if n_tensors != shapes.len() {
        return Err(format!(
            "it holds {n_tensors} tensors, its layers need {}",
            shapes.len()
        ));
    }
    for shape in &shapes {
        let dtype = match shape.kind {
            ParamKind::Count => Dtype::I64,
            ParamKind::Weight | ParamKind::Statistic => Dtype::F32,
        };
        header.expect(&shape.name, dtype, &shape.pytorch_dims())?;
    }
    Ok(())
}

/// The parameters of a network that can be built, and that there is memory for.
///
/// # Errors
/// Why it cannot be built.
pub(crate) fn checked_shapes(spec: &ModelSpec) -> Result<Vec<ParamShape>, String> {
    let unfit = |e| format!("its network cannot be built: {e}");
    let report = spec.report().map_err(unfit)?;
    let shapes = spec.param_shapes().map_err(unfit)?;
    let n_bytes = report.forward_bytes(Shape::Image(spec.input), 1);
    match memory_problem("classifying one image", n_bytes, 0) {
        Some(problem) => Err(format!("its layers are too large: {problem}")),
        None => Ok(shapes),
    }
}

/// The values of a tensor as f32.
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
