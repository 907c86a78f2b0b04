//! Rollback states on disk, beside the checkpoints: one file each, shared by all checkpoints that
//! name it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::error::{RunFolderError, invalid, io};
use crate::files;
use crate::train::{Checkpoint, RollbackStates};

/// Folder of these files, in the folder of the run.
pub(super) const FOLDER: &str = "rollback";

/// Returns their folder, beside the folder `checkpoints`.
fn folder(checkpoints: &Path) -> PathBuf {
    checkpoints.with_file_name(FOLDER)
}

fn file(checkpoints: &Path, mark: &str) -> PathBuf {
    folder(checkpoints).join(format!("{mark}.safetensors"))
}

/// Lists the files of the states of the run in `run`.
pub(super) fn state_files(run: &Path) -> Vec<PathBuf> {
    let found = std::fs::read_dir(run.join(FOLDER));
    let paths = found.into_iter().flatten().flatten().map(|e| e.path());
    let is_state = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| !name.starts_with('.') && name.ends_with(".safetensors"))
    };
    let mut paths: Vec<PathBuf> = paths.filter(is_state).collect();
    paths.sort();
    paths
}

/// Returns the file of a state of the run in `run`.
pub(super) fn state_file(run: &Path, mark: &str) -> PathBuf {
    run.join(FOLDER).join(format!("{mark}.safetensors"))
}

/// Writes the states that `checkpoint` names, if they are new: before the checkpoint itself, so
/// that it is never without them.
pub(super) fn write(dir: &Path, checkpoint: &Checkpoint) -> Result<(), RunFolderError> {
    let states = checkpoint.rollback.iter().flat_map(|w| &w.states);
    let folder = folder(dir);
    files::create_folder(&folder).map_err(io("create the folder", &folder))?;
    for state in states {
        let file = file(dir, &state.mark());
        // Files are written atomically: one that exists is complete.
        if !file.exists() {
            let bytes = state.to_bytes().map_err(|e| invalid(&file, e))?;
            files::write_atomically(&file, &bytes)?;
        }
    }
    Ok(())
}

/// The states that the checkpoints of a folder name, as far as known.
#[derive(Debug, Default)]
pub(super) struct Named(HashMap<PathBuf, Vec<String>>);

impl Named {
    fn marks(&mut self, file: &Path) -> &[String] {
        let marks = self.0.entry(file.to_owned());
        marks.or_insert_with(|| Checkpoint::marks_in(file).unwrap_or_default())
    }

    /// Notes a checkpoint that was written to `file`.
    pub(super) fn note(&mut self, file: &Path, checkpoint: &Checkpoint) {
        let marks = checkpoint.rollback.as_ref().map(RollbackStates::marks);
        self.0.insert(file.to_owned(), marks.unwrap_or_default());
    }

    /// Removes the states that none of `checkpoints`, oldest first, needs. The newest checkpoint
    /// keeps its states; an older one only if that takes at most one state more, because
    /// checkpoints that are far apart would each take five.
    pub(super) fn tidy(&mut self, dir: &Path, checkpoints: &[PathBuf]) {
        self.0.retain(|file, _| checkpoints.contains(file));
        let mut needed: HashSet<PathBuf> = HashSet::new();
        for (age, checkpoint) in checkpoints.iter().rev().enumerate() {
            let files = self.marks(checkpoint).iter().map(|mark| file(dir, mark));
            let new: Vec<PathBuf> = files.filter(|file| !needed.contains(file)).collect();
            if age == 0 || new.len() <= 1 {
                needed.extend(new);
            }
        }
        let all = std::fs::read_dir(folder(dir));
        for path in all
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
        {
            if !needed.contains(&path) {
                // A leftover file does no harm.
                let _ = std::fs::remove_file(&path);
            }
        }
    }
}

/// Reads the states that `checkpoint` names; those that cannot be read stay in `unread`.
pub(super) fn read(dir: &Path, checkpoint: &mut Checkpoint) {
    if let Some(rollback) = &mut checkpoint.rollback {
        rollback.read_with(|mark| {
            // A checkpoint from elsewhere must not name a file outside of the folder.
            let is_mark = mark.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
            is_mark.then(|| Checkpoint::load(&file(dir, mark)).ok())?
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_from_the_folder_and_from_nowhere_else() {
        let run = tempfile::tempdir().unwrap();
        let dir = run.path().join("checkpoints");
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/runs/3e90706/killed/checkpoints/step-0000000240.safetensors");
        let mut checkpoint = Checkpoint::load(&fixture).unwrap();
        checkpoint.rollback = Some(RollbackStates {
            states: vec![std::sync::Arc::new(checkpoint.clone())],
            ..RollbackStates::default()
        });
        write(&dir, &checkpoint).unwrap();
        let mark = checkpoint.mark();
        std::fs::copy(file(&dir, &mark), run.path().join("elsewhere.safetensors")).unwrap();
        checkpoint.rollback = Some(RollbackStates {
            unread: vec![mark, "../elsewhere".to_owned()],
            ..RollbackStates::default()
        });
        read(&dir, &mut checkpoint);
        let rollback = checkpoint.rollback.unwrap();
        assert_eq!(rollback.states.len(), 1);
        assert_eq!(rollback.unread, ["../elsewhere"]);
    }
}
