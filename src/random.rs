//! Random numbers from a run's seed, in separate streams, so that drawing more from one (such as a
//! longer dropout mask) does not change the others.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The random number generator: portable, and fast enough to never show in a profile.
pub type Rng = ChaCha8Rng;

/// The purpose of a random number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Initial weights; the first counter is the index of the parameter.
    Init = 1,
    /// Which training images are set aside for validation.
    Split = 2,
    /// The order of the images; the first counter is the epoch.
    Shuffle = 3,
    /// Dropout masks; the counters are the step and the layer.
    Dropout = 4,
    /// Augmentation; the counters are the epoch and the image.
    Augment = 5,
    /// Choices in the window that are not part of a run, such as a random test image.
    Pick = 6,
    /// The batches of private training; the first counter is the step.
    Poisson = 7,
    /// The noise of private training; the counters are the step and a part of the weights.
    PrivateNoise = 8,
    /// Bootstrap samples of images, for the difference between two models.
    Bootstrap = 40,
    /// Trees of the random forest for importance; the first counter is the tree.
    Forest = 41,
    /// Noise of SmoothGrad; the first counter is the copy.
    SmoothGrad = 50,
    /// Noise and jitter of an image that a unit answers to.
    UnitImage = 51,
    /// The directions that a principal component analysis starts from.
    Pca = 60,
    /// Which images of a class are imported; the counters are the class and the split.
    Import = 61,
    /// Which images of another dataset are mixed in; the counters are the class and the split.
    Join = 62,
    /// Images that are labeled next; the first counter is the round.
    Active = 63,
    /// Which sketches are trained on; the counters are the class and the pair.
    SketchHalf = 64,
    /// Sketches among the images of an epoch, which is the first counter.
    SketchDraws = 65,
    /// Images that an exported model is tested with; the first counter is their number.
    TestData = 70,
    /// Settings of a sweep; the counters are the setting and the key.
    Sweep = 32,
}

/// Makes the generator of one stream of `seed`, identified by two counters.
///
/// It is keyed rather than advanced, so a checkpoint needs no generator state.
pub fn rng(seed: u64, stream: Stream, first: u64, second: u64) -> Rng {
    let mut key = [0u8; 32];
    for (bytes, word) in key
        .chunks_exact_mut(8)
        .zip([seed, stream as u64, first, second])
    {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// A seed that nobody can guess, from the operating system: the noise of private training is as secret
/// as its seed. A file of settings holds 63 bits of it.
pub fn secret_seed() -> u64 {
    rand::random::<u64>() >> 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngCore;

    #[test]
    fn same_key_same_numbers_other_key_other_numbers() {
        let draw = |seed, stream, a, b| rng(seed, stream, a, b).next_u64();
        let base = draw(7, Stream::Shuffle, 1, 2);
        assert_eq!(base, draw(7, Stream::Shuffle, 1, 2));
        for other in [
            draw(8, Stream::Shuffle, 1, 2),
            draw(7, Stream::Dropout, 1, 2),
            draw(7, Stream::Shuffle, 2, 2),
            draw(7, Stream::Shuffle, 1, 3),
        ] {
            assert_ne!(base, other);
        }
    }
}
