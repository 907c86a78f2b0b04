//! The id of a run, which never changes.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A run's id in the window, in the index and on the command line: the name of its folder, which is
/// unique in a workspace. The run's name may change; its id does not. Cheap to copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct RunId(Arc<str>);

impl RunId {
    /// Makes an id from a folder name.
    pub fn new(name: &str) -> RunId {
        RunId(name.into())
    }

    /// Returns the id of the run in the folder `path`.
    pub fn of_folder(path: &Path) -> RunId {
        RunId::new(
            &path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy(),
        )
    }

    /// Returns a color number for a run without one: always the same for the same id (FNV-1a).
    pub(super) fn color(&self) -> usize {
        let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        // Short enough to look normal in a file.
        self.0.bytes().fold(0x811c_9dc5, mix) as usize % 1000
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for RunId {
    fn from(name: String) -> RunId {
        RunId::new(&name)
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
