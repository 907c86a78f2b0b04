//! Checkpoints on disk.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::best_epoch::BestBy;
use super::error::{RunFolderError, invalid, io};
use super::rollback::{self, Named};
use crate::files;
use crate::stats::most_crowded;
use crate::train::{Checkpoint, CheckpointError};

/// Folder of a run's checkpoints.
pub(super) const CHECKPOINTS: &str = "checkpoints";

/// The state after the best epoch so far.
const BEST: &str = "best.safetensors";

/// Which checkpoints stay on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointPolicy {
    /// Number of the newest ones, at least 1; all but the first are fallbacks.
    pub keep_last: usize,
    /// Bytes for older ones, spread evenly over the run.
    pub keep_spread: u64,
    /// Whether to keep the one after the epoch with the best validation metric, and which metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_best: Option<BestBy>,
}

impl Default for CheckpointPolicy {
    fn default() -> CheckpointPolicy {
        CheckpointPolicy {
            keep_last: 3,
            keep_spread: 0,
            keep_best: Some(BestBy::Accuracy),
        }
    }
}

/// Writes one checkpoint, and only then removes those that are no longer needed.
pub(super) fn write(
    dir: &Path,
    checkpoint: &Checkpoint,
    policy: CheckpointPolicy,
    named: &mut Named,
) -> Result<(), RunFolderError> {
    files::create_folder(dir).map_err(io("create the folder", dir))?;
    rollback::write(dir, checkpoint)?;
    let file = dir.join(file_name(checkpoint.step()));
    let bytes = checkpoint.to_bytes().map_err(|e| invalid(&file, e))?;
    files::write_atomically(&file, &bytes)?;
    if let Some(by) = policy.keep_best
        && is_best(dir, checkpoint, by)
    {
        files::write_atomically(&dir.join(BEST), &bytes)?;
    }
    named.note(&file, checkpoint);
    let mut all = list(dir)?;
    // A run that was rolled back has left the path of later checkpoints.
    while let Some(later) = all.pop_if(|other| *other > file) {
        std::fs::remove_file(&later).map_err(io("remove", &later))?;
    }
    let newest = all.split_off(all.len().saturating_sub(policy.keep_last.max(1)));
    named.tidy(dir, &newest);
    for old in surplus(all, policy.keep_spread) {
        // One checkpoint too many does no harm.
        let _ = std::fs::remove_file(old);
    }
    Ok(())
}

/// Returns which of the files `old`, oldest first, to remove so that the others take at most
/// `n_bytes`: repeatedly the one whose neighbors are closest.
fn surplus(old: Vec<PathBuf>, n_bytes: u64) -> Vec<PathBuf> {
    let size = |file: &PathBuf| file.metadata().map_or(0, |data| data.len());
    // A file without a number is not one of ours.
    let numbered = old
        .into_iter()
        .filter_map(|file| Some((step_of(&file)?, file)));
    let (mut steps, mut old): (Vec<u64>, Vec<PathBuf>) = numbered.unzip();
    let mut total: u64 = old.iter().map(size).sum();
    let mut gone = Vec::new();
    while total > n_bytes {
        // The newest checkpoints follow close behind the last one.
        let Some(at) = most_crowded(&steps, 0..steps.len()) else {
            break;
        };
        steps.remove(at);
        let file = old.remove(at);
        total -= size(&file);
        gone.push(file);
    }
    gone
}

/// Returns whether the state is the end of an epoch that did better than the best one before.
fn is_best(dir: &Path, checkpoint: &Checkpoint, by: BestBy) -> bool {
    let Some(new) = checkpoint
        .cursor
        .validation
        .filter(|_| checkpoint.cursor.n_done == 0)
    else {
        return false;
    };
    // Ignore an unreadable one, and one of later updates: the run has left that path.
    let old = best(dir).ok().filter(|old| old.step() < checkpoint.step());
    let old = old.and_then(|old| old.cursor.validation);
    old.is_none_or(|old| by.is_better(&new, &old))
}

/// Returns the file of the state after the best epoch.
fn best(dir: &Path) -> Result<Checkpoint, RunFolderError> {
    read(&dir.join(BEST))
}

/// Reads the state in `file`.
fn read(file: &Path) -> Result<Checkpoint, RunFolderError> {
    Checkpoint::load(file).map_err(|error| match error {
        CheckpointError::Io(source) => io("read", file)(source),
        CheckpointError::Invalid(reason) => invalid(file, reason),
    })
}

/// Reads the state of the run in `run` after its best epoch.
pub(super) fn best_of(run: &Path) -> Result<Checkpoint, RunFolderError> {
    best(&run.join(CHECKPOINTS))
}

/// Lists the checkpoint files of the run in `run`, with that of the best epoch.
pub(super) fn state_files(run: &Path) -> Vec<PathBuf> {
    let dir = run.join(CHECKPOINTS);
    let mut files = list(&dir).unwrap_or_default();
    files.push(dir.join(BEST));
    files.retain(|file| file.exists());
    files
}

/// Lists the updates with a checkpoint of the run in `run`, oldest first.
pub(super) fn steps(run: &Path) -> Result<Vec<u64>, RunFolderError> {
    let files = list(&run.join(CHECKPOINTS))?;
    Ok(files.iter().filter_map(|file| step_of(file)).collect())
}

/// Reads every readable checkpoint of the run in `run`, oldest first.
pub(super) fn all(run: &Path) -> Result<Vec<Checkpoint>, RunFolderError> {
    let dir = run.join(CHECKPOINTS);
    let files = list(&dir)?;
    let mut states: Vec<Checkpoint> = files.iter().filter_map(|file| read(file).ok()).collect();
    states.extend(best(&dir).ok());
    states.sort_by_key(Checkpoint::step);
    states.dedup_by_key(|state| state.step());
    Ok(states)
}

/// Lists the checkpoint files in `dir`, oldest first; none if there is no such folder.
fn list(dir: &Path) -> Result<Vec<PathBuf>, RunFolderError> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .map_err(io("read", dir))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|n| n.starts_with("step-") && n.ends_with(".safetensors"))
        })
        .collect();
    files.sort();
    Ok(files)
}

/// Reads the checkpoint of the run in `run` after `step` updates.
pub(super) fn at(run: &Path, step: u64) -> Result<Checkpoint, RunFolderError> {
    let dir = run.join(CHECKPOINTS);
    let file = dir.join(file_name(step));
    if !file.exists() {
        if let Some(best) = best(&dir).ok().filter(|best| best.step() == step) {
            return Ok(best);
        }
        let kept: Vec<String> = steps(run)?.iter().map(u64::to_string).collect();
        let kept = if kept.is_empty() {
            "there are none".to_owned()
        } else {
            format!("there are {}", kept.join(", "))
        };
        return Err(RunFolderError::NoState {
            path: run.display().to_string(),
            step,
            kept,
        });
    }
    read(&file)
}

fn file_name(step: u64) -> String {
    format!("step-{step:010}.safetensors")
}

/// Parses the number in the name of a checkpoint file.
fn step_of(file: &Path) -> Option<u64> {
    let digits = file.file_stem()?.to_str()?.strip_prefix("step-")?;
    digits.parse().ok()
}

/// Reads the newest readable checkpoint of the run in `run`, with its rollback states; and why
/// newer ones were passed over.
pub(super) fn latest(run: &Path) -> Result<(Checkpoint, Option<RunFolderError>), RunFolderError> {
    let dir = run.join(CHECKPOINTS);
    let mut first_problem = None;
    for file in list(&dir)?.iter().rev() {
        match read(file) {
            Ok(mut checkpoint) => {
                rollback::read(&dir, &mut checkpoint);
                return Ok((checkpoint, first_problem));
            }
            Err(error @ RunFolderError::Io { .. }) => return Err(error),
            Err(error) => {
                first_problem.get_or_insert(error);
            }
        }
    }
    Err(
        first_problem.unwrap_or_else(|| RunFolderError::NoCheckpoint {
            path: run.display().to_string(),
        }),
    )
}
