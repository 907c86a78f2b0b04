//! The user's notes about a run: `notes.toml` in its folder.
//!
//! A separate file, so that settings and events are never written again.

use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{RunFolderError, invalid, io};
use super::lock::RunLock;
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
        match files::read_string(&file) {
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

    /// Changes the notes about the run in the folder `run`, while no other process does.
    ///
    /// # Errors
    /// When the notes cannot be read or written, or another process keeps them locked.
    pub fn change(run: &Path, change: impl FnOnce(&mut Notes)) -> Result<(), RunFolderError> {
        let lock = RunLock::take_notes(run).map_err(io("lock the notes in", run))?;
        let _lock = lock.ok_or_else(|| RunFolderError::NotesBusy {
            path: run.display().to_string(),
        })?;
        let mut notes = Notes::read(run)?;
        change(&mut notes);
        notes.write(run)
    }

    /// Applies what a user changed from `old` to `new`; what others changed meanwhile stays.
    pub fn merge(&mut self, old: &Notes, new: &Notes) {
        if old.name != new.name {
            self.name.clone_from(&new.name);
        }
        if old.note != new.note {
            self.note.clone_from(&new.note);
        }
        let is_removed = |tag: &String| old.tags.contains(tag) && !new.tags.contains(tag);
        self.tags.retain(|tag| !is_removed(tag));
        for tag in new.tags.iter().filter(|tag| !old.tags.contains(tag)) {
            if !self.tags.contains(tag) {
                self.tags.push(tag.clone());
            }
        }
        if old.starred != new.starred {
            self.starred = new.starred;
        }
        if old.archived != new.archived {
            self.archived = new.archived;
        }
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
    fn only_what_was_changed_is_written() {
        let tagged = |tags: &str| Notes {
            tags: Notes::tags_of(tags),
            ..Notes::default()
        };
        let mut kept = tagged("a b theirs");
        kept.note = "theirs".to_owned();
        let shown = tagged("a b");
        let mut edited = tagged("b mine");
        edited.starred = true;
        kept.merge(&shown, &edited);
        assert_eq!(kept.tags, ["b", "theirs", "mine"]);
        assert_eq!((&*kept.note, kept.starred), ("theirs", true));
    }

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
