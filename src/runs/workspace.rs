//! The workspace: a folder whose folders are runs.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use directories::ProjectDirs;

use super::manifest::utc;
use super::{RunFolder, RunId, RunState, Status};

/// Runs read from a workspace at most, the newest ones.
const MAX_RUNS: usize = 200;

/// Where runs are kept unless somebody says otherwise: in the user's data directory. `None` on a
/// system without one.
pub fn default_workspace() -> Option<PathBuf> {
    let dirs = ProjectDirs::from("", "", "candle-studio")?;
    Some(dirs.data_dir().join("runs"))
}

/// A folder for a run called `name` that does not exist yet. Names sort by time; the process
/// number keeps two processes apart that start a run in the same second.
pub fn new_folder(workspace: &Path, name: &str) -> PathBuf {
    let time = utc(SystemTime::now()).replace(':', "-");
    let name = name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "-");
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

/// The runs in `workspace`, oldest first, and one sentence for each folder that cannot be read.
/// A run without an end was interrupted.
pub fn read_workspace(workspace: &Path) -> (Vec<(RunId, RunState)>, Vec<String>) {
    let Ok(entries) = std::fs::read_dir(workspace) else {
        // Not made yet: the first run makes it.
        return (Vec::new(), Vec::new());
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("run.toml").is_file())
        .collect();
    paths.sort();
    let newest = paths.split_off(paths.len().saturating_sub(MAX_RUNS));
    let (mut states, mut problems) = (Vec::new(), Vec::new());
    for path in newest {
        match RunFolder::open(&path).and_then(|folder| folder.replay()) {
            Ok(mut state) => {
                if state.is_live() {
                    state.status = Status::Interrupted;
                }
                states.push((RunId::of_folder(&path), state));
            }
            Err(error) => problems.push(error.to_string()),
        }
    }
    (states, problems)
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
    fn a_workspace_that_is_not_there_is_empty() {
        let (states, problems) = read_workspace(Path::new("/nowhere/at/all"));
        assert!(states.is_empty() && problems.is_empty());
    }
}
