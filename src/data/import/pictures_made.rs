//! Making images of picture files: read one after the other, decoded in parallel.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::{checked_bytes, reserved};
use super::made::Made;
use super::progress::ImportProgress;
use super::recipe::ImportRecipe;
use super::source::Item;
use super::split::keep;
use super::tree::{Refused, Tree, read_limited};
use crate::data::decoded_image::DecodedImage;
use crate::data::error::DataError;
use crate::data::image_file::{MAX_FILE_BYTES, read_image_bytes};
use crate::data::image_set::ImageSet;
use crate::data::recipe::{Framing, InputImage, Recipe};

/// Pictures looked at to find out the size and whether there are colors.
const N_SAMPLED: usize = 64;
/// Sides of pictures of different sizes, in gray and in color.
const DEFAULT_SIDES: [usize; 2] = [28, 32];

/// Makes the images of `items`, which are files of `tree`.
pub(super) fn make(
    tree: &Tree,
    items: &[Item],
    own: Recipe,
    recipe: &ImportRecipe,
    progress: &ImportProgress,
) -> Result<Made, DataError> {
    let shape = shape(tree, items, own, recipe, progress)?;
    checked_bytes(items.len(), shape)?;
    let made = MakingOf {
        tree,
        shape,
        recipe: own,
        progress,
        pixels: Mutex::new(reserved(items.len(), shape)?),
        failed: Mutex::new(Vec::new()),
        is_resized: AtomicBool::new(false),
    };
    made.run(items)?;
    let is_resized = made.is_resized.into_inner();
    let mut failed = unpoisoned(made.failed);
    failed.sort_by_key(|(slot, _)| *slot);
    let mut is_made = vec![true; items.len()];
    failed.iter().for_each(|(slot, _)| is_made[*slot] = false);
    let mut pixels = unpoisoned(made.pixels);
    keep(&mut pixels, shape.iter().product(), is_made.iter().copied());
    let is_plain = own == Recipe::new(Framing::Fit) && recipe.framing.is_none();
    Ok(Made {
        recipe: match is_plain && !is_resized {
            // Taken pixel for pixel, and centered or not as they are.
            true => {
                let n = pixels.len() / shape.iter().product::<usize>();
                let set = ImageSet::new(shape, pixels, vec![0; n])?;
                let measured = Recipe::of_images(&set);
                pixels = set.into_pixels();
                Some(measured)
            }
            false => Some(own),
        },
        shape,
        pixels,
        is_made,
        refused: failed.into_iter().map(|(_, refused)| refused).collect(),
    })
}

fn unpoisoned<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Channels, height and width of the images.
pub(super) fn shape(
    tree: &Tree,
    items: &[Item],
    own: Recipe,
    recipe: &ImportRecipe,
    progress: &ImportProgress,
) -> Result<[usize; 3], DataError> {
    let n_channels = |is_color: bool| if is_color { 3 } else { 1 };
    if let (Some([height, width]), Some(is_color)) = (recipe.size, recipe.color) {
        return Ok([n_channels(is_color), height, width]);
    }
    let step = items.len().div_ceil(N_SAMPLED);
    let mut wanted: Vec<usize> = items.iter().step_by(step).map(|item| item.at).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let (mut sizes, mut is_color) = (Vec::new(), false);
    tree.visit(&wanted, &mut |idx, reader| {
        progress.check()?;
        let origin = tree.origin(idx);
        let bytes = reader.and_then(|reader| read_limited(reader, MAX_FILE_BYTES, &origin));
        // What cannot be read is told when it is made.
        if let Ok(picture) = bytes.and_then(|bytes| read_image_bytes(&bytes, &origin)) {
            is_color |= picture.has_colors();
            sizes.push(picture.original_size());
        }
        Ok(())
    })?;
    let is_color = recipe.color.unwrap_or(is_color);
    let side = DEFAULT_SIDES[usize::from(is_color)];
    let common = sizes.first().copied().filter(|first| {
        let fits = first.iter().all(|side| super::SIDES.contains(side));
        fits && sizes.iter().all(|size| size == first)
    });
    let turned = common.map(|[height, width]| match own.quarter_turns % 2 {
        0 => [height, width],
        _ => [width, height],
    });
    let [height, width] = recipe.size.or(turned).unwrap_or([side; 2]);
    Ok([n_channels(is_color), height, width])
}

/// Images that are being made.
struct MakingOf<'a> {
    tree: &'a Tree,
    shape: [usize; 3],
    recipe: Recipe,
    progress: &'a ImportProgress,
    pixels: Mutex<Vec<u8>>,
    failed: Mutex<Vec<(usize, Refused)>>,
    /// Whether a picture had another size.
    is_resized: AtomicBool,
}

/// A file that was read, and the items that it is the picture of.
type Read = (Vec<usize>, String, Result<Vec<u8>, DataError>);

impl MakingOf<'_> {
    fn run(&self, items: &[Item]) -> Result<(), DataError> {
        let mut slots: HashMap<usize, Vec<usize>> = HashMap::new();
        for (slot, item) in items.iter().enumerate() {
            slots.entry(item.at).or_default().push(slot);
        }
        let mut wanted: Vec<usize> = items.iter().map(|item| item.at).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (send, receive) = sync_channel::<Read>(2 * n_threads);
        let receive = Mutex::new(receive);
        std::thread::scope(|scope| {
            for _ in 0..n_threads {
                scope.spawn(|| self.decode(&receive));
            }
            let result = self.tree.visit(&wanted, &mut |idx, reader| {
                self.progress.check()?;
                let origin = self.tree.origin(idx);
                let bytes = reader.and_then(|reader| read_limited(reader, MAX_FILE_BYTES, &origin));
                let slots = slots.remove(&idx).unwrap_or_default();
                // Nobody receives only if a decoder panicked, which the scope passes on.
                let _ = send.send((slots, origin, bytes));
                Ok(())
            });
            drop(send);
            result
        })
    }

    /// Decodes pictures until there are no more.
    fn decode(&self, receive: &Mutex<Receiver<Read>>) {
        loop {
            let next = lock(receive).recv();
            let Ok((slots, origin, bytes)) = next else {
                return;
            };
            let image = bytes
                .and_then(|bytes| read_image_bytes(&bytes, &origin))
                .map_err(|error| without_origin(&error, &origin))
                .and_then(|picture| self.image(picture));
            for slot in slots {
                match &image {
                    Ok(image) => {
                        let place = slot * image.len()..(slot + 1) * image.len();
                        lock(&self.pixels)[place].copy_from_slice(image);
                    }
                    Err(reason) => {
                        let (file, reason) = (origin.clone(), reason.clone());
                        lock(&self.failed).push((slot, Refused { file, reason }));
                    }
                }
                self.progress.image_done();
            }
        }
    }

    fn image(&self, picture: DecodedImage) -> Result<Vec<u8>, String> {
        if picture.size() != self.shape[1..] {
            self.is_resized.store(true, Ordering::Relaxed);
        }
        let picture = InputImage::Decoded(Arc::new(picture));
        let image = self.recipe.input(&picture, self.shape);
        image.ok_or_else(|| "it is blank: there is nothing to center".to_owned())
    }
}

/// An error without the name of the file, which stands before it.
fn without_origin(error: &DataError, origin: &str) -> String {
    let text = error.to_string();
    let end = format!(": {origin}");
    text.strip_suffix(&end).unwrap_or(&text).to_owned()
}
