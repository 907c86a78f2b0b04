//! From a source to a dataset, by a recipe.

use std::path::PathBuf;

use super::arrays;
use super::pictures_made;
use super::progress::ImportProgress;
use super::recipe::ImportRecipe;
use super::source::{Images, Item, Part, Source};
use super::split::{chosen, take_apart, test_items};
use super::tree::Refused;
use crate::data::dataset::{Dataset, fingerprint};
use crate::data::error::DataError;
use crate::data::image_set::ImageSet;
use crate::data::recipe::Recipe;
use crate::data::sketches::SharedSketches;
use crate::text::count;

/// A dataset that was made of a source.
#[derive(Debug)]
pub struct Imported {
    /// The dataset.
    pub dataset: Dataset,
    /// How it was made.
    pub recipe: ImportRecipe,
    /// Files that are not used, with the reasons.
    pub refused: Vec<Refused>,
    /// How many images the source has for validation; they are among the training images.
    pub n_validation: usize,
    /// The files that it was made of.
    pub paths: Vec<PathBuf>,
}

impl Source {
    /// The name of a dataset made of it.
    pub fn name(&self) -> String {
        let name = self.path.file_stem().unwrap_or(self.path.as_os_str());
        let name = name.to_string_lossy();
        name.strip_suffix(".tar").unwrap_or(&name).to_owned()
    }

    /// Makes a dataset of it.
    ///
    /// # Errors
    /// When the recipe does not fit, there are fewer than two images, they take too much memory, the
    /// source changes meanwhile, or it is canceled.
    pub fn import(
        self,
        recipe: &ImportRecipe,
        progress: &ImportProgress,
    ) -> Result<Imported, DataError> {
        recipe.check()?;
        let (classes, index) = recipe.classes(&self)?;
        let mut items = chosen(&self.items, &index, recipe);
        if items.len() < 2 {
            return Err(too_few(&self.path, items.len(), None));
        }
        progress.start(items.len());
        let (name, own, path) = (self.name(), recipe.recipe(&self), self.path.clone());
        let made = match self.images {
            Images::Pictures(ref tree) => pictures_made::make(tree, &items, own, recipe, progress)?,
            Images::Pixels { shape, pixels } => {
                arrays::make(shape, pixels, &items, own, recipe, progress)?
            }
        };
        let mut is_made = made.is_made.iter();
        items.retain(|_| is_made.next() == Some(&true));
        let mut refused = self.refused;
        refused.extend(made.refused);
        if items.len() < 2 {
            return Err(too_few(&path, items.len(), refused.first()));
        }
        let (is_test, n_drawn) = test_items(&items, recipe);
        let is_validation = |item: &&Item| item.part == Some(Part::Validation);
        let n_validation = items.iter().filter(is_validation).count();
        let mut notes = self.notes;
        notes.extend(split_notes(&name, n_drawn, n_validation));
        notes.extend(refused_note(&refused, &name));
        let [train, test] = sets(made.shape, made.pixels, &items, &is_test)?;
        let dataset = Dataset {
            name,
            classes,
            fingerprint: fingerprint(&train, &test),
            recipe: made.recipe.unwrap_or_else(|| Recipe::of_images(&train)),
            train,
            test,
            folder: Some(path),
            notes,
            sketches: SharedSketches::default(),
        };
        Ok(Imported {
            dataset,
            recipe: recipe.clone(),
            refused,
            n_validation,
            paths: self.paths,
        })
    }
}

/// What is said of the splits: how many images were drawn for testing, and how many are there for
/// validation.
fn split_notes(name: &str, n_drawn: Option<usize>, n_validation: usize) -> Vec<String> {
    let drawn = n_drawn.map(|n| {
        format!(
            "{} of {name} are set aside for testing, the same ones in every run",
            count(n, "image")
        )
    });
    let validation = (n_validation > 0).then(|| {
        format!(
            "the {} that {name} has for validation are among its training images: every run \
             sets its own validation images aside",
            count(n_validation, "image")
        )
    });
    drawn.into_iter().chain(validation).collect()
}

pub(super) fn too_few(path: &std::path::Path, n: usize, refused: Option<&Refused>) -> DataError {
    let reason = refused.map(|first| format!(" ({}: {})", first.file, first.reason));
    let found = format!("{n}{}", reason.unwrap_or_default());
    DataError::unexpected("at least two images", found, path.display())
}

/// What is said of the files that are not used.
fn refused_note(refused: &[Refused], name: &str) -> Option<String> {
    let first = refused.first()?;
    let are = if refused.len() == 1 { "is" } else { "are" };
    let dots = if refused.len() == 1 { "" } else { ", …" };
    Some(format!(
        "{} of {name} {are} not used: {}: {}{dots}",
        count(refused.len(), "file"),
        first.file,
        first.reason
    ))
}

fn sets(
    shape: [usize; 3],
    pixels: Vec<u8>,
    items: &[Item],
    is_test: &[bool],
) -> Result<[ImageSet; 2], DataError> {
    let [train, test] = take_apart(pixels, shape.iter().product(), is_test);
    let labels = |wanted: bool| -> Vec<u32> {
        let items = items.iter().zip(is_test);
        let of_split = items.filter(|(_, is_test)| **is_test == wanted);
        of_split.map(|(item, _)| item.label).collect()
    };
    Ok([
        ImageSet::new(shape, train, labels(false))?,
        ImageSet::new(shape, test, labels(true))?,
    ])
}
