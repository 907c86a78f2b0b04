//! What the edits of a dataset come to.

use std::collections::BTreeMap;

use crate::data::dataset::{Dataset, fingerprint};
use crate::data::error::DataError;
use crate::data::identity::ImageRef;
use crate::data::image_set::ImageSet;
use crate::data::sketches::SharedSketches;

/// What was decided about an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Its label is this class.
    Relabel(u32),
    /// It is left out.
    Exclude,
    /// It was looked at, and stays as it is.
    Keep,
}

/// The edits of a dataset: what holds for each image that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    all: BTreeMap<ImageRef, Edit>,
}

impl Edits {
    /// What was decided about `image`.
    pub fn of(&self, image: ImageRef) -> Option<Edit> {
        self.all.get(&image).copied()
    }

    /// All images that were looked at.
    pub fn all(&self) -> impl Iterator<Item = (ImageRef, Edit)> + '_ {
        self.all.iter().map(|(image, edit)| (*image, *edit))
    }

    /// How many images have another label, or are left out.
    pub fn n_changes(&self) -> usize {
        self.all
            .values()
            .filter(|edit| **edit != Edit::Keep)
            .count()
    }

    /// Sets or, for `None`, forgets what was decided about `image`.
    pub(super) fn set(&mut self, image: ImageRef, edit: Option<Edit>) {
        match edit {
            Some(edit) => self.all.insert(image, edit),
            None => self.all.remove(&image),
        };
    }
}

impl Dataset {
    /// The dataset with `edits` applied, under the same name.
    ///
    /// # Errors
    /// When no training or no test image is left.
    pub fn with_edits(&self, edits: &Edits) -> Result<Dataset, DataError> {
        let train = edited(&self.train, false, edits)?;
        let test = edited(&self.test, true, edits)?;
        for (set, what) in [(&train, "training"), (&test, "test")] {
            if set.is_empty() {
                let expected = format!("{what} images that are not left out");
                return Err(DataError::unexpected(expected, "none", &self.name));
            }
        }
        Ok(Dataset {
            name: self.name.clone(),
            classes: self.classes.clone(),
            fingerprint: fingerprint(&train, &test),
            train,
            test,
            recipe: self.recipe,
            folder: self.folder.clone(),
            notes: Vec::new(),
            sketches: SharedSketches::default(),
        })
    }
}

fn edited(set: &ImageSet, is_test: bool, edits: &Edits) -> Result<ImageSet, DataError> {
    let (mut pixels, mut labels) = (Vec::with_capacity(set.pixels().len()), Vec::new());
    for idx in 0..set.len() {
        let label = match edits.of(ImageRef { is_test, idx }) {
            Some(Edit::Exclude) => continue,
            Some(Edit::Relabel(class)) => class,
            Some(Edit::Keep) | None => set.labels()[idx],
        };
        pixels.extend_from_slice(set.image(idx));
        labels.push(label);
    }
    ImageSet::new(set.shape(), pixels, labels)
}
