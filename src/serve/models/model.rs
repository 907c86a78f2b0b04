//! One version of a model, whether it is loaded or not.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::loaded::Loaded;
use super::stamp::Stamp;
use super::statistics::Statistics;

/// A version of a model. Its name, number and file never change.
#[derive(Debug)]
pub(in crate::serve) struct Model {
    pub name: String,
    /// From 1.
    pub version: u32,
    pub path: PathBuf,
    state: Mutex<State>,
    statistics: Mutex<Statistics>,
}

#[derive(Debug)]
struct State {
    /// `None` while it is not to be used.
    loaded: Option<Arc<Loaded>>,
    /// The file that was read last, whether it was whole or not.
    stamp: Option<Stamp>,
}

impl Model {
    /// Reads a model.
    ///
    /// # Errors
    /// One sentence, when it cannot be served.
    pub fn open(name: String, version: u32, path: PathBuf) -> Result<Model, String> {
        // Before reading: a file that changes meanwhile is read again.
        let stamp = Stamp::of(&path);
        let loaded = Some(Arc::new(Loaded::read(&path)?));
        Ok(Model {
            name,
            version,
            path,
            state: Mutex::new(State { loaded, stamp }),
            statistics: Mutex::default(),
        })
    }

    /// The model as it is now; `None` if it is unloaded. Who has it keeps it, also when another one
    /// takes its place.
    pub fn loaded(&self) -> Option<Arc<Loaded>> {
        self.state().loaded.clone()
    }

    /// Reads the file again.
    ///
    /// # Errors
    /// One sentence, when it cannot be served; then all stays as it was.
    pub fn load(&self) -> Result<(), String> {
        let stamp = Stamp::of(&self.path);
        let result = Loaded::read(&self.path);
        let mut state = self.state();
        state.stamp = stamp;
        state.loaded = Some(Arc::new(result?));
        Ok(())
    }

    /// Ends its use. Requests in progress are answered.
    pub fn unload(&self) {
        self.state().loaded = None;
    }

    /// The stamp of its file, if it is in use and its file is another one than was read last.
    pub(super) fn changed(&self) -> Option<Stamp> {
        let found = Stamp::of(&self.path)?;
        let state = self.state();
        (state.loaded.is_some() && state.stamp != Some(found)).then_some(found)
    }

    /// Its statistics, to read or to change.
    pub fn statistics(&self) -> MutexGuard<'_, Statistics> {
        let guard = self.statistics.lock();
        guard.unwrap_or_else(PoisonError::into_inner)
    }

    /// The state is valid after every statement, so a poisoned lock is still usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
