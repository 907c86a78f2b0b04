//! From arguments to runs: folders, or runs of the workspace.

use std::path::{Path, PathBuf};

use super::{UsageError, named_or_default};
use crate::import;
use crate::runs::{FindError, NoModel, RunFolder, list_runs};

/// Finds the folder of the run that `text` names, see [`run_folders`].
pub(super) fn run_folder(text: &Path, workspace: Option<&Path>) -> anyhow::Result<PathBuf> {
    let mut found = run_folders(std::slice::from_ref(&text), workspace)?;
    Ok(found.remove(0))
}

/// Finds the folder of each run that `texts` name: a folder with a run in it or, in the
/// workspace, an id, the beginning of one, a unique name, or `last`.
///
/// # Errors
/// One sentence naming the text that is not a run.
pub(super) fn run_folders(
    texts: &[impl AsRef<Path>],
    workspace: Option<&Path>,
) -> anyhow::Result<Vec<PathBuf>> {
    let mut listing = None;
    let mut folders = Vec::new();
    for text in texts.iter().map(AsRef::as_ref) {
        if RunFolder::is_at(text) {
            folders.push(text.to_owned());
            continue;
        }
        let workspace = named_or_default(workspace)?;
        let path = workspace.join(text);
        if RunFolder::is_at(&path) {
            // An id, also of a run whose events cannot be read.
            folders.push(path);
            continue;
        }
        let runs = match &listing {
            Some(runs) => runs,
            // Read once, and only if a name has to be looked up.
            None => listing.insert(list_runs(&workspace)?),
        };
        match runs.find(&text.to_string_lossy()) {
            Ok(record) => folders.push(workspace.join(record.id.as_str())),
            Err(error @ FindError::Several(..)) => return Err(UsageError(error.to_string()).into()),
            Err(FindError::None(_)) => {
                // The command that reads it says why it cannot.
                if let Some(run) = runs.find_unreadable(&text.to_string_lossy()) {
                    folders.push(workspace.join(run.id.as_str()));
                    continue;
                }
                anyhow::bail!("{} {}", text.display(), no_run(text, &workspace))
            }
        }
    }
    Ok(folders)
}

/// Explains why `text` is not a run.
fn no_run(text: &Path, workspace: &Path) -> String {
    let workspace = workspace.display();
    let is_path = text.components().count() > 1;
    match (text.exists(), is_path) {
        (true, _) => format!("holds no run, and {workspace} has no run of that name"),
        (false, true) => "is not a run: there is no such folder".to_owned(),
        (false, false) => format!(
            "is not a run: there is no such folder, and no run `{}` in {workspace}; `candle-studio \
             runs list` shows them all",
            text.display()
        ),
    }
}

/// Finds the model that `text` names: a file, or the model of a run.
///
/// # Errors
/// One sentence when there is neither, or the run has no model.
pub(super) fn model_file(text: &Path, workspace: Option<&Path>) -> anyhow::Result<PathBuf> {
    // Treat what looks like a file as one, so that the error is about that file.
    let ending = text.extension().and_then(|ending| ending.to_str());
    let looks_like_file = ending.is_some_and(|ending| import::MODEL_ENDINGS.contains(&ending));
    // A folder of TensorFlow is refused by what it is, not as a run that is none.
    if text.is_file() || looks_like_file || import::is_saved_model_folder(text) {
        return Ok(text.to_owned());
    }
    let path = RunFolder::open(&run_folder(text, workspace)?)?.model_path();
    anyhow::ensure!(path.is_file(), NoModel(text.display().to_string()));
    Ok(path)
}
