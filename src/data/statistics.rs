//! What the training images of a dataset look like together.

use super::dataset::Dataset;
use super::image_set::ImageSet;

/// Ranges of brightness that pixels are counted in.
pub const N_BINS: usize = 16;

/// What the training images of a dataset look like together.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Of each class.
    pub classes: Vec<ClassLook>,
    /// How many pixels are in each of [`N_BINS`] ranges of brightness, from black to white.
    pub histogram: [u64; N_BINS],
    /// The mean pixel, 0 to 1.
    pub mean: f64,
    /// The standard deviation of the pixels, 0 to 0.5.
    pub std: f64,
}

/// What the images of a class look like together.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassLook {
    /// The mean image, `[channels, height, width]`; black without images.
    pub mean: Vec<u8>,
    /// The standard deviation of each pixel, `[channels, height, width]`; the largest possible one,
    /// half of the range, is white.
    pub spread: Vec<u8>,
}

impl Statistics {
    /// Of the training images of `dataset`.
    pub fn of(dataset: &Dataset) -> Statistics {
        let set = &dataset.train;
        let mut counts = [0_u64; 256];
        let classes = (0..dataset.n_classes() as u32)
            .map(|class| class_look(set, class, &mut counts))
            .collect();
        let n = counts.iter().sum::<u64>().max(1) as f64;
        let moment = |power: i32| {
            let terms = (0_i32..).zip(&counts);
            let sum = terms.map(|(value, &n)| f64::from(value).powi(power) * n as f64);
            sum.sum::<f64>() / n
        };
        let mean = moment(1);
        let mut histogram = [0; N_BINS];
        for (value, n) in counts.iter().enumerate() {
            histogram[value * N_BINS / 256] += n;
        }
        Statistics {
            classes,
            histogram,
            mean: mean / 255.0,
            std: (moment(2) - mean * mean).max(0.0).sqrt() / 255.0,
        }
    }
}

/// Sums the images of a class, and counts their pixels.
fn class_look(set: &ImageSet, class: u32, counts: &mut [u64; 256]) -> ClassLook {
    let len = set.shape().iter().product::<usize>();
    let mut sums = vec![[0_u64; 2]; len];
    let mut n = 0_u64;
    let labels = set.labels().iter().enumerate();
    for (idx, _) in labels.filter(|(_, label)| **label == class) {
        n += 1;
        for (sum, &value) in sums.iter_mut().zip(set.image(idx)) {
            counts[usize::from(value)] += 1;
            let value = u64::from(value);
            *sum = [sum[0] + value, sum[1] + value * value];
        }
    }
    let n = n.max(1) as f64;
    let mean = |sum: &[u64; 2]| sum[0] as f64 / n;
    let spread = |sum: &[u64; 2]| {
        let mean = mean(sum);
        2.0 * (sum[1] as f64 / n - mean * mean).max(0.0).sqrt()
    };
    ClassLook {
        mean: sums.iter().map(|sum| mean(sum).round() as u8).collect(),
        spread: sums.iter().map(|sum| spread(sum).round() as u8).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::recipe::{Framing, Recipe};

    #[test]
    fn means_and_spreads_are_those_of_each_class() {
        let pixels = vec![0, 255, 0, 255, 255, 255, 100, 100];
        let set = ImageSet::new([1, 1, 2], pixels, vec![0, 0, 0, 2]).unwrap();
        let dataset = Dataset {
            name: String::new(),
            classes: ["a", "b", "c"].map(str::to_owned).to_vec(),
            test: set.clone(),
            train: set,
            fingerprint: String::new(),
            recipe: Recipe::new(Framing::Fit),
            folder: None,
            notes: Vec::new(),
            sketches: Default::default(),
        };
        let found = Statistics::of(&dataset);
        let look = |mean: [u8; 2], spread: [u8; 2]| ClassLook {
            mean: mean.to_vec(),
            spread: spread.to_vec(),
        };
        // 255·√(1/3·2/3) is 120.2; twice that is shown.
        assert_eq!(found.classes[0], look([85, 255], [240, 0]));
        assert_eq!(found.classes[1], look([0, 0], [0, 0]));
        assert_eq!(found.classes[2], look([100, 100], [0, 0]));
        assert_eq!((found.histogram[0], found.histogram[6]), (2, 2));
        assert_eq!(found.histogram[15], 4);
        assert!((found.mean - (4.0 * 255.0 + 200.0) / 8.0 / 255.0).abs() < 1e-12);
    }
}
