//! What an import would give, without making all of it.

use rand::seq::SliceRandom;

use super::progress::ImportProgress;
use super::recipe::ImportRecipe;
use super::source::{Images, Item, Part, Source};
use super::split::{chosen, test_items};
use super::tree::Refused;
use super::{arrays, pictures_made};
use crate::data::error::DataError;
use crate::data::image_set::ImageSet;
use crate::random::{self, Stream};

/// Images that a preview makes.
const N_IMAGES: usize = 64;

/// What an import would give.
#[derive(Clone, Debug)]
pub struct Preview {
    /// A sample of the images, by class, as the recipe makes them.
    pub images: ImageSet,
    /// The classes of the dataset.
    pub classes: Vec<String>,
    /// How many training and test images each class would have.
    pub counts: Vec<[usize; 2]>,
    /// How many images would be drawn for testing; `None` if the source has test images.
    pub n_drawn: Option<usize>,
    /// How many images the source has for validation; they join the training images.
    pub n_validation: usize,
    /// Bytes that all pixels would take in memory.
    pub bytes: u64,
    /// Images of the sample that cannot be made, with the reasons.
    pub refused: Vec<Refused>,
}

impl Source {
    /// Shows what [`Source::import`] would give: the same images whatever the recipe does to them,
    /// as long as it keeps the same classes.
    ///
    /// # Errors
    /// As [`Source::import`], except for what is wrong with single images.
    pub fn preview(
        &self,
        recipe: &ImportRecipe,
        progress: &ImportProgress,
    ) -> Result<Preview, DataError> {
        recipe.check()?;
        let (classes, index) = recipe.classes(self)?;
        let items = chosen(&self.items, &index, recipe);
        if items.len() < 2 {
            return Err(super::build::too_few(&self.path, items.len(), None));
        }
        let shape = self.made_shape(&items, recipe, progress)?;
        let bytes = super::limits::checked_bytes(items.len(), shape)? as u64;
        let (is_test, n_drawn) = test_items(&items, recipe);
        let mut counts = vec![[0; 2]; classes.len()];
        for (item, is_test) in items.iter().zip(is_test) {
            counts[item.label as usize][usize::from(is_test)] += 1;
        }
        let sample = sample(&items, recipe.seed);
        let (images, refused) = self.made_sample(sample, shape, recipe, progress)?;
        let is_validation = |item: &&Item| item.part == Some(Part::Validation);
        Ok(Preview {
            images,
            classes,
            counts,
            n_drawn,
            n_validation: items.iter().filter(is_validation).count(),
            bytes,
            refused,
        })
    }

    /// Channels, height and width of the images that `recipe` makes.
    fn made_shape(
        &self,
        items: &[Item],
        recipe: &ImportRecipe,
        progress: &ImportProgress,
    ) -> Result<[usize; 3], DataError> {
        let own = recipe.recipe(self);
        match &self.images {
            Images::Pictures(tree) => pictures_made::shape(tree, items, own, recipe, progress),
            Images::Pixels { shape, .. } => Ok(arrays::made_shape(*shape, own, recipe)),
        }
    }

    fn made_sample(
        &self,
        mut items: Vec<Item>,
        [channels, height, width]: [usize; 3],
        recipe: &ImportRecipe,
        progress: &ImportProgress,
    ) -> Result<(ImageSet, Vec<Refused>), DataError> {
        let own = recipe.recipe(self);
        let recipe = ImportRecipe {
            size: Some([height, width]),
            color: Some(channels == 3),
            ..recipe.clone()
        };
        let labels: Vec<u32> = items.iter().map(|item| item.label).collect();
        let made = match &self.images {
            Images::Pictures(tree) => pictures_made::make(tree, &items, own, &recipe, progress)?,
            Images::Pixels { shape, pixels } => {
                let len = shape.iter().product::<usize>();
                let mut few = Vec::with_capacity(items.len() * len);
                for (slot, item) in items.iter_mut().enumerate() {
                    few.extend_from_slice(&pixels[item.at * len..(item.at + 1) * len]);
                    item.at = slot;
                }
                arrays::make(*shape, few, &items, own, &recipe, progress)?
            }
        };
        let labels = labels.into_iter().zip(&made.is_made);
        let labels = labels.filter_map(|(label, is_made)| is_made.then_some(label));
        let images = ImageSet::new(made.shape, made.pixels, labels.collect())?;
        Ok((images, made.refused))
    }
}

/// Some of the items, by class.
fn sample(items: &[Item], seed: u64) -> Vec<Item> {
    let mut indices: Vec<usize> = (0..items.len()).collect();
    indices.shuffle(&mut random::rng(seed, Stream::Import, u64::MAX, 0));
    indices.truncate(N_IMAGES);
    indices.sort_by_key(|&i| (items[i].label, i));
    indices.into_iter().map(|i| items[i].clone()).collect()
}
