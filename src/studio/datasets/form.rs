//! An import that is being prepared.

use std::path::PathBuf;
use std::sync::Arc;

use crate::data::import::{
    ImportProgress, ImportRecipe, Preview, Refused, Source, SourceDuplicates,
};

/// An import that is being prepared.
#[derive(Clone, Debug)]
pub struct ImportForm {
    /// The folder or file.
    pub path: PathBuf,
    /// The name that the dataset will have.
    pub name: String,
    /// What is made of it.
    pub recipe: ImportRecipe,
    /// What is in it, once it is read.
    pub source: Option<Arc<SourceAbout>>,
    /// What the import would give; while another one is made, the one before.
    pub preview: Option<Arc<Preview>>,
    /// Why it cannot be imported like this, in one sentence.
    pub problem: Option<String>,
    pub(super) progress: Arc<ImportProgress>,
    pub(super) is_importing: bool,
    pub(super) is_busy: bool,
}

/// What is in a folder or file.
#[derive(Clone, Debug)]
pub struct SourceAbout {
    /// What it is, such as `image folder`.
    pub format: &'static str,
    /// The classes' names.
    pub classes: Vec<String>,
    /// Number of images.
    pub n_images: usize,
    /// Files that are not used, with the reasons.
    pub refused: Vec<Refused>,
    /// What was decided in reading it, one sentence each without a full stop.
    pub notes: Vec<String>,
    /// Images that are there more than once; `None` if there are too many to compare.
    pub duplicates: Option<SourceDuplicates>,
}

impl SourceAbout {
    pub(super) fn of(source: &Source, duplicates: Option<SourceDuplicates>) -> SourceAbout {
        SourceAbout {
            format: source.format,
            classes: source.classes.clone(),
            n_images: source.items.len(),
            refused: source.refused.clone(),
            notes: source.notes.clone(),
            duplicates,
        }
    }
}

impl ImportForm {
    pub(super) fn new(path: PathBuf) -> ImportForm {
        ImportForm {
            path,
            name: String::new(),
            recipe: ImportRecipe::default(),
            source: None,
            preview: None,
            problem: None,
            progress: Arc::default(),
            is_importing: false,
            is_busy: true,
        }
    }

    /// Images that are imported, and all of them, while that is done.
    pub fn imported(&self) -> Option<[usize; 2]> {
        self.is_importing.then(|| self.progress.counts())
    }

    /// Whether a preview is being made.
    pub fn is_busy(&self) -> bool {
        self.is_busy && !self.is_importing
    }

    /// Whether it can be imported as it is.
    pub fn is_ready(&self) -> bool {
        self.source.is_some() && self.problem.is_none() && !self.is_importing
    }
}
