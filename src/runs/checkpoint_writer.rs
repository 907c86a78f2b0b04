//! Writes checkpoints on a separate thread, so that training does not wait for the disk.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::checkpoints::{CHECKPOINTS, CheckpointPolicy, write};
use super::error::{RunFolderError, io};
use super::rescue::RunPlace;
use super::rollback::Named;
use super::tail::EVENTS;
use crate::files;
use crate::train::Checkpoint;

/// Writes checkpoints to a run's folder.
#[derive(Debug)]
pub(super) struct CheckpointWriter {
    sender: Option<SyncSender<Checkpoint>>,
    thread: Option<JoinHandle<()>>,
    problem: Arc<Mutex<Problem>>,
    policy: Arc<Mutex<CheckpointPolicy>>,
}

/// Why the newest checkpoint is not on disk.
#[derive(Debug, Default)]
struct Problem {
    error: Option<RunFolderError>,
    /// Whether it was reported.
    is_told: bool,
}

impl CheckpointWriter {
    /// Starts the thread. `events` is the file of the run's events.
    pub(super) fn new(
        run: &Path,
        events: &File,
        place: Arc<Mutex<RunPlace>>,
    ) -> std::io::Result<CheckpointWriter> {
        let dir = run.join(CHECKPOINTS);
        let events = events.try_clone()?;
        let problem = Arc::new(Mutex::new(Problem::default()));
        let policy = Arc::new(Mutex::new(CheckpointPolicy::default()));
        // One is queued while one is written; with more, training waits rather than fill the
        // memory.
        let (sender, receiver) = sync_channel::<Checkpoint>(1);
        let thread = std::thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn({
                let (problem, policy) = (problem.clone(), policy.clone());
                move || {
                    let mut named = Named::default();
                    for checkpoint in receiver {
                        let policy = *lock(&policy);
                        let write = |named: &mut Named| {
                            // A crash of the machine must not leave a checkpoint without the
                            // events before it.
                            let file = dir.with_file_name(EVENTS);
                            files::sync(&events).map_err(io("sync", &file))?;
                            write(&dir, &checkpoint, policy, named)
                        };
                        let error =
                            write_or_rescue(&place, &checkpoint, policy, || write(&mut named));
                        let error = error.err();
                        let mut problem = lock(&problem);
                        // Report once while the disk stays full.
                        let is_told = problem.error.is_some() && problem.is_told;
                        *problem = Problem { error, is_told };
                    }
                }
            })?;
        Ok(CheckpointWriter {
            sender: Some(sender),
            thread: Some(thread),
            problem,
            policy,
        })
    }

    /// Sets which checkpoints stay, from the next one on.
    pub(super) fn keep(&self, policy: CheckpointPolicy) {
        *lock(&self.policy) = policy;
    }

    /// Returns why the newest checkpoint is not on disk, once.
    pub(super) fn news(&self) -> Option<String> {
        let mut problem = lock(&self.problem);
        let is_news = !std::mem::replace(&mut problem.is_told, true);
        problem
            .error
            .as_ref()
            .filter(|_| is_news)
            .map(ToString::to_string)
    }

    /// Returns whether the newest checkpoint is not on disk because there is no room.
    pub(super) fn is_disk_full(&self) -> bool {
        let problem = lock(&self.problem);
        problem
            .error
            .as_ref()
            .is_some_and(RunFolderError::is_disk_full)
    }

    /// Queues a checkpoint.
    pub(super) fn write(&self, checkpoint: Checkpoint) {
        if let Some(sender) = &self.sender {
            // The thread lives as long as the sender.
            let _ = sender.send(checkpoint);
        }
    }

    /// Waits until everything is written, and returns whether the newest checkpoint is on disk.
    pub(super) fn finish(mut self) -> Result<(), RunFolderError> {
        self.join();
        lock(&self.problem).error.take().map_or(Ok(()), Err)
    }

    fn join(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // The thread has reported its own errors.
            let _ = thread.join();
        }
    }
}

impl Drop for CheckpointWriter {
    fn drop(&mut self) {
        self.join();
    }
}

/// The contents are always replaced as a whole, so a poisoned lock is still valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes one checkpoint by `write` to the run's folder or, rather than lose it, to a run folder in
/// the temporary folder: the error then names that.
fn write_or_rescue(
    place: &Mutex<RunPlace>,
    checkpoint: &Checkpoint,
    policy: CheckpointPolicy,
    write_here: impl FnOnce() -> Result<(), RunFolderError>,
) -> Result<(), RunFolderError> {
    let here = lock(place).check();
    let Err(error) = here.and_then(|()| write_here()) else {
        return Ok(());
    };
    let rescued = lock(place).rescue().and_then(|folder| {
        let dir = folder.join(CHECKPOINTS);
        write(&dir, checkpoint, policy, &mut Named::default())?;
        Ok(folder)
    });
    Err(match rescued {
        Ok(folder) => RunFolderError::Rescued {
            error: Box::new(error),
            step: checkpoint.step(),
            path: folder.display().to_string(),
        },
        // The first error is the one to report.
        Err(_) => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::checkpoints;

    /// What was removed cannot be rescued from.
    #[test]
    fn a_checkpoint_of_a_run_that_was_moved_is_not_reported_as_saved() {
        let run = tempfile::tempdir().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/runs/3e90706/killed/checkpoints/step-0000000240.safetensors");
        let checkpoint = Checkpoint::load(&fixture).unwrap();
        let options = &mut File::options();
        let options = options.read(true).append(true).create(true);
        let events = options.open(run.path().join(EVENTS)).unwrap();
        let place = RunPlace::new(run.path(), String::new(), &events).unwrap();
        let place = Arc::new(Mutex::new(place));
        // There is no manifest, so this is not the folder of a run any more.
        let writer = CheckpointWriter::new(run.path(), &events, place).unwrap();
        writer.write(checkpoint);
        let error = writer.finish().unwrap_err();
        let RunFolderError::Rescued { error, path, .. } = &error else {
            panic!("{error}");
        };
        assert!(
            error.to_string().contains("was moved or removed"),
            "{error}"
        );
        assert!(checkpoints::steps(run.path()).unwrap().is_empty());
        std::fs::remove_dir_all(path).unwrap();
    }
}
