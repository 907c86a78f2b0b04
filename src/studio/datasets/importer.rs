//! The thread that reads folders and files to import them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::form::SourceAbout;
use crate::data::import::{ImportProgress, ImportRecipe, Preview, Source, SourceDuplicates};
use crate::data::store::{Store, is_stored};
use crate::data::{DataError, Dataset, has_idx_files};
use crate::predict::LatestOnly;
use crate::studio::thread::Wake;

/// What is to be done with a folder or file.
pub(super) struct Question {
    pub(super) path: PathBuf,
    pub(super) recipe: ImportRecipe,
    pub(super) goal: Goal,
    pub(super) progress: Arc<ImportProgress>,
}

pub(super) enum Goal {
    /// Open it, if it is a dataset as it is; otherwise show what an import would give.
    Look,
    /// Show what an import would give.
    Preview,
    /// Import it as `name`, into a store if there is one, in place of another one if `replaces`.
    Import {
        store: Option<Store>,
        name: String,
        replaces: bool,
    },
}

pub(super) enum Answer {
    /// It is a dataset as it is.
    Opened(Box<Dataset>),
    /// What is in it, the name of a dataset made of it, and what an import would give.
    Found(Arc<SourceAbout>, String, Result<Arc<Preview>, String>),
    Imported(Box<Dataset>),
    /// It cannot be read, or imported; one sentence.
    Failed(String),
    Canceled,
}

pub(super) type Importer = LatestOnly<Question, Answer>;

pub(super) fn spawn(wake: Wake) -> std::io::Result<Importer> {
    // Kept from one preview to the next: an archive is listed once.
    let mut opened: Option<Opened> = None;
    LatestOnly::spawn("import", wake, move |question| {
        answer(&question, &mut opened).unwrap_or_else(|error| match error {
            DataError::Canceled => Answer::Canceled,
            error => Answer::Failed(error.to_string()),
        })
    })
}

/// A source that was read.
struct Opened {
    path: PathBuf,
    source: Source,
    duplicates: Option<SourceDuplicates>,
}

impl Opened {
    fn new(path: &Path) -> Result<Opened, DataError> {
        let source = Source::open(path)?;
        Ok(Opened {
            path: path.to_owned(),
            duplicates: source.duplicates()?,
            source,
        })
    }
}

fn answer(question: &Question, opened: &mut Option<Opened>) -> Result<Answer, DataError> {
    let path = &question.path;
    if matches!(question.goal, Goal::Look) {
        // What is in it may have changed.
        *opened = None;
        if is_stored(path) || has_idx_files(path) {
            return Ok(Answer::Opened(Box::new(Dataset::open(path)?)));
        }
    }
    let known = opened.take().filter(|of| of.path == *path);
    if let Goal::Import {
        store,
        name,
        replaces,
    } = &question.goal
    {
        if let (Some(store), false) = (store, replaces) {
            // Fail now rather than after minutes of decoding.
            store.check_free(name)?;
        }
        let source = known.map_or_else(|| Source::open(path), |known| Ok(known.source))?;
        let mut imported = source.import(&question.recipe, &question.progress)?;
        name.clone_into(&mut imported.dataset.name);
        let dataset = match store {
            Some(store) => {
                let notes = std::mem::take(&mut imported.dataset.notes);
                let mut stored = store.save(name, imported, *replaces)?.dataset;
                stored.notes = notes;
                stored
            }
            None => imported.dataset,
        };
        return Ok(Answer::Imported(Box::new(dataset)));
    }
    let known = known.map_or_else(|| Opened::new(path), Ok)?;
    let source = &known.source;
    let preview = source.preview(&question.recipe, &question.progress);
    let found = Answer::Found(
        Arc::new(SourceAbout::of(source, known.duplicates.clone())),
        source.name(),
        preview.map(Arc::new).map_err(|error| error.to_string()),
    );
    *opened = Some(known);
    Ok(found)
}
