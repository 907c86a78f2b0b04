//! What was opened lately.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Paths remembered per kind.
const MAX_RECENT: usize = 8;

/// Paths that were opened, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recent {
    /// Dataset folders.
    pub data: Vec<PathBuf>,
    /// Model files.
    pub models: Vec<PathBuf>,
    /// Images.
    pub images: Vec<PathBuf>,
}

/// Puts `path` first, as an absolute path: the next session may start in another folder.
pub(super) fn remember(paths: &mut Vec<PathBuf>, path: &Path) {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    paths.retain(|known| *known != path);
    paths.insert(0, path);
    paths.truncate(MAX_RECENT);
}

/// Removes `path` if nothing is there any more.
pub(super) fn forget_missing(paths: &mut Vec<PathBuf>, path: &Path) {
    paths.retain(|known| known != path || known.exists());
}
