//! How large a network and what it works on may be: told once, for model files, checkpoints,
//! configuration files and the layer editor, which all ask [`ModelSpec::check`].
//!
//! A file of a few hundred bytes can claim a network of any size. The limits are far above what
//! anyone trains on images of this size, and keep every size below what fits an `u64` when
//! multiplied.

use super::memory;
use super::{Layer, ModelSpec};

/// Layers of a network at most, those inside residual blocks and the blocks of a transformer
/// encoder included.
pub const MAX_LAYERS: usize = 1_000;

/// Residual blocks within residual blocks, at most: far more than anyone draws. The random numbers
/// of their layers are told apart by 16 bits a level.
pub const MAX_NESTING: usize = 3;

/// Height and width of an image at most, in pixels; as of the data.
pub const MAX_IMAGE_SIDE: usize = 1_024;

/// Channels of an image at most.
pub const MAX_IMAGE_CHANNELS: usize = 256;

/// Classes at most; as of the data.
pub const MAX_CLASSES: usize = 1_000;

/// Parameters of a network at most (4 GiB with Adam's two moments and the gradient).
pub const MAX_PARAMETERS: u64 = 1 << 28;

/// Values in a layer's output or in one of its tensors, at most.
pub(super) const MAX_VALUES: u64 = 1 << 40;

/// Why `spec` is too large to be looked at more closely, if it is: before shapes are inferred.
pub(super) fn problem(spec: &ModelSpec) -> Option<String> {
    let [channels, height, width] = spec.input;
    let n_layers = n_layers(&spec.layers);
    if height.max(width) > MAX_IMAGE_SIDE {
        Some(format!(
            "images of {height}×{width} pixels are too large: at most \
             {MAX_IMAGE_SIDE}×{MAX_IMAGE_SIDE} are supported"
        ))
    } else if channels > MAX_IMAGE_CHANNELS {
        Some(format!(
            "images of {channels} channels are too large: at most {MAX_IMAGE_CHANNELS} channels are \
             supported"
        ))
    } else if spec.classes > MAX_CLASSES {
        Some(format!(
            "{} classes are too many: at most {MAX_CLASSES} are supported",
            spec.classes
        ))
    } else if n_layers > MAX_LAYERS {
        Some(format!(
            "{n_layers} layers are too many: at most {MAX_LAYERS} are supported, those inside blocks \
             included"
        ))
    } else {
        None
    }
}

/// Layers in all, without recursion: nobody has looked at the depth yet.
fn n_layers(layers: &[Layer]) -> usize {
    let mut n = 0_usize;
    let mut waiting = vec![layers];
    while let Some(layers) = waiting.pop() {
        for layer in layers {
            let n_blocks = match layer {
                Layer::TransformerEncoder { depth, .. } => *depth,
                _ => 1,
            };
            n = n.saturating_add(n_blocks);
            waiting.push(layer.inside());
        }
    }
    n
}

/// Why `what` cannot be done with the memory there is, if it takes `n_bytes`, of which `n_held` are
/// taken already.
pub fn memory_problem(what: &str, n_bytes: u64, n_held: u64) -> Option<String> {
    let n_available = memory::available().saturating_add(n_held);
    (n_bytes > n_available).then(|| {
        let [wanted, available] = [n_bytes, n_available].map(|n| n as f64 / 1e9);
        format!("{what} takes about {wanted:.1} GB of memory, {available:.1} GB are available")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(input: [usize; 3], classes: usize, layers: Vec<Layer>) -> ModelSpec {
        ModelSpec {
            input,
            classes,
            layers,
        }
    }

    #[test]
    fn what_is_too_large_is_told_before_its_shapes_are_inferred() {
        let mnist = [1, 28, 28];
        let encoder = Layer::TransformerEncoder {
            depth: usize::MAX,
            heads: 1,
            mlp_ratio: 1,
        };
        let block = Layer::Residual {
            layers: vec![Layer::Relu; 999],
        };
        for (spec, words) in [
            (spec([1, 1_025, 28], 10, vec![]), "1025×28 pixels"),
            (spec([1, 28, usize::MAX], 10, vec![]), "at most 1024×1024"),
            (spec([257, 28, 28], 10, vec![]), "257 channels"),
            (spec(mnist, 1_001, vec![]), "1001 classes"),
            (spec(mnist, 10, vec![Layer::Relu; 1_001]), "1001 layers"),
            (
                spec(mnist, 10, vec![Layer::Relu, block.clone()]),
                "1001 layers",
            ),
            (
                spec(mnist, 10, vec![encoder.clone(), encoder]),
                "layers are too many",
            ),
        ] {
            let (report, errors) = spec.check();
            assert!(report.layers.is_empty());
            assert!(errors[0].message.contains(words), "{}", errors[0]);
        }
        assert_eq!(
            problem(&spec([256, 1_024, 1_024], 1_000, vec![block])),
            None
        );
    }

    #[test]
    fn memory_that_is_held_counts_as_available() {
        assert_eq!(memory_problem("it", 0, 0), None);
        let problem = memory_problem("it", 1 << 60, 0).unwrap();
        assert!(
            problem.starts_with("it takes about 1152921504.6 GB"),
            "{problem}"
        );
        assert_eq!(memory_problem("it", 1 << 60, 1 << 60), None);
    }
}
