//! The folder of the runs: the thread that watches it, and its trash.

use std::path::{Path, PathBuf};

use crate::runs::{RunId, Watch, WatchNews};
use crate::studio::thread::Wake;

/// The folder in which runs are saved; without one, runs are in memory only.
#[derive(Default)]
pub(in crate::studio) struct Workspace {
    folder: Option<PathBuf>,
    /// Watches the runs there.
    watch: Option<Watch>,
    /// The runs in the trash, as of the last update.
    pub(in crate::studio) trash: Vec<RunId>,
}

impl Workspace {
    pub(super) fn open(folder: PathBuf, wake: Wake) -> std::io::Result<Workspace> {
        Ok(Workspace {
            watch: Some(Watch::spawn(folder.clone(), wake)?),
            folder: Some(folder),
            trash: Vec::new(),
        })
    }

    pub(in crate::studio) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The folder of the run with this `id`.
    pub(in crate::studio) fn folder_of(&self, id: &RunId) -> Option<PathBuf> {
        Some(self.folder()?.join(id.as_str()))
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// The next change of the folder.
    pub(in crate::studio) fn news(&self) -> Option<WatchNews> {
        self.watch.as_ref()?.news()
    }

    /// Looks for changes at once.
    pub(in crate::studio) fn look(&self) {
        if let Some(watch) = &self.watch {
            watch.look();
        }
    }

    /// Reads the points of a run, now and as they are added.
    pub(super) fn follow(&self, id: &RunId) {
        if let Some(watch) = &self.watch {
            watch.follow(id.clone());
        }
    }

    /// Stops reading the points of a run.
    pub(super) fn forget(&self, id: &RunId) {
        if let Some(watch) = &self.watch {
            watch.forget(id.clone());
        }
    }
}
