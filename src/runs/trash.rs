//! Deleted runs: a hidden folder of the workspace, until it is emptied.

use std::path::{Path, PathBuf};

use super::error::{RunFolderError, io};
use super::id::RunId;
use super::lock;
use super::workspace::find_runs;

/// The folder in the workspace.
const TRASH: &str = ".trash";

fn trash_folder(workspace: &Path) -> PathBuf {
    workspace.join(TRASH)
}

/// Moves a run to the trash.
///
/// # Errors
/// When it is being trained or does not exist, or on an I/O error.
pub fn delete_run(workspace: &Path, id: &RunId) -> Result<(), RunFolderError> {
    move_to_trash(workspace, id, id.as_str())
}

fn move_to_trash(workspace: &Path, id: &RunId, name: &str) -> Result<(), RunFolderError> {
    let run = workspace.join(id.as_str());
    if lock::is_written(&run) {
        return Err(RunFolderError::Busy {
            path: run.display().to_string(),
        });
    }
    let trash = trash_folder(workspace);
    std::fs::create_dir_all(&trash).map_err(io("create the folder", &trash))?;
    move_run(&run, &trash.join(name))
}

/// Moves a run to the trash to make its place free for another one of its name. If there is one of
/// this name in the trash, it gets a number.
///
/// # Errors
/// As [`delete_run`].
pub fn discard_run(workspace: &Path, id: &RunId) -> Result<(), RunFolderError> {
    let trash = trash_folder(workspace);
    let numbered = |n: u32| match n {
        1 => id.to_string(),
        n => format!("{id}-{n}"),
    };
    let name = (1..).map(numbered).find(|name| !trash.join(name).exists());
    move_to_trash(workspace, id, &name.unwrap_or_default())
}

/// Moves a run from the trash back to the workspace.
///
/// # Errors
/// When it does not exist or its place is taken, or on an I/O error.
pub fn restore_run(workspace: &Path, id: &RunId) -> Result<(), RunFolderError> {
    let place = workspace.join(id.as_str());
    move_run(&trash_folder(workspace).join(id.as_str()), &place)
}

fn move_run(from: &Path, to: &Path) -> Result<(), RunFolderError> {
    if to.exists() {
        return Err(RunFolderError::Taken {
            path: to.display().to_string(),
        });
    }
    std::fs::rename(from, to).map_err(io("move", from))
}

/// Lists the runs in the trash, by id.
///
/// # Errors
/// When the trash cannot be read.
pub fn deleted_runs(workspace: &Path) -> Result<Vec<RunId>, RunFolderError> {
    let found = find_runs(&trash_folder(workspace))?;
    Ok(found.into_iter().map(|run| run.id).collect())
}

/// Permanently deletes everything in the trash, and returns the number of runs.
///
/// # Errors
/// When a run cannot be deleted; those before it are gone.
pub fn empty_trash(workspace: &Path) -> Result<usize, RunFolderError> {
    let runs = deleted_runs(workspace)?;
    let trash = trash_folder(workspace);
    if trash.exists() {
        std::fs::remove_dir_all(&trash).map_err(io("delete", &trash))?;
    }
    Ok(runs.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(workspace: &Path, name: &str) -> RunId {
        let run = workspace.join(name);
        std::fs::create_dir_all(&run).unwrap();
        std::fs::write(run.join("run.toml"), name).unwrap();
        RunId::new(name)
    }

    #[test]
    fn a_deleted_run_can_come_back_until_the_trash_is_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (make(dir.path(), "a"), make(dir.path(), "b"));
        assert!(deleted_runs(dir.path()).unwrap().is_empty());
        delete_run(dir.path(), &a).unwrap();
        delete_run(dir.path(), &b).unwrap();
        assert_eq!(deleted_runs(dir.path()).unwrap(), [a.clone(), b.clone()]);
        restore_run(dir.path(), &a).unwrap();
        let text = std::fs::read_to_string(dir.path().join("a/run.toml")).unwrap();
        assert_eq!(text, "a");
        make(dir.path(), "b");
        let error = restore_run(dir.path(), &b).unwrap_err().to_string();
        assert!(error.contains("already holds a run"), "{error}");
        assert_eq!(empty_trash(dir.path()).unwrap(), 1);
        restore_run(dir.path(), &b).unwrap_err();
        assert!(dir.path().join("b/run.toml").is_file(), "the other b stays");
    }

    #[test]
    fn runs_of_one_name_are_discarded_beside_each_other() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..3 {
            discard_run(dir.path(), &make(dir.path(), "a")).unwrap();
        }
        let names: Vec<String> = deleted_runs(dir.path())
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, ["a", "a-2", "a-3"]);
    }

    #[test]
    fn a_run_that_is_trained_is_not_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let a = make(dir.path(), "a");
        let _lock = lock::RunLock::take(&dir.path().join("a")).unwrap();
        let error = delete_run(dir.path(), &a).unwrap_err().to_string();
        assert!(error.contains("being trained"), "{error}");
        assert!(dir.path().join("a").exists());
    }
}
