//! Whether a run's folder is still where it was, and a run folder in the temporary folder for what
//! cannot be written to it: to be resumed and evaluated there.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use super::error::{RunFolderError, io};
use super::file_names::{MANIFEST, MODEL_FILE};
use super::tail::EVENTS;
use crate::files;
use crate::model::Classifier;

/// The place of a run that is being recorded.
#[derive(Debug)]
pub(super) struct RunPlace {
    path: PathBuf,
    /// The text of its manifest.
    manifest: String,
    /// Its events, readable wherever the folder is by now.
    events: File,
    /// The folder in the temporary folder, once it was needed.
    rescue: Option<PathBuf>,
}

impl RunPlace {
    pub(super) fn new(path: &Path, manifest: String, events: &File) -> std::io::Result<RunPlace> {
        Ok(RunPlace {
            path: path.to_owned(),
            manifest,
            events: events.try_clone()?,
            rescue: None,
        })
    }

    pub(super) fn set_manifest(&mut self, manifest: String) {
        self.manifest = manifest;
    }

    /// Checks that the folder has not been moved or removed.
    pub(super) fn check(&self) -> Result<(), RunFolderError> {
        let is_here = self.path.join(MANIFEST).is_file()
            && is_same(&self.events, &self.path.join(EVENTS)).unwrap_or(false);
        if is_here {
            return Ok(());
        }
        Err(RunFolderError::Moved {
            path: self.path.display().to_string(),
        })
    }

    /// Returns the run's folder in the temporary folder, with its manifest and its events so far.
    pub(super) fn rescue(&mut self) -> Result<PathBuf, RunFolderError> {
        let folder = match &self.rescue {
            Some(folder) => folder.clone(),
            None => {
                let name = self.path.file_name().unwrap_or_default();
                let new = files::rescue_folder(Path::new(name));
                new.map_err(io("create a folder for", &self.path))?
            }
        };
        self.rescue = Some(folder.clone());
        let mut events = Vec::new();
        // Events are appended wherever the position is.
        let read = self.events.rewind();
        let read = read.and_then(|()| self.events.read_to_end(&mut events));
        read.map_err(io("read", &self.path.join(EVENTS)))?;
        files::write_atomically(&folder.join(EVENTS), &events)?;
        // Last, because it makes the folder a run.
        files::write_atomically(&folder.join(MANIFEST), self.manifest.as_bytes())?;
        Ok(folder)
    }

    /// Writes the model to the run's folder or, rather than lose it, to the temporary folder; then
    /// returns why, and where it is.
    pub(super) fn save(&mut self, model: &Classifier) -> Result<(), RunFolderError> {
        let save = || {
            self.check()?;
            let file = self.path.join(MODEL_FILE);
            model.save(&file).map_err(RunFolderError::Model)
        };
        let Err(error) = save() else {
            return Ok(());
        };
        let rescued = self
            .rescue()
            .ok()
            .filter(|folder| model.save(&folder.join(MODEL_FILE)).is_ok());
        Err(match rescued {
            None => error,
            Some(folder) => RunFolderError::RescuedModel {
                error: Box::new(error),
                path: folder.display().to_string(),
            },
        })
    }
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (a, b) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((a.dev(), a.ino()) == (b.dev(), b.ino()))
}

/// Elsewhere, a folder with an open file cannot be moved or removed.
#[cfg(not(unix))]
fn is_same(_file: &File, path: &Path) -> std::io::Result<bool> {
    path.try_exists()
}
