//! Transfer learning: the weights of a trained model as the beginning of another run.

use std::path::{Path, PathBuf};

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::import::{self, NetworkHint};
use crate::model::{Classifier, Network, Param};

/// The model whose weights a run starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Its file.
    pub model: PathBuf,
    /// SHA-256 of its weights, so that the run starts from these or not at all.
    pub weights: String,
}

/// Why a run cannot start from a model.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// Its images have another size.
    #[error(
        "the model is for images of {model:?} (channels, height, width), the dataset has {dataset:?}"
    )]
    Input {
        /// The model's input.
        model: [usize; 3],
        /// The dataset's images.
        dataset: [usize; 3],
    },
    /// Its last layer cannot get another number of classes.
    #[error("the model does not end with a dense layer, which could be replaced for other classes")]
    Head,
    /// The file is not the model it was.
    #[error(
        "{} has changed since the run was configured: expected weights {expected}, found {found}",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// The hash in the configuration.
        expected: String,
        /// That of the file.
        found: String,
    },
    /// The network is another one.
    #[error("the model has no weights for {name} of the shape {dims:?}")]
    Weights {
        /// The parameter.
        name: String,
        /// Its shape in PyTorch's layout.
        dims: Vec<usize>,
    },
    /// The file cannot be read.
    #[error("{0}")]
    File(String),
    /// A tensor operation failed.
    #[error("{0}")]
    Candle(#[from] candle_core::Error),
}

impl Start {
    /// The model `source` in the file `path`.
    ///
    /// # Errors
    /// When candle cannot read its weights.
    pub fn new(path: &Path, source: &Classifier) -> Result<Start, TransferError> {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Start {
            model: absolute,
            weights: hash(&source.network)?,
        })
    }

    /// Sets the weights of `network` to those of the model. If it has other `classes`, the last layer
    /// keeps the rows of the classes that both know by name, and begins anew for the others.
    ///
    /// # Errors
    /// When the file is gone or another one, or its network does not fit.
    pub fn load_into(&self, network: &Network, classes: &[String]) -> Result<(), TransferError> {
        // Which network the weights are of is known by now.
        let hint = NetworkHint::Perhaps(network.spec().clone());
        let source = import::open(&self.model, &hint);
        let source = source.map_err(|error| TransferError::File(error.to_string()))?;
        let source = source.classifier;
        let found = hash(&source.network)?;
        if found != self.weights {
            return Err(TransferError::Changed {
                path: self.model.clone(),
                expected: self.weights.clone(),
                found,
            });
        }
        transfer(&source, network, classes)
    }
}

/// SHA-256 of the names and values of all parameters, in PyTorch's layout.
fn hash(network: &Network) -> candle_core::Result<String> {
    let mut hash = Sha256::new();
    for param in network.params() {
        hash.update(param.name.as_bytes());
        for value in values(param)? {
            hash.update(value.to_le_bytes());
        }
    }
    Ok(format!("{:x}", hash.finalize()))
}

/// The values in PyTorch's layout.
fn values(param: &Param) -> candle_core::Result<Vec<f32>> {
    let tensor = param.to_pytorch()?.to_dtype(candle_core::DType::F32)?;
    tensor.flatten_all()?.to_vec1()
}

fn transfer(
    source: &Classifier,
    network: &Network,
    classes: &[String],
) -> Result<(), TransferError> {
    let head = network.spec().head().filter(|_| source.classes != classes);
    let head = head.map(|layer| format!("{layer}."));
    for param in network.params() {
        let missing = || TransferError::Weights {
            name: param.name.clone(),
            dims: param.pytorch_dims(),
        };
        let mut all = source.network.params().iter();
        let found = all.find(|own| own.name == param.name).ok_or_else(missing)?;
        let is_head = head
            .as_ref()
            .is_some_and(|head| param.name.starts_with(head));
        let dims = found.pytorch_dims();
        if is_head && dims.get(1..) == param.pytorch_dims().get(1..) {
            replace_rows(param, found, classes, &source.classes)?;
        } else if dims == param.pytorch_dims() {
            param.set_from_pytorch(&found.to_pytorch()?)?;
        } else {
            return Err(missing());
        }
    }
    Ok(())
}

/// Copies the rows of the classes that both know.
fn replace_rows(
    param: &Param,
    found: &Param,
    classes: &[String],
    known: &[String],
) -> candle_core::Result<()> {
    let (mut new, old) = (values(param)?, values(found)?);
    let len = new.len() / classes.len().max(1);
    for (class, row) in classes.iter().zip(new.chunks_exact_mut(len.max(1))) {
        if let Some(at) = known.iter().position(|name| name == class)
            && let Some(old) = old.chunks_exact(len.max(1)).nth(at)
        {
            row.copy_from_slice(old);
        }
    }
    let dims = param.pytorch_dims();
    param.set_from_pytorch(&Tensor::from_vec(new, dims, param.var.device())?)
}
