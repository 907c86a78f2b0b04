//! Writing a run to its folder while it happens.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::folder::{EVENTS, MANIFEST, MODEL, RunFolderError, SUMMARY, Summary, invalid, io};
use super::manifest::Manifest;
use crate::files;
use crate::model::Classifier;
use crate::train::{Event, Job, Observer};

/// Writes a run to its folder while it happens.
///
/// A full disk must not end hours of training: after a failure nothing more is recorded, and
/// [`Recorder::problem`] and [`Recorder::finish`] say so.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    events: File,
    problem: Option<RunFolderError>,
}

impl Recorder {
    /// Makes the folder `path`, and those above it, and writes down what decides `job`.
    ///
    /// # Errors
    /// When the folder holds a run already or cannot be written to.
    pub fn create(path: &Path, name: &str, job: &Job) -> Result<Recorder, RunFolderError> {
        let manifest_file = path.join(MANIFEST);
        let text =
            toml::to_string(&Manifest::new(name, job)).map_err(|e| invalid(&manifest_file, e))?;
        std::fs::create_dir_all(path).map_err(io("create the folder", path))?;
        let taken = || RunFolderError::Taken {
            path: path.display().to_string(),
        };
        if manifest_file.exists() {
            return Err(taken());
        }
        // `create_new` also decides between two processes that want the same folder.
        let events_file = path.join(EVENTS);
        let events = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&events_file);
        let events = events.map_err(|e| match e.kind() {
            ErrorKind::AlreadyExists => taken(),
            _ => io("create", &events_file)(e),
        })?;
        if let Err(error) = files::write_atomically(&manifest_file, text.as_bytes()) {
            // Only what was made here a moment ago; the first error is the one to tell.
            let _ = std::fs::remove_file(&events_file);
            return Err(error.into());
        }
        Ok(Recorder {
            path: path.to_owned(),
            events,
            problem: None,
        })
    }

    /// Where the run is recorded.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why recording stopped, if it did.
    pub fn problem(&self) -> Option<&RunFolderError> {
        self.problem.as_ref()
    }

    /// Writes the model and the summary of a run that has ended. Both are tried even if recording
    /// had stopped: there may be room again.
    ///
    /// # Errors
    /// The first thing that was not written, now or while the run happened.
    pub fn finish(mut self, summary: &Summary, model: &Classifier) -> Result<(), RunFolderError> {
        let recorded = self.problem.take().map_or(Ok(()), Err);
        let synced = self
            .events
            .sync_all()
            .map_err(io("write", &self.path.join(EVENTS)));
        let saved = model
            .save(&self.path.join(MODEL))
            .map_err(RunFolderError::Model);
        recorded
            .and(synced)
            .and(saved)
            .and(self.write_summary(summary))
    }

    fn write_summary(&self, summary: &Summary) -> Result<(), RunFolderError> {
        let file = self.path.join(SUMMARY);
        let text = serde_json::to_vec_pretty(summary).map_err(|e| invalid(&file, e))?;
        Ok(files::write_atomically(&file, &text)?)
    }

    /// One line in one write, so that a crash tears at most the last one.
    fn append(&mut self, event: &Event) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.events.write_all(&line)
    }
}

impl Observer for Recorder {
    fn event(&mut self, event: &Event) {
        // After a failure the last line may be torn, and a line behind it would be lost with it.
        if self.problem.is_none()
            && let Err(error) = self.append(event)
        {
            self.problem = Some(io("write", &self.path.join(EVENTS))(error));
        }
    }
}
