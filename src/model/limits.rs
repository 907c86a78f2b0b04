//! Limits on the size of networks, for model files, checkpoints, configuration files and the layer
//! editor, which all use [`ModelSpec::check`].
//!
//! A file of a few hundred bytes can claim a network of any size. The limits are far above what is
//! trained on images of this size, and keep every product of sizes within a `u64`.

use super::layers::TransformerEncoder;
use super::spec::{Layer, ModelSpec};
use crate::files::available_memory;
use crate::text::bytes;

/// Most layers in a network, including those inside residual blocks and the blocks of a transformer
/// encoder.
pub const MAX_LAYERS: usize = 1_000;

/// Deepest nesting of residual blocks. The random streams of their layers have 16 bits per level.
pub const MAX_NESTING: usize = 3;

/// Largest height and width of an image, in pixels; the same as for datasets.
pub const MAX_IMAGE_SIDE: usize = 1_024;

/// Most channels of an image.
pub const MAX_IMAGE_CHANNELS: usize = 256;

/// Most classes; the same as for datasets.
pub const MAX_CLASSES: usize = 1_000;

/// Most parameters of a network (4 GiB with Adam's two moments and the gradient).
pub const MAX_PARAMETERS: u64 = 1 << 28;

/// Most values in a layer's output or in one of its tensors.
pub(super) const MAX_VALUES: u64 = 1 << 40;

/// Why `spec` is too large for shape inference, if it is.
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
            "images of {channels} channels are too large: at most {MAX_IMAGE_CHANNELS} channels \
             are supported"
        ))
    } else if spec.classes > MAX_CLASSES {
        Some(format!(
            "{} classes are too many: at most {MAX_CLASSES} are supported",
            spec.classes
        ))
    } else if n_layers > MAX_LAYERS {
        Some(format!(
            "{n_layers} layers are too many: at most {MAX_LAYERS} are supported, including \
             those inside blocks"
        ))
    } else {
        None
    }
}

/// Number of layers, counted without recursion: the depth is not checked yet.
fn n_layers(layers: &[Layer]) -> usize {
    let mut n = 0_usize;
    let mut waiting = vec![layers];
    while let Some(layers) = waiting.pop() {
        for layer in layers {
            let n_blocks = match layer {
                Layer::TransformerEncoder(TransformerEncoder { depth, .. }) => *depth,
                _ => 1,
            };
            n = n.saturating_add(n_blocks);
            waiting.push(layer.inside());
        }
    }
    n
}

/// Returns an error if `what` takes more memory than there is: `n_bytes`, of which `n_held` are
/// held already.
pub fn memory_problem(what: &str, n_bytes: u64, n_held: u64) -> Option<String> {
    let n_available = available_memory().saturating_add(n_held);
    (n_bytes > n_available).then(|| {
        let [wanted, available] = [n_bytes, n_available].map(bytes);
        format!("{what} takes about {wanted} of memory, but only {available} are available")
    })
}

#[cfg(test)]
mod tests {
    use super::super::Residual;
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
        let encoder = Layer::TransformerEncoder(TransformerEncoder {
            depth: usize::MAX,
            heads: 1,
            mlp_ratio: 1,
        });
        let block = Layer::Residual(Residual {
            layers: vec![Layer::Relu; 999],
        });
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
        assert!(problem.starts_with("it takes about 1.2e6 TB"), "{problem}");
        assert_eq!(memory_problem("it", 1 << 60, 1 << 60), None);
    }
}
