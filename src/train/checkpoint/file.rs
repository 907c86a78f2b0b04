//! A checkpoint as a file: safetensors with one JSON string among its metadata.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use candle_core::{Device, Tensor};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use super::way_back::Written;
use super::{Checkpoint, Cursor};
use crate::model::{Held, Param};
use crate::train::{Kept, OptimizerState, TrainConfig};

/// Version of the checkpoint's layout. A newer one is refused; in version 1 the weights of a dense
/// layer that reads an image lay by channel, see [`Held::ByPixel`].
const FORMAT_VERSION: u32 = 2;

/// Key of our JSON string among the file's metadata.
const METADATA_KEY: &str = "candle_studio_checkpoint";

/// The JSON string in the file.
#[derive(Serialize, Deserialize)]
struct Description {
    format_version: u32,
    step: u64,
    config: TrainConfig,
    cursor: Cursor,
    /// Files of the first versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    way_back: Option<Written>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n_event_bytes: Option<u64>,
}

impl Checkpoint {
    /// The bytes of a checkpoint file: safetensors with one JSON string. The states to go back to
    /// are only named in it, see [`WayBack`](super::WayBack).
    ///
    /// # Errors
    /// When the configuration has no JSON form.
    pub fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        let description = Description {
            format_version: FORMAT_VERSION,
            step: self.step(),
            config: self.config.clone(),
            cursor: self.cursor.clone(),
            way_back: self.way_back.as_ref().map(Written::new),
            n_event_bytes: self.n_event_bytes,
        };
        let json = serde_json::to_string(&description)?;
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), json)]);
        let mut entries = Vec::new();
        for (idx, (name, dims, values)) in self.tensors.iter().enumerate() {
            entries.push((name.clone(), dims.clone(), le_bytes(values)));
            let moments = [
                ("first", &self.optimizer.first),
                ("second", &self.optimizer.second),
            ];
            for (prefix, moment) in moments {
                let values = &moment[idx];
                entries.push((
                    format!("{prefix}.{name}"),
                    vec![values.len()],
                    le_bytes(values),
                ));
            }
            for (prefix, kept) in self.kept.parts() {
                if let Some(values) = kept.get(idx) {
                    entries.push((format!("{prefix}.{name}"), dims.clone(), le_bytes(values)));
                }
            }
        }
        let views = entries
            .iter()
            .map(|(name, dims, bytes)| {
                Ok((
                    name.as_str(),
                    TensorView::new(Dtype::F32, dims.clone(), bytes)?,
                ))
            })
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
        Ok(safetensors::serialize(views, Some(metadata))?)
    }

    /// Reads a checkpoint from the bytes of a file; the error is a reason without a place.
    ///
    /// # Errors
    /// When the file is cut short, foreign, or newer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Checkpoint, String> {
        let incomplete = |e| format!("it is not a complete safetensors file ({e})");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(incomplete)?;
        let json = header
            .metadata()
            .as_ref()
            .and_then(|m| m.get(METADATA_KEY))
            .ok_or_else(|| format!("its metadata has no `{METADATA_KEY}` entry"))?;
        let description: Description = serde_json::from_str(json)
            .map_err(|e| format!("its `{METADATA_KEY}` entry cannot be understood ({e})"))?;
        if description.format_version > FORMAT_VERSION {
            return Err(format!(
                "it has format {}, this version reads up to {FORMAT_VERSION}: update Candle Studio",
                description.format_version
            ));
        }
        let file = SafeTensors::deserialize(bytes).map_err(incomplete)?;
        let mut optimizer = OptimizerState::new(0);
        optimizer.step = description.step;
        let mut tensors = Vec::new();
        let mut kept = Kept::default();
        for name in param_names(&file) {
            let view = file.tensor(&name).map_err(|e| e.to_string())?;
            optimizer.first.push(moment(&file, "first", &name)?);
            optimizer.second.push(moment(&file, "second", &name)?);
            for (prefix, values) in [("average", &mut kept.average), ("best", &mut kept.best)] {
                if let Ok(view) = file.tensor(&format!("{prefix}.{name}")) {
                    values.push(f32s(&view)?);
                }
            }
            tensors.push((name, view.shape().to_vec(), f32s(&view)?));
        }
        Ok(Checkpoint {
            config: description.config,
            cursor: description.cursor,
            optimizer,
            kept,
            way_back: description.way_back.map(Written::read),
            n_event_bytes: description.n_event_bytes,
            tensors,
            is_by_channel: description.format_version == 1,
        })
    }

    /// The marks of the states that the checkpoint in `file` names, see [`Checkpoint::mark`]; `None`
    /// when it cannot be read. The tensors are not.
    pub fn marks_in(file: &Path) -> Option<Vec<String>> {
        let mut file = File::open(file).ok()?;
        let mut size = [0; 8];
        file.read_exact(&mut size).ok()?;
        // The header ends before the tensors; the crate reads it from a whole file only.
        let header = file.take(u64::from_le_bytes(size));
        let header: serde_json::Value = serde_json::from_reader(BufReader::new(header)).ok()?;
        let json = header.get("__metadata__")?.get(METADATA_KEY)?.as_str()?;
        let description: Description = serde_json::from_str(json).ok()?;
        description.way_back.map(|way_back| way_back.read().unread)
    }

    /// Puts the tensors in the order of `params`, and each as it is held: a file keeps an order of
    /// its own.
    pub fn sort_like(&mut self, params: &[Param]) {
        let at = |p: &Param| self.tensors.iter().position(|(name, ..)| *name == p.name);
        let order: Option<Vec<usize>> = params.iter().map(at).collect();
        // A checkpoint of other parameters does not fit, and is told so elsewhere.
        let Some(order) = order else { return };
        let state = &mut self.optimizer;
        let lists = [
            &mut state.first,
            &mut state.second,
            &mut self.kept.average,
            &mut self.kept.best,
        ];
        for list in lists {
            if list.len() == order.len() {
                *list = order
                    .iter()
                    .map(|&i| std::mem::take(&mut list[i]))
                    .collect();
            }
        }
        let tensors = order.iter().map(|&i| self.tensors[i].clone());
        self.tensors = tensors.collect();
        if std::mem::take(&mut self.is_by_channel) {
            self.turn_to_pixels(params);
        }
    }

    /// Brings what is in the order of `params` but lies by channel into the way it is held.
    fn turn_to_pixels(&mut self, params: &[Param]) {
        let turn = |param: &Param, values: &mut Vec<f32>| {
            let rows = Tensor::from_slice(values, param.var.dims(), &Device::Cpu);
            let held = rows.and_then(|rows| param.held.order_rows(&rows)?.flatten_all()?.to_vec1());
            // What does not fit the network, or was empty, stays as it is.
            if let Ok(held) = held {
                *values = held;
            }
        };
        let lists = [
            &mut self.optimizer.first,
            &mut self.optimizer.second,
            &mut self.kept.average,
            &mut self.kept.best,
        ];
        let others = lists.into_iter().flat_map(|list| params.iter().zip(list));
        let own = self.tensors.iter_mut().map(|(_, _, values)| values);
        let all = params.iter().zip(own).chain(others);
        all.filter(|(param, _)| matches!(param.held, Held::ByPixel { .. }))
            .for_each(|(param, values)| turn(param, values));
    }
}

/// Names of the network's own tensors: those with moments beside them.
fn param_names(file: &SafeTensors<'_>) -> Vec<String> {
    let mut names: Vec<String> = file
        .names()
        .into_iter()
        .filter_map(|name| name.strip_prefix("first."))
        .map(str::to_owned)
        .collect();
    names.sort();
    names
}

fn moment(file: &SafeTensors<'_>, prefix: &str, name: &str) -> Result<Vec<f32>, String> {
    let view = file
        .tensor(&format!("{prefix}.{name}"))
        .map_err(|_| format!("it has no tensor `{prefix}.{name}`"))?;
    f32s(&view)
}

fn f32s(view: &TensorView<'_>) -> Result<Vec<f32>, String> {
    if view.dtype() != Dtype::F32 {
        return Err(format!(
            "a tensor should hold F32, it holds {:?}",
            view.dtype()
        ));
    }
    let bytes = view.data().chunks_exact(4);
    Ok(bytes
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect())
}

fn le_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Copies;
    use crate::model::{Init, Network, preset};

    /// A file of version 1, with the rows of dense weights by channel, and what it should be now.
    #[test]
    fn rows_of_an_older_file_come_into_their_order() {
        let preset = preset("keras-cnn").unwrap();
        let spec = preset.spec([1, 28, 28], 10);
        let network = Network::new(&spec, Init::GlorotUniform, 1, &Device::Cpu).unwrap();
        let params = network.params();
        let mut optimizer = OptimizerState::new(params.len());
        let values = |p: &Param| p.var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        optimizer.first = params.iter().map(values).collect();
        optimizer.second = params
            .iter()
            .map(|p| vec![0.5; p.var.elem_count()])
            .collect();
        let kept = Kept {
            average: optimizer.first.clone(),
            best: Vec::new(),
        };
        let config = TrainConfig::new(preset, [1, 28, 28], 10, 100);
        let mut copies = Copies::default();
        let cursor = Cursor::default();
        let now = Checkpoint::new(&config, &cursor, &optimizer, kept, params, &mut copies).unwrap();

        let mut older = now.clone();
        for (idx, param) in params.iter().enumerate() {
            if matches!(param.held, Held::ByPixel { .. }) {
                let rows = param.to_pytorch().unwrap().t().unwrap();
                let rows: Vec<f32> = rows
                    .contiguous()
                    .unwrap()
                    .flatten_all()
                    .unwrap()
                    .to_vec1()
                    .unwrap();
                assert_ne!(rows, older.tensors[idx].2);
                older.tensors[idx].2.clone_from(&rows);
                older.optimizer.first[idx].clone_from(&rows);
                older.kept.average[idx].clone_from(&rows);
            }
        }
        let mut bytes = older.to_bytes().unwrap();
        let version = br#"format_version\":2"#;
        let at = bytes
            .windows(version.len())
            .position(|w| w == version)
            .unwrap();
        bytes[at + version.len() - 1] = b'1';
        let mut read = Checkpoint::from_bytes(&bytes).unwrap();
        read.sort_like(params);
        assert_eq!(read, now);
    }
}
