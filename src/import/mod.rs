//! Models from elsewhere: a file of any program, recognized by its content, as a model of ours.
//!
//! * safetensors, of this program or of another one
//! * PyTorch's state dicts (`.pth`, `.pt`), of which nothing is executed
//! * ONNX, of this program or of another one
//! * Keras (`.keras`, `.h5`), with the feature `keras`
//!
//! Every reader compares sizes with what the file has before it reserves memory, and a panic of a
//! library is an error like any other.

mod chain;
mod fit;
mod format;
#[cfg(feature = "keras")]
mod keras;
mod onnx;
mod order;
mod padding;
mod pixels;
mod preset;
mod pytorch;
mod safetensors;
mod tensors;
#[cfg(test)]
mod tests;
mod weight;

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::files;
use crate::model::{
    Classifier, MAX_FILE_BYTES, ModelFileError, ModelSpec, Preset, TensorFileError,
};
use crate::text::bytes;
use format::Format;
pub(crate) use format::is_saved_model_folder;

/// How the names of model files usually end, without the dot.
pub const MODEL_ENDINGS: [&str; 7] = ["safetensors", "pth", "pt", "onnx", "keras", "h5", "hdf5"];

/// Bytes from which a format is recognized, unless it needs the whole file.
const N_HEAD: u64 = 64;

/// A model that was read.
#[derive(Debug)]
pub struct Opened {
    /// The model.
    pub classifier: Classifier,
    /// What should be known about it: sentences, such as which preset its weights fit.
    pub notes: Vec<String>,
}

/// The network of weights whose file does not describe their layers.
#[derive(Clone, Debug, Default)]
pub enum NetworkHint {
    /// Unknown: the preset whose names and shapes fit, if there is exactly one.
    #[default]
    None,
    /// This preset, for the images and classes that the weights fit.
    Preset(&'static Preset),
    /// This network and no other.
    Exactly(ModelSpec),
    /// This network, for as many classes as the weights have, if not exactly one preset fits.
    Perhaps(ModelSpec),
}

/// Why a file could not be opened as a model.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read, or is no model that this program can open.
    #[error(transparent)]
    File(#[from] ModelFileError),
    /// It holds weights, and nothing says which layers they belong to.
    #[error("{path} holds weights without their layers: {reason}")]
    NoLayers {
        /// The file.
        path: String,
        /// Why the layers could not be found.
        reason: String,
    },
}

/// Why bytes are no model.
#[derive(Debug)]
enum Refusal {
    File(TensorFileError),
    NoLayers(String),
}

impl From<TensorFileError> for Refusal {
    fn from(reason: TensorFileError) -> Refusal {
        Refusal::File(reason)
    }
}

impl From<String> for Refusal {
    fn from(reason: String) -> Refusal {
        Refusal::File(reason.into())
    }
}

impl From<&str> for Refusal {
    fn from(reason: &str) -> Refusal {
        Refusal::from(reason.to_owned())
    }
}

impl From<std::io::Error> for Refusal {
    fn from(reason: std::io::Error) -> Refusal {
        Refusal::File(reason.into())
    }
}

/// Opens a model from any file. `hint` is used only if the file does not describe its layers.
///
/// # Errors
/// One sentence that names the file and what is wrong with it.
pub fn open(path: &Path, hint: &NetworkHint) -> Result<Opened, ImportError> {
    let read = || -> Result<Opened, Refusal> {
        if let Some(reason) = format::refused_folder(path) {
            return Err(reason.into());
        }
        let mut file = files::open_regular(path)?;
        let n_bytes = file.metadata()?.len();
        read(&mut file, n_bytes, hint)
    };
    caught(read).map_err(|refusal| match refusal {
        Refusal::File(TensorFileError::Invalid(reason)) => {
            let reason = format::refused_by_name(path).unwrap_or(reason);
            ModelFileError::new(path, reason.into()).into()
        }
        Refusal::File(error) => ModelFileError::new(path, error).into(),
        Refusal::NoLayers(reason) => ImportError::NoLayers {
            path: path.display().to_string(),
            reason: files::one_line(&reason),
        },
    })
}

/// Reads a model from the bytes of any file.
///
/// # Errors
/// A reason without a path.
pub fn from_bytes(mut bytes: &[u8], hint: &NetworkHint) -> Result<Opened, String> {
    let n_bytes = bytes.len() as u64;
    let read = || read(&mut bytes, n_bytes, hint);
    caught(read).map_err(|refusal| match refusal {
        Refusal::File(error) => files::one_line(&error.to_string()),
        Refusal::NoLayers(reason) => files::one_line(&reason),
    })
}

/// A panic of a library is the end of one file, not of the program.
fn caught(read: impl FnOnce() -> Result<Opened, Refusal>) -> Result<Opened, Refusal> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err("it is damaged in a way that its reader did not expect".into()))
}

/// Reads a file of `n_bytes`.
fn read(file: &mut impl Read, n_bytes: u64, hint: &NetworkHint) -> Result<Opened, Refusal> {
    if n_bytes > MAX_FILE_BYTES {
        let reason = format!("it has {n_bytes} bytes, the limit is {MAX_FILE_BYTES}");
        return Err(reason.into());
    }
    let mut head = Vec::new();
    file.by_ref().take(N_HEAD).read_to_end(&mut head)?;
    let format = format::recognize(&head, n_bytes)?;
    let mut whole = head.chain(file);
    if format == Format::Safetensors {
        return safetensors::read(&mut whole, n_bytes, hint);
    }
    let content = read_whole(&mut whole, n_bytes)?;
    match format {
        Format::Zip => match format::inside_zip(&content)? {
            format::Archive::PyTorch(folder) => pytorch::read(&content, &folder, hint),
            format::Archive::Keras => keras_archive(content),
        },
        Format::Hdf5 => keras_file(content),
        Format::Onnx | Format::Safetensors => onnx::read(&content),
    }
}

fn read_whole(file: &mut impl Read, n_bytes: u64) -> Result<Vec<u8>, Refusal> {
    let mut content = Vec::new();
    let no_memory = || format!("there is no memory for its {}", bytes(n_bytes));
    let n_bytes = usize::try_from(n_bytes).map_err(|_| no_memory())?;
    content
        .try_reserve_exact(n_bytes)
        .map_err(|_| no_memory())?;
    file.take(n_bytes as u64).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(feature = "keras")]
fn keras_archive(content: Vec<u8>) -> Result<Opened, Refusal> {
    Ok(keras::read_archive(&content)?)
}

#[cfg(feature = "keras")]
fn keras_file(content: Vec<u8>) -> Result<Opened, Refusal> {
    Ok(keras::read_file(content)?)
}

#[cfg(not(feature = "keras"))]
fn keras_archive(_content: Vec<u8>) -> Result<Opened, Refusal> {
    Err("it is a model of Keras, which this build cannot read: it lacks the feature `keras`".into())
}

#[cfg(not(feature = "keras"))]
fn keras_file(content: Vec<u8>) -> Result<Opened, Refusal> {
    keras_archive(content)
}
