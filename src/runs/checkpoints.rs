//! Checkpoints on disk, written by a thread of their own so that training does not wait for the
//! disk.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::folder::{RunFolderError, invalid, io};
use crate::files;
use crate::train::Checkpoint;

/// Folder of a run's checkpoints.
const CHECKPOINTS: &str = "checkpoints";

/// Checkpoints kept: the newest, and two to fall back to.
const N_KEPT: usize = 3;

/// Writes checkpoints to a run's folder.
#[derive(Debug)]
pub(super) struct CheckpointWriter {
    sender: Option<SyncSender<Checkpoint>>,
    thread: Option<JoinHandle<()>>,
    problem: Arc<Mutex<Option<RunFolderError>>>,
}

impl CheckpointWriter {
    /// Starts the thread.
    pub(super) fn new(run: &Path) -> std::io::Result<CheckpointWriter> {
        let dir = run.join(CHECKPOINTS);
        let problem = Arc::new(Mutex::new(None));
        // One waits while one is written; with more, training waits rather than fill the memory.
        let (sender, receiver) = sync_channel::<Checkpoint>(1);
        let thread = std::thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn({
                let problem = problem.clone();
                move || {
                    for checkpoint in receiver {
                        let result = write(&dir, &checkpoint);
                        *problem.lock().unwrap_or_else(PoisonError::into_inner) = result.err();
                    }
                }
            })?;
        Ok(CheckpointWriter {
            sender: Some(sender),
            thread: Some(thread),
            problem,
        })
    }

    /// Queues a checkpoint.
    pub(super) fn write(&self, checkpoint: Checkpoint) {
        if let Some(sender) = &self.sender {
            // The thread lives as long as the sender.
            let _ = sender.send(checkpoint);
        }
    }

    /// Waits until everything is written, and says whether the newest checkpoint is on disk.
    pub(super) fn finish(mut self) -> Result<(), RunFolderError> {
        self.join();
        let mut problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        problem.take().map_or(Ok(()), Err)
    }

    fn join(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // What it could not do, it has told.
            let _ = thread.join();
        }
    }
}

impl Drop for CheckpointWriter {
    fn drop(&mut self) {
        self.join();
    }
}

/// Writes one checkpoint, and only then removes the oldest.
fn write(dir: &Path, checkpoint: &Checkpoint) -> Result<(), RunFolderError> {
    std::fs::create_dir_all(dir).map_err(io("create the folder", dir))?;
    let file = dir.join(format!("step-{:010}.safetensors", checkpoint.step()));
    let bytes = checkpoint.to_bytes().map_err(|e| invalid(&file, e))?;
    files::write_atomically(&file, &bytes)?;
    let mut all = list(dir)?;
    let n_old = all.len().saturating_sub(N_KEPT);
    for old in all.drain(..n_old) {
        // One checkpoint too many does no harm.
        let _ = std::fs::remove_file(old);
    }
    Ok(())
}

/// The checkpoint files in `dir`, oldest first; none when there is no such folder.
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

/// The newest checkpoint of the run in `run` that can be read.
pub(super) fn latest(run: &Path) -> Result<Checkpoint, RunFolderError> {
    let dir = run.join(CHECKPOINTS);
    let mut first_problem = None;
    for file in list(&dir)?.iter().rev() {
        let bytes = std::fs::read(file).map_err(io("read", file))?;
        match Checkpoint::from_bytes(&bytes) {
            Ok(checkpoint) => return Ok(checkpoint),
            Err(reason) => {
                first_problem.get_or_insert(invalid(file, reason));
            }
        }
    }
    Err(first_problem
        .unwrap_or_else(|| invalid(&dir, "there is no checkpoint to go on from".to_owned())))
}
