//! What a person has to say about a run: `notes.toml` in its folder.
//!
//! A file of its own, so that what decided and what happened is never touched again.

use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::folder::{RunFolderError, invalid, io};
use crate::files;

pub(super) const NOTES: &str = "notes.toml";

/// What a person has to say about a run. All of it can be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// Another name than the run was born with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Anything, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Marked as a good one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub starred: bool,
    /// Out of the way, but not deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

impl Notes {
    /// The notes about the run in the folder `run`; empty ones where there are none.
    ///
    /// # Errors
    /// When there are some that cannot be read.
    pub fn read(run: &Path) -> Result<Notes, RunFolderError> {
        let file = run.join(NOTES);
        match std::fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text).map_err(|e| invalid(&file, e.message())),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Notes::default()),
            Err(e) => Err(io("read", &file)(e)),
        }
    }

    /// Writes the notes about the run in the folder `run`, all or nothing.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn write(&self, run: &Path) -> Result<(), RunFolderError> {
        let file = run.join(NOTES);
        let text = toml::to_string(self).map_err(|e| invalid(&file, e))?;
        Ok(files::write_atomically(&file, text.as_bytes())?)
    }

    /// Tags as they were typed: separated by commas or spaces, each once, in order.
    pub fn tags_of(text: &str) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        for word in words {
            if !tags.iter().any(|tag| tag == word) {
                tags.push(word.to_owned());
            }
        }
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_as_they_were_written() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Notes::read(dir.path()).unwrap(), Notes::default());
        let notes = Notes {
            name: Some("the \"good\" one".to_owned()),
            note: "two\nlines".to_owned(),
            tags: Notes::tags_of("fast, best fast,"),
            starred: true,
            archived: false,
        };
        notes.write(dir.path()).unwrap();
        assert_eq!(Notes::read(dir.path()).unwrap(), notes);
        assert_eq!(notes.tags, ["fast", "best"]);
        std::fs::write(dir.path().join(NOTES), "starred = 3").unwrap();
        let error = Notes::read(dir.path()).unwrap_err().to_string();
        assert!(error.contains(NOTES), "{error}");
    }
}
