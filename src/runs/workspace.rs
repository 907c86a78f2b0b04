//! The workspace: a folder whose folders are runs.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use directories::ProjectDirs;

use super::error::{RunFolderError, io};
use super::file_names::MANIFEST;
use super::id::RunId;
use super::manifest::utc;
use super::notes::NOTES;
use super::tail::EVENTS;

/// Returns the default workspace, in the user's data directory; `None` on a system without one.
pub fn default_workspace() -> Option<PathBuf> {
    let dirs = ProjectDirs::from("", "", "candle-studio")?;
    Some(dirs.data_dir().join("runs"))
}

/// Most letters of a run's name in that of its folder: file systems have 255 for all of it, and what
/// is derived of it, such as a folder in the trash, needs some.
const MAX_NAME: usize = 200;

/// Returns a new folder for a run named `name`. Folder names sort by time; the process id separates
/// two processes that start a run in the same second. Long names are shortened.
pub fn new_folder(workspace: &Path, name: &str) -> PathBuf {
    let time = utc(SystemTime::now()).replace(':', "-");
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().take(MAX_NAME).map(plain).collect();
    let base = format!("{time}-{name}-{}", std::process::id());
    let numbered = |n: u32| match n {
        1 => workspace.join(&base),
        n => workspace.join(format!("{base}-{n}")),
    };
    (1..)
        .map(numbered)
        .find(|path| !path.exists())
        .unwrap_or_else(|| workspace.join(&base))
}

/// The folder of a run at one moment.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) id: RunId,
    pub(super) path: PathBuf,
    /// Sizes and times of the files a record is made of; if they are unchanged, so is the record.
    pub(super) stamp: String,
}

impl Found {
    pub(super) fn at(path: PathBuf) -> Found {
        let of = |file: &str| {
            let meta = std::fs::metadata(path.join(file)).ok()?;
            let time = match meta.modified().ok()?.duration_since(UNIX_EPOCH) {
                Ok(after) => after.as_nanos().to_string(),
                // Written while the clock was wrong.
                Err(before) => format!("-{}", before.duration().as_nanos()),
            };
            Some(format!("{}@{time}", meta.len()))
        };
        let parts = [MANIFEST, EVENTS, NOTES].map(|file| of(file).unwrap_or_default());
        Found {
            id: RunId::of_folder(&path),
            stamp: parts.join(" "),
            path,
        }
    }
}

/// Lists the entries of the folder `workspace` that may be runs; none if it does not exist yet.
pub(super) fn run_folders(workspace: &Path) -> Result<HashSet<RunId>, RunFolderError> {
    let entries = match std::fs::read_dir(workspace) {
        Ok(entries) => entries,
        // The first run creates it.
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(HashSet::new()),
        Err(e) => return Err(io("read", workspace)(e)),
    };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let names = names.filter(|name| !name.starts_with('.'));
    Ok(names.map(RunId::from).collect())
}

/// Returns whether the folder of this name is a run.
pub(super) fn is_run(workspace: &Path, id: &RunId) -> bool {
    // Whatever it is: one that cannot be read is listed with the reason.
    let manifest = workspace.join(id.as_str()).join(MANIFEST);
    std::fs::symlink_metadata(manifest).is_ok_and(|m| !m.is_dir())
}

/// Lists the ids of the runs in the folder `workspace`; none if it does not exist yet.
pub(super) fn find_runs(workspace: &Path) -> Result<Vec<Found>, RunFolderError> {
    let mut ids: Vec<RunId> = run_folders(workspace)?.into_iter().collect();
    ids.retain(|id| is_run(workspace, id));
    ids.sort();
    let paths = ids.iter().map(|id| workspace.join(id.as_str()));
    Ok(paths.map(Found::at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_of_one_second_get_two_folders() {
        let dir = tempfile::tempdir().unwrap();
        let first = new_folder(dir.path(), "keras-cnn 1");
        std::fs::create_dir(&first).unwrap();
        assert_ne!(first, new_folder(dir.path(), "keras-cnn 1"));
    }

    #[test]
    fn a_long_name_is_shortened_for_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a".repeat(10_000), "ä".repeat(300)] {
            std::fs::create_dir(new_folder(dir.path(), &name)).unwrap();
        }
    }
}
