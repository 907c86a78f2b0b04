//! Which layer's output is the embedding.

use super::error::EmbedError;
use crate::model::{Layer, LayerName, ModelSpec};

/// The last hidden layer: the one that the last dense layer reads, dropout aside, which changes
/// nothing after training. Of a network without a dense layer, the one before the last.
pub fn last_hidden(spec: &ModelSpec) -> LayerName {
    let layers = &spec.layers;
    let dense = layers.iter().rposition(|l| matches!(l, Layer::Dense(_)));
    let end = dense.unwrap_or(layers.len().saturating_sub(1)).max(1);
    let idx = layers
        .iter()
        .take(end)
        .rposition(|layer| !is_identity(layer));
    let idx = idx.unwrap_or(end - 1);
    LayerName {
        name: spec.layer_name(idx).unwrap_or_default(),
        path: vec![idx],
    }
}

/// Whether a layer returns what it reads, except while training.
fn is_identity(layer: &Layer) -> bool {
    matches!(layer, Layer::Dropout(_) | Layer::Dropout2d(_))
}

/// The layer called `name`, or the last hidden one.
///
/// # Errors
/// When no layer, or more than one, has this name.
pub fn layer_named(spec: &ModelSpec, name: Option<&str>) -> Result<LayerName, EmbedError> {
    let Some(name) = name else {
        return Ok(last_hidden(spec));
    };
    let mut found = spec.layers_matching(name)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        _ => Err(EmbedError::Several {
            pattern: name.to_owned(),
            names: found
                .iter()
                .map(|layer| layer.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PRESETS, preset};

    #[test]
    fn the_default_is_what_the_last_dense_layer_reads() {
        for (name, expected) in [
            ("softmax", "flatten1"),
            ("mlp", "relu2"),
            ("keras-cnn", "relu2"),
        ] {
            let spec = preset(name).unwrap().spec([1, 28, 28], 10);
            assert_eq!(last_hidden(&spec).name, expected, "{name}");
        }
        for preset in PRESETS {
            let layers = preset.spec([1, 28, 28], 10).layers;
            let found = last_hidden(&preset.spec([1, 28, 28], 10)).path[0];
            let between = &layers[found + 1..layers.len() - 1];
            assert!(between.iter().all(is_identity), "{}", preset.name);
            assert!(!is_identity(&layers[found]), "{}", preset.name);
        }
    }

    #[test]
    fn a_layer_is_found_by_its_name_or_the_names_are_told() {
        let spec = preset("deep-cnn").unwrap().spec([1, 28, 28], 10);
        let error = |name| layer_named(&spec, Some(name)).unwrap_err().to_string();
        assert_eq!(layer_named(&spec, Some("conv2")).unwrap().name, "conv2");
        assert!(
            error("conv9").contains("the layers are conv1, "),
            "{}",
            error("conv9")
        );
        let several = "found `conv*`, which matches conv1, conv2";
        assert!(error("conv*").contains(several), "{}", error("conv*"));
    }
}
