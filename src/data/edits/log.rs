//! The log of edits on disk: one line per decision, as it was made.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::state::{Edit, Edits};
use crate::data::dataset::Dataset;
use crate::data::error::DataError;
use crate::data::identity::ImageRef;
use crate::files;

/// The folder of a workspace that holds the logs.
const FOLDER: &str = "edits";
/// Digits of a fingerprint that name a log.
const N_DIGITS: usize = 16;

/// A decision, as it is written. An image is named by its place and its pixels, a class by its name.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    action: Action,
    split: Split,
    index: usize,
    /// SHA-256 of its pixels, in hexadecimal.
    image: String,
    /// Its label before.
    old: String,
    /// Its label from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    new: Option<String>,
    /// Why, such as `label issue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// When, such as `2026-11-23T12:27:42Z`.
    when: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Relabel,
    Exclude,
    Keep,
    /// Removes the edit.
    Restore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Split {
    Train,
    Test,
}

/// The edits of a dataset in a workspace.
#[derive(Clone, Debug)]
pub struct EditLog {
    path: PathBuf,
    edits: Edits,
    /// What was undone by [`EditLog::undo`] is not undone again.
    done: Vec<(ImageRef, Option<Edit>)>,
    /// What is wrong with the file, in one sentence.
    problem: Option<String>,
    /// Whether the last line may be incomplete.
    is_torn: bool,
}

impl EditLog {
    /// Reads the edits of `dataset` in the folder `workspace`; there may be none yet. Lines that
    /// cannot be read are passed over, see [`EditLog::problem`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open(workspace: &Path, dataset: &Dataset) -> Result<EditLog, DataError> {
        let digits: String = dataset.fingerprint.chars().take(N_DIGITS).collect();
        let path = workspace.join(FOLDER).join(format!("{digits}.jsonl"));
        let bytes = match files::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(DataError::read(&path)(e)),
        };
        let mut log = EditLog {
            path,
            edits: Edits::default(),
            done: Vec::new(),
            problem: None,
            is_torn: bytes.last().is_some_and(|&b| b != b'\n'),
        };
        let mut damaged = Vec::new();
        let lines = bytes.split(|&b| b == b'\n').enumerate();
        for (i, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let read = serde_json::from_slice::<Line>(line).ok();
            match read.and_then(|line| line.decided(dataset)) {
                Some((image, edit)) => log.edits.set(image, edit),
                None => damaged.push(i + 1),
            }
        }
        log.problem = files::damaged_lines(&damaged, &log.path.display().to_string());
        Ok(log)
    }

    /// What holds now.
    pub fn edits(&self) -> &Edits {
        &self.edits
    }

    /// Says which lines of the file could not be read.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether there is something to undo in this session.
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    /// Edits `image` of `dataset`, or for `None` removes its edit.
    ///
    /// # Errors
    /// When it cannot be written; nothing has changed then.
    pub fn decide(
        &mut self,
        dataset: &Dataset,
        image: ImageRef,
        edit: Option<Edit>,
        why: &str,
    ) -> Result<(), DataError> {
        let before = self.edits.of(image);
        self.write(dataset, image, edit, why)?;
        self.done.push((image, before));
        Ok(())
    }

    /// Takes the last decision of this session back, and returns its image.
    ///
    /// # Errors
    /// When it cannot be written; nothing has changed then.
    pub fn undo(&mut self, dataset: &Dataset) -> Result<Option<ImageRef>, DataError> {
        let Some(&(image, before)) = self.done.last() else {
            return Ok(None);
        };
        self.write(dataset, image, before, "undone")?;
        self.done.pop();
        Ok(Some(image))
    }

    fn write(
        &mut self,
        dataset: &Dataset,
        image: ImageRef,
        edit: Option<Edit>,
        why: &str,
    ) -> Result<(), DataError> {
        let line = Line::new(dataset, image, edit, why);
        let mut bytes = serde_json::to_vec(&line)
            .map_err(|e| DataError::read(&self.path)(std::io::Error::other(e)))?;
        bytes.push(b'\n');
        if self.is_torn {
            bytes.insert(0, b'\n');
        }
        let append = || -> std::io::Result<()> {
            if let Some(folder) = self.path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut options = OpenOptions::new();
            let mut file = options.append(true).create(true).open(&self.path)?;
            files::append(&mut file, &bytes)?;
            files::sync(&file)
        };
        let appended = append().map_err(DataError::read(&self.path));
        self.is_torn = appended.is_err();
        appended?;
        self.edits.set(image, edit);
        Ok(())
    }
}

impl Line {
    fn new(dataset: &Dataset, image: ImageRef, edit: Option<Edit>, why: &str) -> Line {
        let name = |class: u32| dataset.classes[class as usize].clone();
        let (action, new) = match edit {
            Some(Edit::Relabel(class)) => (Action::Relabel, Some(name(class))),
            Some(Edit::Exclude) => (Action::Exclude, None),
            Some(Edit::Keep) => (Action::Keep, None),
            None => (Action::Restore, None),
        };
        Line {
            action,
            split: if image.is_test {
                Split::Test
            } else {
                Split::Train
            },
            index: image.idx,
            image: hash(dataset, image),
            old: name(dataset.label(image)),
            new,
            why: Some(why.to_owned()).filter(|why| !why.is_empty()),
            when: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        }
    }

    /// What it says about which image, if that is one of `dataset`.
    fn decided(&self, dataset: &Dataset) -> Option<(ImageRef, Option<Edit>)> {
        let image = ImageRef {
            is_test: self.split == Split::Test,
            idx: self.index,
        };
        if image.idx >= dataset.split_of(image).len() || hash(dataset, image) != self.image {
            return None;
        }
        let edit = match self.action {
            Action::Relabel => {
                let new = self.new.as_ref()?;
                let class = dataset.classes.iter().position(|name| name == new)?;
                Some(Edit::Relabel(class as u32))
            }
            Action::Exclude => Some(Edit::Exclude),
            Action::Keep => Some(Edit::Keep),
            Action::Restore => None,
        };
        Some((image, edit))
    }
}

fn hash(dataset: &Dataset, image: ImageRef) -> String {
    format!(
        "{:x}",
        Sha256::digest(dataset.split_of(image).image(image.idx))
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::BuiltIn;

    #[test]
    fn decisions_are_kept_undone_and_applied() {
        let dir = tempfile::tempdir().unwrap();
        let digits = BuiltIn::Digits.open().unwrap();
        let image = |idx| ImageRef {
            is_test: false,
            idx,
        };
        let mut log = EditLog::open(dir.path(), &digits).unwrap();
        for (idx, edit) in [(0, Edit::Relabel(7)), (1, Edit::Exclude), (2, Edit::Keep)] {
            log.decide(&digits, image(idx), Some(edit), "label issue")
                .unwrap();
        }
        log.decide(&digits, image(0), Some(Edit::Relabel(3)), "")
            .unwrap();
        assert_eq!(log.undo(&digits).unwrap(), Some(image(0)));
        assert_eq!(log.edits().of(image(0)), Some(Edit::Relabel(7)));

        // Another session reads the same, and passes over what is damaged.
        let path = log.path.clone();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}{{\"action\":\"rel\n")).unwrap();
        let mut again = EditLog::open(dir.path(), &digits).unwrap();
        assert_eq!(again.edits(), log.edits());
        assert!(again.problem().unwrap().contains("line 6"));
        assert_eq!(
            again.undo(&digits).unwrap(),
            None,
            "only what this session did"
        );
        assert_eq!(again.edits().n_changes(), 2);

        let edited = digits.with_edits(again.edits()).unwrap();
        assert_eq!(edited.train.len(), digits.train.len() - 1);
        assert_eq!(edited.train.labels()[0], 7);
        assert_eq!(edited.train.image(1), digits.train.image(2));
        assert_ne!(edited.fingerprint, digits.fingerprint);
        let none = digits.with_edits(&Edits::default()).unwrap();
        assert_eq!(none.fingerprint, digits.fingerprint);

        // Lines about other images are not taken for this dataset's.
        let other = Dataset {
            train: digits.test.clone(),
            ..digits.clone()
        };
        assert_eq!(
            EditLog::open(dir.path(), &other).unwrap().edits(),
            &Edits::default()
        );
    }
}
