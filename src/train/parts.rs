//! Large batches in parts that are computed one after the other, so that what a part keeps for its
//! backward pass is still in the caches there, and takes less memory.

use std::ops::Range;

use crate::model::{Layer, ModelSpec};

/// Images of a part: fewer would use the weights too little while they are in the caches.
const PART: usize = 32;

/// How often an image has to use a weight, on average, for the gradients of the parts to be added in
/// far less time than they are computed in.
const MIN_USES: u64 = 16;

/// How many images of a large batch are computed at once: few if the network has a layer that reads
/// sequences, few weights for its arithmetic, and no layer that mixes images; else all. Convolutions,
/// which go image by image, would gain nothing.
pub(super) fn size(spec: &ModelSpec) -> usize {
    let uses_weights_often = spec
        .report()
        .is_ok_and(|report| report.multiply_adds() / MIN_USES >= report.n_parameters());
    let gains = uses_weights_often
        && has(&spec.layers, reads_sequences)
        && !has(&spec.layers, |layer| *layer == Layer::BatchNorm);
    if gains { PART } else { usize::MAX }
}

fn reads_sequences(layer: &Layer) -> bool {
    matches!(
        layer,
        Layer::Rnn(_) | Layer::Lstm(_) | Layer::Gru(_) | Layer::TransformerEncoder(_)
    )
}

/// Whether one of the layers, or of those inside them, is such a layer.
fn has(layers: &[Layer], is_such: fn(&Layer) -> bool) -> bool {
    let mut layers = layers.iter();
    layers.any(|layer| is_such(layer) || has(layer.inside(), is_such))
}

/// The parts of a batch of `n_images`. The last one may be longer than `size`, but none is shorter,
/// unless it is the only one.
pub(super) fn of(n_images: usize, size: usize) -> Vec<Range<usize>> {
    let n_parts = (n_images / size).max(1);
    let start = |part: usize| part * size;
    let end = |part: usize| match part + 1 == n_parts {
        true => n_images,
        false => start(part + 1),
    };
    (0..n_parts).map(|part| start(part)..end(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PRESETS;

    #[test]
    fn parts_make_up_the_batch_and_none_is_short() {
        for n in [1, 31, 63, 64, 95, 100, 128, 1000] {
            let parts = of(n, PART);
            assert_eq!(of(n, usize::MAX).len(), 1);
            assert_eq!((parts[0].start, parts[parts.len() - 1].end), (0, n));
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
            let all = parts.iter().map(Range::len);
            assert!(
                all.clone().all(|len| len >= n.min(PART) && len < 2 * PART),
                "{n}"
            );
        }
    }

    #[test]
    fn recurrent_networks_and_transformers_without_batch_norm_are_computed_in_parts() {
        let suited = PRESETS
            .iter()
            .filter(|preset| size(&preset.spec([1, 28, 28], 10)) == PART);
        let names: Vec<_> = suited.map(|preset| preset.name).collect();
        assert_eq!(names, ["lstm", "gru", "vit-tiny"]);
        let mut mixed = PRESETS
            .iter()
            .find(|p| p.name == "lstm")
            .unwrap()
            .spec([1, 28, 28], 10);
        mixed.layers.insert(0, Layer::BatchNorm);
        assert!(mixed.report().is_ok() && size(&mixed) == usize::MAX);
    }
}
