//! `workspace.toml`: what a workspace stores beside its runs, currently the baseline.

use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{RunFolderError, invalid, io};
use super::id::RunId;
use super::workspace;
use crate::files;

pub(super) const FILE: &str = "workspace.toml";

#[derive(Default, Serialize, Deserialize)]
struct Remembered {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    baseline: Option<String>,
    /// Keys of newer versions.
    #[serde(flatten)]
    rest: toml::Table,
}

/// Reads the baseline of `workspace`, if one was chosen and is still there.
///
/// # Errors
/// When the file exists but cannot be read.
pub fn read_baseline(workspace: &Path) -> Result<Option<RunId>, RunFolderError> {
    let id = read(workspace)?.baseline.map(RunId::from);
    Ok(id.filter(|id| workspace::is_run(workspace, id)))
}

/// Stores the baseline, or that there is none.
///
/// # Errors
/// When the file cannot be read or written; it is then unchanged.
pub fn write_baseline(workspace: &Path, id: Option<&RunId>) -> Result<(), RunFolderError> {
    let mut remembered = read(workspace)?;
    remembered.baseline = id.map(ToString::to_string);
    let file = workspace.join(FILE);
    let text = toml::to_string(&remembered).map_err(|e| invalid(&file, e))?;
    Ok(files::write_atomically(&file, text.as_bytes())?)
}

fn read(workspace: &Path) -> Result<Remembered, RunFolderError> {
    let file = workspace.join(FILE);
    match files::read_string(&file) {
        Ok(text) => files::parse_toml(&text).map_err(|e| invalid(&file, e)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Remembered::default()),
        Err(e) => Err(io("read", &file)(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_version_remembers_stays_and_a_run_that_is_gone_is_no_baseline() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        std::fs::write(&file, "later = 7\n").unwrap();
        let id = RunId::from("a run".to_owned());
        write_baseline(dir.path(), Some(&id)).unwrap();
        assert_eq!(read_baseline(dir.path()).unwrap(), None);
        std::fs::create_dir(dir.path().join("a run")).unwrap();
        std::fs::write(dir.path().join("a run/run.toml"), "").unwrap();
        assert_eq!(read_baseline(dir.path()).unwrap(), Some(id));
        write_baseline(dir.path(), None).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "later = 7\n");

        std::fs::write(&file, "baseline = [").unwrap();
        let error = read_baseline(dir.path()).unwrap_err().to_string();
        assert!(error.contains("workspace.toml"), "{error}");
        write_baseline(dir.path(), None).unwrap_err();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "baseline = [");
    }
}
