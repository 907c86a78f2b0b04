//! A run on disk. The folder is the only source: it can be moved, copied and opened anywhere.
//!
//! ```text
//! run.toml           what decided the run: configuration, data, versions, machine
//! events.jsonl       what happened, one event per line, as it happened; `events.jsonl.damaged` is
//!                    what was damaged when the run was resumed
//! checkpoints/       full states to resume from, the newest ones
//! start.safetensors  the model that a fine-tuned run started from
//! rollback/          rollback states of these checkpoints
//! model.safetensors  the model at the end
//! summary.json       how it ended
//! notes.toml         name, note, tags and star given by the user
//! notes.lock         locked while they are changed
//! run.lock           locked by the process that writes the run
//! ```
//!
//! Model and summary appear when the run ends; a folder without them that is not locked was
//! interrupted.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::checkpoints;
use super::error::{RunFolderError, invalid, io};
use super::file_names::{MANIFEST, MODEL_FILE, START, SUMMARY};
use super::kept_events::readable;
use super::manifest::{FORMAT_VERSION, Manifest};
use super::state::RunState;
use super::tail::{EVENTS, Tail};
use crate::files::{self, TomlError};
use crate::train::{Checkpoint, Finish, Metrics, Outcome, TrainConfig};

/// `summary.json`: how a run ended, without replaying its events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How it ended.
    pub finish: Finish,
    /// On the test images.
    pub test: Option<Metrics>,
    /// On the validation images after the last epoch.
    pub validation: Option<Metrics>,
    /// Epochs done, fractions included.
    pub epochs: f64,
    /// Seconds each finished epoch took to train.
    pub epoch_secs: Vec<f64>,
    /// Seconds of training.
    pub train_secs: f64,
    /// Training images seen.
    pub images: u64,
}

impl Summary {
    /// Summarizes a run that has ended.
    pub fn new(outcome: &Outcome) -> Summary {
        Summary {
            finish: outcome.finish.clone(),
            test: outcome.test,
            validation: outcome.validation,
            epochs: outcome.epochs,
            epoch_secs: outcome.epoch_secs.clone(),
            train_secs: outcome.train_secs,
            images: outcome.images,
        }
    }
}

/// The folder of a run, old or live.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
    manifest: Manifest,
}

impl RunFolder {
    /// The configuration to start the run over with: a fine-tuned one starts from its own copy of the
    /// model, wherever the original is.
    pub fn first_config(&self) -> TrainConfig {
        let mut config = self.manifest.config.clone();
        let copy = self.path.join(START);
        if let Some(start) = config.start.as_mut().filter(|_| copy.is_file()) {
            start.model = copy;
        }
        config
    }

    /// Returns whether there is a run in the folder `path`.
    pub fn is_at(path: &Path) -> bool {
        path.join(MANIFEST).is_file()
    }

    /// Opens the run in the folder `path`.
    ///
    /// # Errors
    /// When there is no run, or it was written by a newer version.
    pub fn open(path: &Path) -> Result<RunFolder, RunFolderError> {
        /// Read first, to distinguish a newer format from a broken file.
        #[derive(Deserialize)]
        struct Version {
            format_version: u32,
        }
        let file = path.join(MANIFEST);
        let text = files::read_text_file(&file).map_err(io("read", &file))?;
        let bad = |e: TomlError| invalid(&file, files::one_line(&e.to_string()));
        let Version { format_version } = files::parse_toml(&text).map_err(bad)?;
        if format_version > FORMAT_VERSION {
            let reason = format!(
                "it has format {format_version}, and this version reads up to {FORMAT_VERSION}: \
                 update Candle Studio"
            );
            return Err(invalid(&file, reason));
        }
        Ok(RunFolder {
            path: path.to_owned(),
            manifest: files::parse_toml(&text).map_err(bad)?,
        })
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns its manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the path of the model, which exists once the run has ended.
    pub fn model_path(&self) -> PathBuf {
        self.path.join(MODEL_FILE)
    }

    /// Reads how the run ended; `None` if it has not, or was interrupted.
    ///
    /// # Errors
    /// When the file exists but cannot be read.
    pub fn summary(&self) -> Result<Option<Summary>, RunFolderError> {
        let file = self.path.join(SUMMARY);
        match files::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|e| invalid(&file, e)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(io("read", &file)(e)),
        }
    }

    /// Reads the newest checkpoint of the run, to resume from, with its rollback states.
    ///
    /// # Errors
    /// When none can be read; [`RunFolderError::NoCheckpoint`] when there is none.
    pub fn latest_checkpoint(&self) -> Result<Checkpoint, RunFolderError> {
        Ok(checkpoints::latest(&self.path)?.0)
    }

    /// Reads the newest checkpoint that can be read, and describes why a newer one was passed over,
    /// in one sentence without capital and period.
    ///
    /// # Errors
    /// As [`RunFolder::latest_checkpoint`].
    pub fn resume_point(&self) -> Result<(Checkpoint, Option<String>), RunFolderError> {
        let (checkpoint, problem) = checkpoints::latest(&self.path)?;
        let step = checkpoint.step();
        let problem = problem.map(|problem| {
            let what = match problem {
                RunFolderError::Invalid { path, reason } => format!("{path} ({reason})"),
                other => other.to_string(),
            };
            format!("passed over {what}: the run continues from update {step}")
        });
        Ok((checkpoint, problem))
    }

    /// Reads the checkpoint after `step` updates.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn checkpoint(&self, step: u64) -> Result<Checkpoint, RunFolderError> {
        checkpoints::at(&self.path, step)
    }

    /// Reads every readable checkpoint, oldest first.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>, RunFolderError> {
        checkpoints::all(&self.path)
    }

    /// Lists the updates with a checkpoint, oldest first, without that of the best epoch.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub fn checkpoint_steps(&self) -> Result<Vec<u64>, RunFolderError> {
        checkpoints::steps(&self.path)
    }

    /// Reads the checkpoint after the epoch with the best validation metric.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn best_checkpoint(&self) -> Result<Checkpoint, RunFolderError> {
        checkpoints::best_of(&self.path)
    }

    /// Describes how a run without a checkpoint is resumed, in one sentence without a full stop.
    ///
    /// # Errors
    /// When the run is a branch, whose first state is lost, or its events cannot be read.
    pub fn restarts(&self) -> Result<String, RunFolderError> {
        let name = &self.manifest.name;
        if let Some(parent) = &self.manifest.parent {
            return Err(RunFolderError::LostBranch {
                name: name.clone(),
                parent: parent.to_string(),
            });
        }
        let state = self.replay_readable()?;
        let n_updates = state.points.last().map_or(0, |p| p.step);
        let changes = match state.changes.len() {
            0 => "",
            _ => ", without the settings that were changed during training",
        };
        Ok(format!(
            "{name} ended after update {n_updates}, before its first checkpoint: it starts over at \
             update 0{changes}"
        ))
    }

    /// Replays the run from those of its events that can be read, of which there may be none.
    ///
    /// # Errors
    /// When the system refuses the file.
    pub fn replay_readable(&self) -> Result<RunState, RunFolderError> {
        let file = self.path.join(EVENTS);
        let events = match std::fs::read(&file) {
            Err(e) if e.kind() == ErrorKind::NotFound => Vec::new(),
            events => events.map_err(io("read", &file))?,
        };
        let mut state = RunState::new(&self.manifest.name, self.manifest.config.clone());
        readable(&events).for_each(|event| state.apply(&event));
        Ok(state)
    }

    /// Replays the run from its events. A torn last line, left by a crash in the middle of a write,
    /// is ignored.
    ///
    /// # Errors
    /// When the events cannot be read.
    pub fn replay(&self) -> Result<RunState, RunFolderError> {
        let mut state = RunState::new(&self.manifest.name, self.manifest.config.clone());
        for event in Tail::new(&self.path).read()?.events {
            state.apply(&event);
        }
        Ok(state)
    }
}
