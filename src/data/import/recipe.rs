//! How a dataset is made of a source.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::source::Source;
use crate::data::error::DataError;
use crate::data::recipe::{Framing, Recipe};

/// Pixels per side of the images that pictures become.
pub const SIDES: RangeInclusive<usize> = 8..=128;

/// The share of images set aside for testing where a source has no test images: one in six, as in
/// MNIST.
const TEST_SHARE: f64 = 1.0 / 6.0;
/// The seed of that choice: not that of a run, so that all runs are tested on the same images.
const SPLIT_SEED: u64 = 1;

/// What is made of a source. The default takes all of it as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportRecipe {
    /// Height and width of the images; by default those of the source if all are the same, or else
    /// 28×28 in gray and 32×32 in color.
    pub size: Option<[usize; 2]>,
    /// Whether the images are in color; by default as the source's.
    pub color: Option<bool>,
    /// How a picture fills the image; by default fitted, or centered if the images are.
    pub framing: Option<Framing>,
    /// Whether dark becomes bright.
    pub invert: bool,
    /// Whether they are mirrored left to right.
    pub mirror: bool,
    /// Clockwise quarter turns, after mirroring: 0 to 3.
    pub quarter_turns: u8,
    /// The classes that are kept, in this order; all of them if empty.
    pub classes: Vec<ClassChoice>,
    /// Most images of each class in each split.
    pub per_class: Option<usize>,
    /// The share of images set aside for testing. By default one in six, if the source has no test
    /// images; a share given here replaces its splits.
    pub test_share: Option<f64>,
    /// The seed of what is drawn.
    pub seed: u64,
}

/// A class that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassChoice {
    /// Its name in the source.
    pub from: String,
    /// Its name in the dataset.
    pub name: String,
}

impl Default for ImportRecipe {
    fn default() -> ImportRecipe {
        ImportRecipe {
            size: None,
            color: None,
            framing: None,
            invert: false,
            mirror: false,
            quarter_turns: 0,
            classes: Vec::new(),
            per_class: None,
            test_share: None,
            seed: SPLIT_SEED,
        }
    }
}

impl ImportRecipe {
    /// Checks it by itself.
    ///
    /// # Errors
    /// One sentence for the first value that is out of range.
    pub fn check(&self) -> Result<(), DataError> {
        let wrong = |expected: String, found: String| {
            Err(DataError::unexpected(expected, found, "the import"))
        };
        if let Some([height, width]) = self.size
            && !(SIDES.contains(&height) && SIDES.contains(&width))
        {
            let expected = format!("a size from {} to {} pixels", SIDES.start(), SIDES.end());
            return wrong(expected, format!("{height}×{width}"));
        }
        if let Some(share) = self.test_share
            && !(share > 0.0 && share < 1.0)
        {
            let expected = "a share of test images above 0 and below 1".to_owned();
            return wrong(expected, share.to_string());
        }
        if self.per_class == Some(0) {
            return wrong("at least one image per class".to_owned(), "0".to_owned());
        }
        Ok(())
    }

    /// The share set aside for testing, for a source with test images or without.
    pub(super) fn share(&self, has_test: bool) -> Option<f64> {
        self.test_share.or((!has_test).then_some(TEST_SHARE))
    }

    /// How its pictures become images of `source`.
    pub(super) fn recipe(&self, source: &Source) -> Recipe {
        let base = Recipe {
            framing: self.framing.unwrap_or(Framing::Fit),
            invert: self.invert,
            mirror: self.mirror,
            quarter_turns: self.quarter_turns,
        };
        match base.mirror || base.quarter_turns != 0 {
            true => base,
            false => Recipe {
                mirror: source.turn.mirror,
                quarter_turns: source.turn.quarter_turns,
                ..base
            },
        }
    }

    /// The names of the classes, and for each class of the source its index among them.
    pub(super) fn classes(
        &self,
        source: &Source,
    ) -> Result<(Vec<String>, Vec<Option<u32>>), DataError> {
        if self.classes.is_empty() {
            let all = (0..source.classes.len() as u32).map(Some).collect();
            return Ok((source.classes.clone(), all));
        }
        let mut names: Vec<String> = Vec::new();
        let mut index = vec![None; source.classes.len()];
        for choice in &self.classes {
            let Some(from) = source.classes.iter().position(|name| *name == choice.from) else {
                return Err(DataError::unexpected(
                    format!("one of the classes {}", source.classes.join(", ")),
                    format!("`{}`", choice.from),
                    source.path.display(),
                ));
            };
            // Two classes with one name become one.
            let known = names.iter().position(|name| *name == choice.name);
            index[from] = Some(known.unwrap_or(names.len()) as u32);
            if known.is_none() {
                names.push(choice.name.clone());
            }
        }
        Ok((names, index))
    }
}
