//! The weights of each layer, in the order in which Keras makes them.

use std::collections::HashMap;

use hdf5_pure::{AttrValue, Dataset, File, Group};

use super::config::Config;
use crate::import::weight::Weight;
use crate::text::bytes;

/// Most weights of one layer that are looked for in an archive.
const MAX_WEIGHTS: usize = 16;

/// An open file of weights.
pub(super) struct Weights {
    file: File,
    n_bytes: u64,
    /// The configuration, if it is in the same file.
    config: Option<String>,
    /// In an archive, the folders of each layer's weights.
    folders: Option<HashMap<String, Vec<String>>>,
}

impl Weights {
    /// Opens a file with a configuration.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn of_file(content: Vec<u8>) -> Result<Weights, String> {
        let (file, n_bytes) = open(content)?;
        let attributes = file.root().attrs().map_err(damaged)?;
        Ok(Weights {
            config: attributes
                .get("model_config")
                .and_then(AttrValue::as_str)
                .map(str::to_owned),
            file,
            n_bytes,
            folders: None,
        })
    }

    /// Opens the weights of an archive.
    ///
    /// # Errors
    /// When they are damaged.
    pub fn of_archive(content: Vec<u8>, config: &Config) -> Result<Weights, String> {
        let (file, n_bytes) = open(content)?;
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let mut folders = HashMap::new();
        for layer in &config.layers {
            let Some((key, inside)) = folder(&layer.class) else {
                continue;
            };
            // Layers of the same class are numbered.
            let n = counts.entry(key).or_default();
            let own = match *n {
                0 => format!("layers/{key}"),
                n => format!("layers/{key}_{n}"),
            };
            *n += 1;
            let all = inside.iter().map(|inside| format!("{own}{inside}/vars"));
            folders.insert(layer.name.clone(), all.collect());
        }
        Ok(Weights {
            file,
            n_bytes,
            config: None,
            folders: Some(folders),
        })
    }

    /// The configuration.
    ///
    /// # Errors
    /// When there is none.
    pub fn config(&self) -> Result<&str, String> {
        self.config.as_deref().ok_or_else(|| {
            "it is an HDF5 file without a `model_config`: weights of Keras without their layers, or \
             something else; save the whole model: model.save(\"model.keras\")"
                .to_owned()
        })
    }

    /// The weights of the layer `name`.
    ///
    /// # Errors
    /// When they are damaged.
    pub fn of(&self, name: &str) -> Result<Vec<Weight>, String> {
        match &self.folders {
            Some(folders) => {
                let folders = folders.get(name).map_or(&[][..], Vec::as_slice);
                let found = folders.iter().map(|folder| self.numbered(folder));
                Ok(found.collect::<Result<Vec<_>, _>>()?.concat())
            }
            None => self.named(name),
        }
    }

    /// `vars/0`, `vars/1`, …
    fn numbered(&self, folder: &str) -> Result<Vec<Weight>, String> {
        let Ok(group) = self.file.group(folder) else {
            return Ok(Vec::new());
        };
        let n = group.datasets().map_err(damaged)?.len().min(MAX_WEIGHTS);
        (0..n)
            .map(|idx| self.weight(group.dataset(&idx.to_string())))
            .collect()
    }

    /// The names are an attribute of the layer's group.
    fn named(&self, layer: &str) -> Result<Vec<Weight>, String> {
        let group = self.group_of(layer).map_err(damaged)?;
        let attributes = group.attrs().map_err(damaged)?;
        let Some(names) = attributes
            .get("weight_names")
            .and_then(AttrValue::as_strings)
        else {
            return Ok(Vec::new());
        };
        let names = names.iter().take(MAX_WEIGHTS);
        names
            .map(|name| self.weight(group.dataset(name.trim_end_matches('\0'))))
            .collect()
    }

    fn group_of(&self, layer: &str) -> Result<Group, hdf5_pure::Error> {
        self.file.group("model_weights")?.group(layer)
    }

    fn weight(&self, dataset: Result<Dataset, hdf5_pure::Error>) -> Result<Weight, String> {
        let dataset = dataset.map_err(damaged)?;
        let dims = dataset.shape().map_err(damaged)?;
        let n = dims.iter().try_fold(1u64, |n, &d| n.checked_mul(d));
        // They are floats of two bytes at least, packed in half of that at best.
        if n.is_none_or(|n| n > self.n_bytes) {
            return Err(format!(
                "its weights claim a shape {dims:?} in a file of {}",
                bytes(self.n_bytes)
            ));
        }
        let values = dataset.read_f32().map_err(damaged)?;
        let dims: Vec<usize> = dims.iter().map(|&d| d as usize).collect();
        match dims.iter().product::<usize>() == values.len() {
            true => Ok(Weight { dims, values }),
            false => Err(format!("{} values for a shape {dims:?}", values.len())),
        }
    }
}

fn open(content: Vec<u8>) -> Result<(File, u64), String> {
    let n_bytes = content.len() as u64;
    Ok((File::from_bytes(content).map_err(damaged)?, n_bytes))
}

fn damaged(error: hdf5_pure::Error) -> String {
    format!("its weights cannot be read ({error})")
}

/// The folder of a class in an archive, and the folders inside that hold weights.
fn folder(class: &str) -> Option<(&'static str, &'static [&'static str])> {
    Some(match class {
        "Conv2D" => ("conv2d", &[""]),
        "DepthwiseConv2D" => ("depthwise_conv2d", &[""]),
        "SeparableConv2D" => ("separable_conv2d", &[""]),
        "Dense" => ("dense", &[""]),
        "BatchNormalization" => ("batch_normalization", &[""]),
        "LayerNormalization" => ("layer_normalization", &[""]),
        "Normalization" => ("normalization", &[""]),
        "SimpleRNN" => ("simple_rnn", &["/cell"]),
        "LSTM" => ("lstm", &["/cell"]),
        "GRU" => ("gru", &["/cell"]),
        "Bidirectional" => (
            "bidirectional",
            &["/forward_layer/cell", "/backward_layer/cell"],
        ),
        _ => return None,
    })
}
