//! Deleted sketches that are gone for good.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::file::SketchFolder;

/// How long a deleted sketch can be restored by hand: a month.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl SketchFolder {
    /// Removes the sketches that were deleted longer than a month before `now`, with what was on their
    /// canvas; returns their number. One that cannot be removed stays until the next time.
    pub fn purge(&self, now: SystemTime) -> usize {
        let Ok(entries) = std::fs::read_dir(self.deleted_folder()) else {
            return 0;
        };
        let is_old = |path: &Path| {
            let deleted = std::fs::metadata(path).and_then(|meta| meta.modified());
            deleted.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > KEPT))
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let is_picture = |path: &Path| path.extension().is_some_and(|end| end == "png");
        paths
            .filter(|path| is_picture(path) && is_old(path))
            .filter(|path| self.remove_for_good(path).is_some())
            .count()
    }

    fn remove_for_good(&self, path: &Path) -> Option<()> {
        let id = path.file_stem()?.to_str()?;
        std::fs::remove_file(path).ok()?;
        // If it stays it belongs to nothing, and nothing reads it.
        let _ = std::fs::remove_file(self.canvas_of(id));
        Some(())
    }
}

/// Notes in the file's time that the sketch is deleted now.
pub(super) fn mark_deleted(path: &Path) {
    // Where that is not possible it is purged by the time it was drawn.
    let _ = File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.set_modified(SystemTime::now()));
}
