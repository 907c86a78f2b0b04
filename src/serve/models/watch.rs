//! A thread that looks at the files of the models, and reads those again that have changed.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;

use super::repository::Repository;
use super::stamp::Stamp;
use crate::serve::limits::WATCH;
use crate::serve::log::Log;

/// The thread; it ends when this is dropped.
pub(in crate::serve) struct Watcher {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts the thread. It tells `log` what it has read, and why a file is not used.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn spawn(models: Arc<Repository>, log: Arc<Log>) -> io::Result<Watcher> {
        let (stop, stopped) = channel::<()>();
        let watch = move || {
            let mut pending = Pending::default();
            while stopped.recv_timeout(WATCH) == Err(RecvTimeoutError::Timeout) {
                pending.look(&models, &log);
            }
        };
        let thread = std::thread::Builder::new().name("models".to_owned());
        Ok(Watcher {
            stop: Some(stop),
            thread: Some(thread.spawn(watch)?),
        })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in it has ended nothing but the watching.
            let _ = thread.join();
        }
    }
}

/// Changed files that may still be being written: they are read when two looks find the same.
#[derive(Default)]
struct Pending(BTreeMap<usize, Stamp>);

impl Pending {
    fn look(&mut self, models: &Repository, log: &Log) {
        for (idx, model) in models.models().iter().enumerate() {
            let Some(found) = model.changed() else {
                self.0.remove(&idx);
                continue;
            };
            if self.0.insert(idx, found) != Some(found) {
                continue;
            }
            self.0.remove(&idx);
            match model.load() {
                Ok(()) => log.notice(&format!("{}: the changed file was loaded", model.name)),
                Err(reason) => log.notice(&format!(
                    "warning: {}: the model from before stays, because {reason}",
                    model.name
                )),
            }
        }
    }
}
