//! Writes a run to its folder as it happens.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::checkpoint_writer::CheckpointWriter;
use super::checkpoints::CheckpointPolicy;
use super::error::{RunFolderError, invalid, io};
use super::file_names::{MANIFEST, START, SUMMARY};
use super::folder::{RunFolder, Summary};
use super::kept_events::{kept_events, line_of};
use super::lock::RunLock;
use super::manifest::{Manifest, RunMeta, is_date};
use super::rescue::RunPlace;
use super::start_model::keep_start;
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
    /// What was lost of the history of a resumed run, until [`Recorder::news`] has reported it.
    loss: Option<String>,
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
        if !is_date(SystemTime::now()) {
            return Err(RunFolderError::Clock);
        }
        std::fs::create_dir_all(path).map_err(io("create the folder", path))?;
        if !is_free(path) {
            return Err(taken(path));
        }
        // Lock before the manifest makes the folder a run, so that it never appears unlocked.
        let lock = take(path)?;
        if !is_free(path) {
            // Another process was faster.
            return Err(taken(path));
        }
        let events_file = path.join(EVENTS);
        let events = create_events(&events_file)?;
        let written = keep_start(path, job)
            .and_then(|()| Ok(files::write_atomically(&manifest_file, text.as_bytes())?));
        if let Err(error) = written {
            // Remove only what was created just now; the first error is the one to report.
            let _ = std::fs::remove_file(&events_file);
            let _ = std::fs::remove_file(path.join(START));
            return Err(error);
        }
        Ok(Recorder::new(path, text, lock, events, 0)?.keeping(policy))
    }

    /// Resumes recording the run in the folder `path` from `checkpoint`, or from its start: later
    /// events are dropped, because they happen again. If something before it is damaged, the old
    /// file is kept beside the new one, and [`Recorder::news`] says so. The checkpoint policy stays.
    /// `n_train` is the number of training images.
    ///
    /// # Errors
    /// When the folder cannot be read or written, or another process writes it.
    pub fn reopen(
        path: &Path,
        checkpoint: Option<&Checkpoint>,
        n_train: usize,
    ) -> Result<Recorder, RunFolderError> {
        let lock = take(path)?;
        let folder = RunFolder::open(path)?;
        let policy = folder.manifest().checkpoints;
        let manifest = path.join(MANIFEST);
        let manifest = files::read_string(&manifest).map_err(io("read", &manifest))?;
        // This process has the run; only its notes may be written by another one.
        tidy::remove_abandoned(path, NOTES_PATIENCE);
        let file = path.join(EVENTS);
        let old = match files::read(&file) {
            Err(e) if e.kind() == ErrorKind::NotFound => Vec::new(),
            old => old.map_err(io("read", &file))?,
        };
        let kept = kept_events(&folder, &old, checkpoint, n_train);
        let mut loss = kept.loss;
        if let (Some(loss), false) = (&mut loss, old.is_empty()) {
            let name = files::keep_damaged(&file)?;
            *loss += &format!("; the old file is kept as {}", name.display());
        }
        files::write_atomically(&file, &kept.bytes)?;
        let summary = path.join(SUMMARY);
        if summary.exists() {
            // The run has not ended any more.
            std::fs::remove_file(&summary).map_err(io("remove", &summary))?;
        }
        let events = OpenOptions::new().read(true).append(true).open(&file);
        let events = events.map_err(io("open", &file))?;
        let n_bytes = kept.bytes.len() as u64;
        let recorder = Recorder::new(path, manifest, lock, events, n_bytes)?;
        let recorder = Recorder { loss, ..recorder };
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
        let checkpoints = CheckpointWriter::new(path, &events, place.clone());
        Ok(Recorder {
            path: path.to_owned(),
            _lock: lock,
            checkpoints: checkpoints.map_err(io("start a thread for", path))?,
            events,
            n_event_bytes,
            place,
            problem: None,
            is_problem_reported: false,
            loss: None,
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

    /// Returns what is not on disk, and why: a part of a resumed run's history, the newest
    /// checkpoint, or everything from now on. Each problem is returned once, as a sentence without
    /// capital and period.
    pub fn news(&mut self) -> Option<String> {
        if let Some(loss) = self.loss.take() {
            return Some(loss);
        }
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

    /// Returns whether something was not recorded because there is no room.
    pub fn is_disk_full(&self) -> bool {
        let problem = self.problem.as_ref();
        problem.is_some_and(RunFolderError::is_disk_full) || self.checkpoints.is_disk_full()
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
        let line = line_of(event);
        files::append(&mut self.events, &line)?;
        self.n_event_bytes += line.len() as u64;
        Ok(())
    }
}

/// Returns whether a run can be recorded in the folder `path`: there is none, only what a process
/// leaves that is killed while it creates one.
pub fn is_free(path: &Path) -> bool {
    let n_bytes = std::fs::metadata(path.join(EVENTS)).map_or(0, |events| events.len());
    !path.join(MANIFEST).exists() && n_bytes == 0
}

fn taken(path: &Path) -> RunFolderError {
    RunFolderError::Taken {
        path: path.display().to_string(),
    }
}

/// Creates the file of a new run's events, or takes an empty one.
fn create_events(file: &Path) -> Result<File, RunFolderError> {
    let options = &mut OpenOptions::new();
    let events = options.read(true).append(true).create(true).open(file);
    events.map_err(io("create", file))
}

/// Locks the run in the folder `path`.
fn take(path: &Path) -> Result<RunLock, RunFolderError> {
    let lock = RunLock::take(path).map_err(io("lock", path))?;
    lock.ok_or_else(|| RunFolderError::Busy {
        path: path.display().to_string(),
    })
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
