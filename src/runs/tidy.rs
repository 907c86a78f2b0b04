//! What killed writers have left in a workspace: temporary files of ours.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::baseline;
use super::checkpoints::CHECKPOINTS;
use super::file_names::{MANIFEST, MODEL_FILE, SUMMARY};
use super::notes::NOTES;
use super::rollback;
use super::tail::EVENTS;
use crate::files;

fn is_ours(name: &str) -> bool {
    let all = [
        MANIFEST,
        MODEL_FILE,
        SUMMARY,
        NOTES,
        EVENTS,
        baseline::FILE,
        // Sweeps are folders of the workspace, too.
        "sweep.toml",
        "base.toml",
    ];
    // The checkpoints, and the rollback states.
    all.contains(&name) || name.ends_with(".safetensors")
}

fn folders(run: &Path) -> [PathBuf; 3] {
    [
        run.to_owned(),
        run.join(CHECKPOINTS),
        run.join(rollback::FOLDER),
    ]
}

/// Lists the temporary files in the folder of a run, or of a workspace, that no writer will finish.
pub(super) fn abandoned(run: &Path) -> Vec<PathBuf> {
    let files = folders(run).map(|dir| files::abandoned(&dir, files::WRITER_PATIENCE, is_ours));
    files.concat()
}

/// Removes those in the folder of a run that has ended: nothing else is written there.
pub(super) fn remove_abandoned_at_end(run: &Path) {
    files::remove_abandoned(run, files::WRITER_PATIENCE, is_ours);
}

/// Removes such files if they are at least `min_age` old.
pub(super) fn remove_abandoned(run: &Path, min_age: Duration) {
    for dir in folders(run) {
        files::remove_abandoned(&dir, min_age, is_ours);
    }
}
