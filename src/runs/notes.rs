//! The user's notes about a run: `notes.toml` in its folder.
//!
//! A separate file, so that settings and events are never written again.

use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{RunFolderError, invalid, io};
use crate::files;

pub(super) const NOTES: &str = "notes.toml";

/// The user's notes about a run. Everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// A name that replaces the original one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Tags to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether it has a star.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub starred: bool,
    /// Whether it is hidden from lists, but not deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

impl Notes {
    /// Reads the notes about the run in the folder `run`; empty if there are none.
    ///
    /// # Errors
    /// When they exist but cannot be read.
    pub fn read(run: &Path) -> Result<Notes, RunFolderError> {
        let file = run.join(NOTES);
        match std::fs::read_to_string(&file) {
            Ok(text) => files::parse_toml(&text).map_err(|e| invalid(&file, e)),
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

    /// Parses tags, separated by commas or spaces: each once, in order.
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
