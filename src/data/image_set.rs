//! One split of a dataset in memory: its pixels are stored once, as bytes.

use std::sync::Arc;

use super::error::DataError;

/// One split of a dataset, training or test: images of one size, gray or color, and their labels.
/// Its copies share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    shape: [usize; 3],
    /// `[n, channels, height, width]`
    pixels: Arc<Vec<u8>>,
    labels: Arc<Vec<u32>>,
}

impl ImageSet {
    /// A set of images of `shape` (channels, height, width); `pixels` is
    /// `[n, channels, height, width]` and there is one label for each image.
    ///
    /// # Errors
    /// [`DataError::Pixels`] if the length of `pixels` does not match `labels` and `shape`.
    pub fn new(
        shape: [usize; 3],
        pixels: Vec<u8>,
        labels: Vec<u32>,
    ) -> Result<ImageSet, DataError> {
        let factors = shape.iter().copied().chain([labels.len()]);
        let expected = factors.fold(1usize, usize::saturating_mul);
        if pixels.len() != expected {
            return Err(DataError::Pixels {
                expected,
                images: labels.len(),
                shape,
                found: pixels.len(),
            });
        }
        Ok(ImageSet {
            shape,
            pixels: Arc::new(pixels),
            labels: Arc::new(labels),
        })
    }

    /// Whether both are the very same images in memory.
    pub fn is_same(&self, other: &ImageSet) -> bool {
        Arc::ptr_eq(&self.pixels, &other.pixels)
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Channels, height and width of every image.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The label of each image.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// All pixels, `[n, channels, height, width]`.
    pub(super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Its pixels, without the labels.
    pub(super) fn into_pixels(self) -> Vec<u8> {
        Arc::unwrap_or_clone(self.pixels)
    }

    /// Image `i` in gray, `[height, width]`: the mean of its channels.
    ///
    /// # Panics
    /// If `i` is out of range.
    pub fn gray(&self, i: usize) -> Vec<u8> {
        let [channels, height, width] = self.shape;
        let (image, area) = (self.image(i), height * width);
        let mean = |at: usize| {
            let sum: usize = (0..channels)
                .map(|c| usize::from(image[c * area + at]))
                .sum();
            (sum / channels) as u8
        };
        (0..area).map(mean).collect()
    }

    /// The same images, all with the label `label`; the pixels are shared.
    #[must_use]
    pub fn all_labeled(&self, label: u32) -> ImageSet {
        ImageSet {
            labels: Arc::new(vec![label; self.len()]),
            ..self.clone()
        }
    }

    /// The pixels of image `i`, `[channels, height, width]`.
    ///
    /// # Panics
    /// If `i` is out of range.
    pub fn image(&self, i: usize) -> &[u8] {
        let len = self.shape.iter().product::<usize>();
        &self.pixels[i * len..(i + 1) * len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_must_fill_the_images() {
        let error = ImageSet::new([1, 2, 2], vec![0; 7], vec![0, 1]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected 8 bytes of pixels for 2 images of shape [1, 2, 2], found 7"
        );
    }

    #[test]
    fn images_lie_one_after_the_other() {
        let set = ImageSet::new([2, 1, 2], (0..8).collect(), vec![5, 6]).unwrap();
        assert_eq!(set.len(), 2);
        assert_eq!(set.image(1), [4, 5, 6, 7]);
        assert_eq!(set.labels(), [5, 6]);
        assert_eq!(set.gray(1), [5, 6]);
    }
}
