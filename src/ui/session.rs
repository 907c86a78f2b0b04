//! The file that one session leaves for the next. A thread of its own writes it, so that the window
//! never waits for the disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::files::write_atomically;
use crate::studio::Session;

/// Name of the file, beside the one in which eframe stores the layout.
pub const FILE_NAME: &str = "session.json";

/// The file.
pub struct SessionFile {
    path: PathBuf,
    writer: Option<JoinHandle<()>>,
    /// What was written last.
    last: Arc<Mutex<String>>,
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
            Ok(text) => Session::from_json(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => Session::default(),
            Err(error) => Session::unreadable(&format!("its file could not be read ({error})")),
        }
    }

    /// Writes `session`, unless it is what was written last.
    pub fn write(&mut self, session: Session) {
        self.wait();
        let (path, last) = (self.path.clone(), self.last.clone());
        let write = move || {
            let text = session.to_json();
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            // A session that cannot be stored is not worth a message at every attempt.
            if *last != text && store(&path, &text).is_some() {
                *last = text;
            }
        };
        let writer = std::thread::Builder::new().name("session".to_owned());
        self.writer = writer.spawn(write).ok();
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

fn store(path: &Path, text: &str) -> Option<()> {
    std::fs::create_dir_all(path.parent()?).ok()?;
    write_atomically(path, text.as_bytes()).ok()
}
