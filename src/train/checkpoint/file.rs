//! A checkpoint as a file: safetensors with one JSON string among its metadata.

use std::io::Read;
use std::path::Path;

use safetensors::Dtype;
use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use super::extra_weights::ExtraWeights;
use super::rollback::Written;
use super::{Checkpoint, CheckpointError};
use crate::files;
use crate::model::{ModelSpec, TensorFile, TensorFileError, TensorHeader, TensorWriter};
use crate::train::config::TrainConfig;
use crate::train::optim::OptimizerState;

/// Version of the checkpoint format. A newer one is refused. In version 1 the weights of a dense
/// layer behind an image were in channel order, see
/// [`WeightLayout::ChannelsLastRows`](crate::model::WeightLayout::ChannelsLastRows).
const FORMAT_VERSION: u32 = 2;

/// Key of our JSON string in the file's metadata.
const METADATA_KEY: &str = "candle_studio_checkpoint";

/// The JSON string in the file.
#[derive(Serialize, Deserialize)]
struct Description {
    format_version: u32,
    step: u64,
    config: TrainConfig,
    cursor: Cursor,
    /// Missing in files of the first versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollback: Option<Written>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n_event_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
}

impl From<TensorFileError> for CheckpointError {
    fn from(error: TensorFileError) -> CheckpointError {
        match error {
            TensorFileError::Io(source) => CheckpointError::Io(source),
            TensorFileError::Invalid(reason) => reason.into(),
        }
    }
}

impl Checkpoint {
    /// Returns the bytes of a checkpoint file: safetensors with one JSON string. The rollback
    /// states are only named in it, see [`RollbackStates`](super::RollbackStates).
    ///
    /// # Errors
    /// When the configuration has no JSON form.
    pub fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        let description = Description {
            format_version: FORMAT_VERSION,
            step: self.step(),
            config: self.config.clone(),
            cursor: self.cursor.clone(),
            rollback: self.rollback.as_ref().map(Written::new),
            n_event_bytes: self.n_event_bytes,
            after: self.after,
        };
        let json = serde_json::to_string(&description)?;
        let mut tensors = TensorWriter::default();
        for (idx, (name, dims, values)) in self.tensors.iter().enumerate() {
            tensors.push_f32(name.clone(), dims.clone(), values);
            let moments = [
                ("first", &self.optimizer.first),
                ("second", &self.optimizer.second),
            ];
            for (prefix, moment) in moments {
                let values = &moment[idx];
                tensors.push_f32(format!("{prefix}.{name}"), vec![values.len()], values);
            }
            for (prefix, kept) in self.kept.parts() {
                if let Some(values) = kept.get(idx) {
                    tensors.push_f32(format!("{prefix}.{name}"), dims.clone(), values);
                }
            }
        }
        Ok(tensors.into_bytes(&[(METADATA_KEY, &json)])?)
    }

    /// Reads the checkpoint in the file `path`. Its header is checked completely before its data is
    /// read.
    ///
    /// # Errors
    /// When it cannot be read, is truncated, of another format, or newer.
    pub fn load(path: &Path) -> Result<Checkpoint, CheckpointError> {
        let mut file = files::open_regular(path)?;
        let n_bytes = file.metadata()?.len();
        Checkpoint::read(&mut file, n_bytes)
    }

    /// Reads a checkpoint from the bytes of a file, as [`Checkpoint::to_bytes`] returns them.
    ///
    /// # Errors
    /// When it is truncated, of another format, or newer.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
        let n_bytes = bytes.len() as u64;
        Checkpoint::read(&mut bytes, n_bytes)
    }

    /// Reads a checkpoint from a file of `n_bytes`; the error is a reason without a path.
    fn read(file: &mut impl Read, n_bytes: u64) -> Result<Checkpoint, CheckpointError> {
        let header = TensorHeader::read(file, n_bytes)?;
        let description = describe(&header)?;
        let names = check_tensors(&description.config.model, &header)?;
        let file = header.with_data(file)?;
        let mut optimizer = OptimizerState::new(0);
        optimizer.step = description.step;
        let mut tensors = Vec::new();
        let mut kept = ExtraWeights::default();
        for name in names {
            let (dims, values) = f32s(&file, &name)?;
            optimizer
                .first
                .push(f32s(&file, &format!("first.{name}"))?.1);
            optimizer
                .second
                .push(f32s(&file, &format!("second.{name}"))?.1);
            for (prefix, values) in [("average", &mut kept.average), ("best", &mut kept.best)] {
                let name = format!("{prefix}.{name}");
                if file.tensor(&name).is_ok() {
                    values.push(f32s(&file, &name)?.1);
                }
            }
            tensors.push((name, dims, values));
        }
        Ok(Checkpoint {
            config: description.config,
            cursor: description.cursor,
            optimizer,
            kept,
            rollback: description.rollback.map(Written::read),
            n_event_bytes: description.n_event_bytes,
            after: description.after,
            tensors,
            has_channel_order: description.format_version == 1,
        })
    }

    /// Returns the marks of the rollback states that the checkpoint in `file` names, see
    /// [`Checkpoint::mark`]; `None` when it cannot be read. Reads no tensors.
    pub fn marks_in(file: &Path) -> Option<Vec<String>> {
        let mut file = files::open_regular(file).ok()?;
        let n_bytes = file.metadata().ok()?.len();
        let header = TensorHeader::read(&mut file, n_bytes).ok()?;
        describe(&header)
            .ok()?
            .rollback
            .map(|rollback| rollback.read().unread)
    }
}

/// The JSON string of a checkpoint.
fn describe(header: &TensorHeader) -> Result<Description, String> {
    let json = header
        .metadata(METADATA_KEY)
        .ok_or_else(|| format!("its metadata has no `{METADATA_KEY}` entry"))?;
    let description: Description = serde_json::from_str(json)
        .map_err(|e| format!("its `{METADATA_KEY}` entry cannot be parsed ({e})"))?;
    if description.format_version > FORMAT_VERSION {
        return Err(format!(
            "it has format {}, this version reads up to {FORMAT_VERSION}: update Candle Studio",
            description.format_version
        ));
    }
    Ok(description)
}

/// Checks that the file holds the tensors of a network of `model`, with their moments, and nothing
/// else; returns the tensors' names, sorted.
fn check_tensors(model: &ModelSpec, header: &TensorHeader) -> Result<Vec<String>, String> {
    let shapes = model
        .param_shapes()
        .map_err(|e| format!("its network cannot be built: {e}"))?;
    let mut n_found = 0;
    for shape in &shapes {
        let name = &shape.name;
        n_found += 3;
        let n_values: usize = shape.dims.iter().product();
        header.expect(name, Dtype::F32, &shape.dims)?;
        for moment in ["first", "second"] {
            // A moment that the optimizer does not use is empty.
            let name = format!("{moment}.{name}");
            let is_empty = header.info(&name).is_some_and(|info| info.shape == [0]);
            header.expect(&name, Dtype::F32, &[if is_empty { 0 } else { n_values }])?;
        }
        for kept in ["average", "best"] {
            let name = format!("{kept}.{name}");
            if header.info(&name).is_some() {
                header.expect(&name, Dtype::F32, &shape.dims)?;
                n_found += 1;
            }
        }
    }
    let n_tensors = header.names().len();
    if n_found != n_tensors {
        return Err(format!(
            "it holds {n_tensors} tensors, its layers need {n_found}"
        ));
    }
    let mut names: Vec<String> = shapes.into_iter().map(|shape| shape.name).collect();
    names.sort();
    Ok(names)
}

/// Shape and values of a tensor.
fn f32s(file: &TensorFile, name: &str) -> Result<(Vec<usize>, Vec<f32>), String> {
    let (info, bytes) = file.tensor(name)?;
    let (words, _) = bytes.as_chunks();
    let values = words.iter().map(|&b| f32::from_le_bytes(b)).collect();
    Ok((info.shape.clone(), values))
}
