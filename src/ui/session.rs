//! The file that one session leaves for the next. A thread of its own writes it, so that the window
//! never waits for the disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use anyhow::Context as _;

use crate::files::write_atomically;
use crate::model::Classifier;
use crate::studio::Session;

/// Name of the file, beside the one in which eframe stores the layout.
pub const FILE_NAME: &str = "session.json";

/// The file.
pub struct SessionFile {
    path: PathBuf,
    writer: Option<JoinHandle<()>>,
    /// What was written last.
    last: Arc<Mutex<Written>>,
}

/// What was written last.
#[derive(Default)]
struct Written {
    session: String,
    /// The name of the snapshot's file, and the snapshot if this session wrote it.
    snapshot: Option<(String, Option<Arc<Classifier>>)>,
}

impl SessionFile {
    /// A file that is not read or written yet.
    pub fn new(path: PathBuf) -> SessionFile {
        SessionFile {
            path,
            writer: None,
            last: Arc::default(),
        }
    }

    /// Reads the last session; a new one if there is none.
    pub fn read(&self) -> Session {
        match std::fs::read_to_string(&self.path) {
            Ok(text) => {
                let session = Session::from_json(&text).in_folder(self.path.parent());
                self.last().snapshot = session.snapshot_file().map(|name| (name, None));
                session
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Session::default(),
            Err(error) => Session::unreadable(&format!("its file could not be read ({error})")),
        }
    }

    /// Writes `session`, unless it is what was written last.
    pub fn write(&mut self, session: Session) {
        self.wait();
        let (path, last) = (self.path.clone(), self.last.clone());
        let write = move || {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            // A session that cannot be stored is not worth a message at every attempt.
            let _ = last.store(&path, &session);
        };
        let writer = std::thread::Builder::new().name("session".to_owned());
        self.writer = writer.spawn(write).ok();
    }

    fn last(&self) -> MutexGuard<'_, Written> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the file is written.
    fn wait(&mut self) {
        if let Some(writer) = self.writer.take() {
            // After a panic, the file is the one before.
            let _ = writer.join();
        }
    }
}

impl Drop for SessionFile {
    fn drop(&mut self) {
        self.wait();
    }
}

impl Written {
    /// Stores what has changed: first the snapshot, then the session that names it.
    fn store(&mut self, path: &Path, session: &Session) -> anyhow::Result<()> {
        let text = session.to_json();
        let folder = path
            .parent()
            .context("the file of the session has no folder")?;
        let snapshot = session.snapshot();
        let is_stored = match (&self.snapshot, &snapshot) {
            (Some((_, Some(old))), Some((_, new))) => Arc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
        if self.session == text && is_stored {
            return Ok(());
        }
        std::fs::create_dir_all(folder)?;
        if let Some((name, classifier)) = &snapshot
            && !is_stored
        {
            classifier.save(&folder.join(name))?;
        }
        write_atomically(path, text.as_bytes())?;
        self.session = text;
        // Also while the model of the last session is still being read.
        let named = session.snapshot_file();
        if let Some((old, _)) = &self.snapshot
            && Some(old) != named.as_ref()
        {
            // One that stays costs its bytes only.
            let _ = std::fs::remove_file(folder.join(old));
        }
        let classifier = snapshot.map(|(_, classifier)| classifier.clone());
        self.snapshot = named.map(|name| (name, classifier));
        Ok(())
    }
}
