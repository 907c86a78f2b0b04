//! Writes a run to its folder as it happens.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::checkpoints::{CheckpointPolicy, CheckpointWriter};
use super::error::{RunFolderError, invalid, io};
use super::file_names::{MANIFEST, SUMMARY};
use super::folder::{RunFolder, Summary};
use super::lock::RunLock;
use super::manifest::{Manifest, RunMeta};
use super::rescue::RunPlace;
use super::tail::EVENTS;
use super::tidy;
use crate::files;
use crate::model::Classifier;
use crate::train::{Checkpoint, Event, Job, Observer, RunOptions};

/// Age from which a temporary file in a locked run is not one that is being written right now.
const NOTES_PATIENCE: Duration = Duration::from_secs(1);

/// Writes a run to its folder as it happens.
///
/// A full disk must not end hours of training: after a failure nothing more is recorded, and
/// [`Recorder::problem`] and [`Recorder::finish`] report it.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    /// Shows other processes that the run is live.
    _lock: RunLock,
    events: File,
    n_event_bytes: u64,
    checkpoints: CheckpointWriter,
    place: Arc<Mutex<RunPlace>>,
    problem: Option<RunFolderError>,
    /// Whether [`Recorder::news`] has reported it.
    is_problem_reported: bool,
}

impl Recorder {
    /// Creates the folder `path` and its parents, and writes the manifest of `job`.
    ///
    /// # Errors
    /// When the folder already holds a run or cannot be written to.
    pub fn create(path: &Path, name: &str, job: &Job) -> Result<Recorder, RunFolderError> {
        let about = RunMeta {
            name: name.to_owned(),
            ..RunMeta::default()
        };
        Recorder::create_about(path, about, job)
    }

    /// Creates a recorder with more metadata than a name.
    ///
    /// # Errors
    /// As [`Recorder::create`].
    pub fn create_about(
        path: &Path,
        mut about: RunMeta,
        job: &Job,
    ) -> Result<Recorder, RunFolderError> {
        let manifest_file = path.join(MANIFEST);
        about.color = Some(about.color.unwrap_or_else(|| n_neighbors(path)));
        let policy = about.checkpoints;
        let manifest = Manifest::new(about, job);
        let text = toml::to_string(&manifest).map_err(|e| invalid(&manifest_file, e))?;
        std::fs::create_dir_all(path).map_err(io("create the folder", path))?;
        let taken = || RunFolderError::Taken {
            path: path.display().to_string(),
        };
        if manifest_file.exists() {
            return Err(taken());
        }
        // `create_new` also lets only one of two processes have the folder.
        let events_file = path.join(EVENTS);
        let events = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .open(&events_file);
        let events = events.map_err(|e| match e.kind() {
            ErrorKind::AlreadyExists => taken(),
            _ => io("create", &events_file)(e),
        })?;
        // Lock before the manifest makes the folder a run, so that it never appears unlocked.
        let lock = take(path)?;
        if let Err(error) = files::write_atomically(&manifest_file, text.as_bytes()) {
            // Remove only what was created just now; the first error is the one to report.
            let _ = std::fs::remove_file(&events_file);
            return Err(error.into());
        }
        Ok(Recorder::new(path, text, lock, events, 0)?.keeping(policy))
    }

    /// Resumes recording the run in the folder `path` from `checkpoint`, or from its start: later
    /// events are dropped, because they happen again. The checkpoint policy stays.
    ///
    /// # Errors
    /// When the folder cannot be read or written, or another process writes it.
    pub fn reopen(
        path: &Path,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Recorder, RunFolderError> {
        let lock = take(path)?;
        let policy = RunFolder::open(path)?.manifest().checkpoints;
        let manifest = path.join(MANIFEST);
        let manifest = files::read_string(&manifest).map_err(io("read", &manifest))?;
        // This process has the run; only its notes may be written by another one.
        tidy::remove_abandoned(path, NOTES_PATIENCE);
        let file = path.join(EVENTS);
        let bytes = files::read(&file).map_err(io("read", &file))?;
        let before = checkpoint.map_or_else(Vec::new, |state| events_before(&bytes, state));
        files::write_atomically(&file, &before)?;
        let summary = path.join(SUMMARY);
        if summary.exists() {
            // The run has not ended any more.
            std::fs::remove_file(&summary).map_err(io("remove", &summary))?;
        }
        let events = OpenOptions::new().read(true).append(true).open(&file);
        let events = events.map_err(io("open", &file))?;
        let recorder = Recorder::new(path, manifest, lock, events, before.len() as u64)?;
        Ok(recorder.keeping(policy.unwrap_or_default()))
    }

    fn new(
        path: &Path,
        manifest: String,
        lock: RunLock,
        events: File,
        n_event_bytes: u64,
    ) -> Result<Recorder, RunFolderError> {
        let place = RunPlace::new(path, manifest, &events).map_err(io("open", path))?;
        let place = Arc::new(Mutex::new(place));
        let checkpoints = CheckpointWriter::new(path, place.clone());
        Ok(Recorder {
            path: path.to_owned(),
            _lock: lock,
            events,
            n_event_bytes,
            checkpoints: checkpoints.map_err(io("start a thread for", path))?,
            place,
            problem: None,
            is_problem_reported: false,
        })
    }

    /// Sets which checkpoints stay on disk.
    #[must_use]
    pub fn keeping(self, policy: CheckpointPolicy) -> Recorder {
        self.checkpoints.keep(policy);
        self
    }

    /// Records that the run continues with other options than it started with.
    ///
    /// # Errors
    /// When its folder cannot be read or written.
    pub fn change(
        &self,
        options: RunOptions,
        policy: CheckpointPolicy,
    ) -> Result<(), RunFolderError> {
        let file = self.path.join(MANIFEST);
        let mut manifest = RunFolder::open(&self.path)?.manifest().clone();
        manifest.options = Some(options);
        manifest.checkpoints = Some(policy);
        let text = toml::to_string(&manifest).map_err(|e| invalid(&file, e))?;
        self.checkpoints.keep(policy);
        files::write_atomically(&file, text.as_bytes())?;
        self.place().set_manifest(text);
        Ok(())
    }

    /// Returns what is not on disk, and why: the newest checkpoint, or everything from now on. Each
    /// problem is returned once, as a sentence without capital and period.
    pub fn news(&mut self) -> Option<String> {
        if let Some(problem) = self.checkpoints.news() {
            return Some(format!("a checkpoint was not saved: {problem}"));
        }
        let problem = self.problem.as_ref()?;
        let is_news = !std::mem::replace(&mut self.is_problem_reported, true);
        is_news.then(|| format!("the run is no longer recorded: {problem}"))
    }

    /// Returns the run's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns why recording stopped, if it did.
    pub fn problem(&self) -> Option<&RunFolderError> {
        self.problem.as_ref()
    }

    /// Writes the model and the summary of a run that has ended. Tries both even if recording had
    /// stopped: there may be room again.
    ///
    /// # Errors
    /// The first thing that was not written, now or during the run.
    pub fn finish(mut self, summary: &Summary, model: &Classifier) -> Result<(), RunFolderError> {
        let recorded = self.problem.take().map_or(Ok(()), Err);
        let synced = files::sync(&self.events).map_err(io("write", &self.path.join(EVENTS)));
        let saved = self.place().save(model);
        let summarized = self.write_summary(summary);
        let checkpointed = self.checkpoints.finish();
        let first = recorded.and(checkpointed).and(synced);
        match (first, saved) {
            // The first error tells why, and the last one where the model is.
            (Err(first), Err(RunFolderError::RescuedModel { path, .. })) => {
                Err(RunFolderError::RescuedModel {
                    error: Box::new(first),
                    path,
                })
            }
            (first, saved) => first.and(saved).and(summarized),
        }
    }

    /// Its parts are always replaced as a whole, so a poisoned lock is still valid.
    fn place(&self) -> MutexGuard<'_, RunPlace> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_summary(&self, summary: &Summary) -> Result<(), RunFolderError> {
        let file = self.path.join(SUMMARY);
        let text = serde_json::to_vec_pretty(summary).map_err(|e| invalid(&file, e))?;
        Ok(files::write_atomically(&file, &text)?)
    }

    /// Writes one line in one write, so that a crash tears at most the last one.
    fn append(&mut self, event: &Event) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        files::append(&mut self.events, &line)?;
        self.n_event_bytes += line.len() as u64;
        Ok(())
    }
}

/// Locks the run in the folder `path`.
fn take(path: &Path) -> Result<RunLock, RunFolderError> {
    let lock = RunLock::take(path).map_err(io("lock", path))?;
    lock.ok_or_else(|| RunFolderError::Busy {
        path: path.display().to_string(),
    })
}

/// Returns the part of `events` up to `checkpoint`.
fn events_before(events: &[u8], checkpoint: &Checkpoint) -> Vec<u8> {
    let n_bytes = checkpoint.n_event_bytes.map(usize::try_from);
    // A crash of the machine may have lost lines that were written.
    let before = n_bytes.and_then(|n| events.get(..n.ok()?));
    match before {
        Some(before) if before.ends_with(b"\n") || before.is_empty() => before.to_vec(),
        _ => events_until(events, checkpoint.step()),
    }
}

/// Returns the lines of `events` up to `step`, without the run's end. Points after the step are
/// cut off.
fn events_until(events: &[u8], step: u64) -> Vec<u8> {
    let mut kept = Vec::new();
    for line in events.split_inclusive(|&b| b == b'\n') {
        let Ok(mut event) = serde_json::from_slice::<Event>(line) else {
            // A torn last line.
            break;
        };
        let happened = match &mut event {
            Event::Steps { points } => {
                points.retain(|p| p.step <= step);
                points.first().map(|p| p.step)
            }
            Event::EpochDone { point } => Some(point.step),
            Event::Layers { point } => Some(point.step),
            Event::Changed { step, .. } | Event::Paused { step } | Event::Resumed { step } => {
                Some(*step)
            }
            Event::Diverged { divergence } => Some(divergence.step),
            Event::RolledBack { step, .. } | Event::Skipped { step, .. } => Some(*step),
            Event::Branched { .. } | Event::Started { .. } => Some(0),
            Event::Restored { .. } | Event::Finished { .. } => None,
        };
        if happened.is_some_and(|at| at <= step)
            && let Ok(line) = serde_json::to_vec(&event)
        {
            kept.extend(line);
            kept.push(b'\n');
        }
    }
    kept
}

impl Observer for Recorder {
    fn checkpoint(&mut self, mut checkpoint: Checkpoint) {
        // After a failure, the position of the last line in the run is unknown.
        checkpoint.n_event_bytes = self.problem.is_none().then_some(self.n_event_bytes);
        self.checkpoints.write(checkpoint);
    }

    fn event(&mut self, event: &Event) {
        // After a failure the last line may be torn, and a line after it would be lost with it.
        if self.problem.is_none()
            && let Err(error) = self.append(event)
        {
            self.problem = Some(io("write", &self.path.join(EVENTS))(error));
        }
    }
}

/// Counts the folders beside `path`, to give successive runs different colors.
fn n_neighbors(path: &Path) -> usize {
    let all = path.parent().map(std::fs::read_dir);
    let names = all.into_iter().flatten().flatten().flatten();
    let is_other = |entry: &std::fs::DirEntry| {
        let name = entry.file_name();
        Some(&*name) != path.file_name() && !name.to_string_lossy().starts_with('.')
    };
    names.filter(is_other).count()
}
