//! Imported datasets in a workspace: `datasets/NAME/`, with `dataset.json` and `images.bin`.

mod description;
mod edited;
mod images;
mod sources;
mod trash;

use std::path::{Path, PathBuf};

use super::built_in::BuiltIn;
use super::dataset::Dataset;
use super::error::DataError;
use super::import::Imported;
use super::sketches::SharedSketches;
use crate::files;
pub use description::Description;

/// The folder of a workspace that holds them.
const FOLDER: &str = "datasets";
/// What describes a stored dataset.
const DESCRIPTION: &str = "dataset.json";
/// Its pixels and labels.
const IMAGES: &str = "images.bin";
/// Most letters of a name.
const MAX_NAME: usize = 100;

/// The stored datasets of a workspace.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// A stored dataset, as listed.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its name.
    pub name: String,
    /// Bytes on disk.
    pub bytes: u64,
    /// What it is, or why that cannot be read.
    pub description: Result<Description, String>,
}

impl Store {
    /// The datasets of the folder `workspace`.
    pub fn of(workspace: &Path) -> Store {
        Store {
            folder: workspace.join(FOLDER),
        }
    }

    /// The folder of the dataset `name`.
    ///
    /// # Errors
    /// When it cannot be a name.
    pub fn path(&self, name: &str) -> Result<PathBuf, DataError> {
        let is_plain = |c: char| !c.is_control() && !"/\\:*?\"<>|".contains(c);
        let is_name = (1..=MAX_NAME).contains(&name.chars().count())
            && name.chars().all(is_plain)
            && !name.starts_with('.')
            && name.trim() == name
            && BuiltIn::named(name).is_none();
        if is_name {
            return Ok(self.folder.join(name));
        }
        let expected = format!(
            "a name of 1 to {MAX_NAME} letters without / and the like, and not {}",
            BuiltIn::ALL.map(BuiltIn::name).join(", ")
        );
        Err(DataError::unexpected(
            expected,
            format!("`{}`", name.escape_debug()),
            "the dataset",
        ))
    }

    /// The folder of the dataset `name`, if there is one.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        self.path(name).ok().filter(|path| is_stored(path))
    }

    /// The stored dataset with this fingerprint.
    pub fn find_fingerprint(&self, fingerprint: &str) -> Option<PathBuf> {
        let has = |stored: &Stored| {
            let description = stored.description.as_ref();
            description.is_ok_and(|description| description.fingerprint == fingerprint)
        };
        let stored = self.list().ok()?.into_iter().find(has)?;
        Some(self.folder.join(stored.name))
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Stored>, DataError> {
        let denied = DataError::read(&self.folder);
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(denied(e)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.map_err(&denied)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(name) = name.filter(|name| !name.starts_with('.') && is_stored(&path)) else {
                continue;
            };
            let size = |file: &str| std::fs::metadata(path.join(file)).map_or(0, |m| m.len());
            all.push(Stored {
                name: name.to_owned(),
                bytes: size(DESCRIPTION) + size(IMAGES),
                description: Description::read(&path).map_err(|e| e.to_string()),
            });
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// Stores a dataset as `name`, in place of an older one if `replaces`, and opens it from there; its
    /// images in memory are given back before.
    ///
    /// # Errors
    /// When the name is taken or cannot be one, a source cannot be read, or the disk is full;
    /// nothing is stored then.
    pub fn save(
        &self,
        name: &str,
        imported: Imported,
        replaces: bool,
    ) -> Result<Imported, DataError> {
        let path = self.path(name)?;
        if !replaces {
            self.check_free(name)?;
        }
        let part = self
            .folder
            .join(format!(".{name}.{}.part", std::process::id()));
        std::fs::create_dir_all(&part).map_err(DataError::read(&part))?;
        let written = self.write(&part, &imported);
        let moved = written.and_then(|()| replace(&part, &path));
        if moved.is_err() {
            // It is of no use, and says nothing that the error does not.
            let _ = std::fs::remove_dir_all(&part);
        }
        moved?;
        let Imported {
            dataset,
            recipe,
            refused,
            n_validation,
            paths,
        } = imported;
        // Both together would take twice the memory.
        drop(dataset);
        Ok(Imported {
            dataset: open(&path, false)?,
            recipe,
            refused,
            n_validation,
            paths,
        })
    }

    fn write(&self, part: &Path, imported: &Imported) -> Result<(), DataError> {
        let dataset = &imported.dataset;
        let sources = sources::describe(&imported.paths)?;
        let checksum = images::write(&part.join(IMAGES), dataset)?;
        let description = Description::new(imported, sources, checksum);
        description.write(part)
    }

    /// Checks that no dataset is called `name`.
    ///
    /// # Errors
    /// When one is, or it cannot be a name.
    pub fn check_free(&self, name: &str) -> Result<(), DataError> {
        match self.path(name)?.exists() {
            true => Err(DataError::unexpected(
                "a name that is not taken",
                format!("`{name}`"),
                self.folder.display(),
            )),
            false => Ok(()),
        }
    }

    /// Renames a dataset.
    ///
    /// # Errors
    /// When there is none, or the new name is taken.
    pub fn rename(&self, old: &str, new: &str) -> Result<(), DataError> {
        let from = self.existing(old)?;
        self.check_free(new)?;
        let to = self.path(new)?;
        std::fs::rename(&from, to).map_err(DataError::read(&from))
    }

    fn existing(&self, name: &str) -> Result<PathBuf, DataError> {
        self.find(name).ok_or_else(|| {
            let names = self
                .list()
                .unwrap_or_default()
                .into_iter()
                .map(|stored| stored.name);
            let names = names.collect::<Vec<_>>().join(", ");
            let known = match names.is_empty() {
                true => "a stored dataset (there is none)".to_owned(),
                false => format!("one of the stored datasets {names}"),
            };
            DataError::unexpected(known, format!("`{name}`"), self.folder.display())
        })
    }
}

/// Moves `part` to `path`; what was there is deleted at the end.
fn replace(part: &Path, path: &Path) -> Result<(), DataError> {
    let old = part.with_extension("old");
    let had_one = path.exists();
    if had_one {
        std::fs::rename(path, &old).map_err(DataError::read(path))?;
    }
    if let Err(error) = std::fs::rename(part, path) {
        if had_one {
            std::fs::rename(&old, path).map_err(DataError::read(path))?;
        }
        return Err(DataError::read(path)(error));
    }
    if had_one {
        // What stays of it is hidden and says nothing.
        let _ = std::fs::remove_dir_all(&old);
    }
    Ok(())
}

/// Whether the folder `path` is a stored dataset.
pub fn is_stored(path: &Path) -> bool {
    path.join(DESCRIPTION).is_file() && path.join(IMAGES).is_file()
}

/// Opens the stored dataset in the folder `path`. Says which of the files it was made of have
/// changed: by their sizes and times, or by their content if `verifies`.
///
/// # Errors
/// When it is damaged or of a newer version.
pub fn open(path: &Path, verifies: bool) -> Result<Dataset, DataError> {
    let description = Description::read(path)?;
    let [train, test] = images::read(&path.join(IMAGES), &description)?;
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Dataset {
        notes: sources::changed(&description.sources, verifies, &name)
            .into_iter()
            .collect(),
        name,
        classes: description.classes,
        train,
        test,
        fingerprint: description.fingerprint,
        recipe: description.recipe,
        folder: Some(path.canonicalize().unwrap_or_else(|_| path.to_owned())),
        sketches: SharedSketches::default(),
    })
}

/// The [`Dataset::content`] of a stored dataset, as it was written down.
pub(super) fn content_of(dataset: &Dataset) -> Option<String> {
    let folder = dataset.folder.as_deref().filter(|path| is_stored(path))?;
    let description = Description::read(folder).ok()?;
    (description.fingerprint == dataset.fingerprint).then_some(description.content)
}

/// Writes the text of a file.
fn write_text(path: &Path, text: &str) -> Result<(), DataError> {
    Ok(files::write_atomically(path, text.as_bytes())?)
}
