//! What comes before the network: the pixels scaled, and seen in another shape.

use super::config::LayerConfig;
use super::walk::{View, Walk};
use crate::model::Shape;

/// One number, or a list of them.
fn numbers(layer: &LayerConfig, key: &str) -> Option<Vec<f64>> {
    let value = &layer.settings[key];
    match value.as_array() {
        Some(list) => list.iter().map(serde_json::Value::as_f64).collect(),
        None => value.as_f64().map(|one| vec![one]),
    }
}

/// Takes scale · x + offset.
///
/// # Errors
/// When it is not of the pixels.
pub(super) fn rescaled(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    let scale = numbers(layer, "scale").ok_or("has no scale")?;
    let shift = numbers(layer, "offset").unwrap_or_else(|| vec![0.0]);
    match &mut walk.pixels {
        Some(pixels) => pixels.apply(&scale, &shift),
        None => Err("scales what is no longer the image".to_owned()),
    }
}

/// (x − mean) / σ, of the values that Keras measured.
///
/// # Errors
/// As [`rescaled`].
pub(super) fn normalized(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    let found = walk.weights.of(&layer.name)?;
    let values = |idx: usize, key: &str| match found.get(idx) {
        Some(weight) => Ok(weight
            .values
            .iter()
            .map(|&v| f64::from(v))
            .collect::<Vec<_>>()),
        None => numbers(layer, key).ok_or_else(|| format!("has no {key}")),
    };
    let (mean, variance) = (values(0, "mean")?, values(1, "variance")?);
    if mean.len() != variance.len() || layer.switch("invert", false) {
        return Err("has no mean and variance for each channel".to_owned());
    }
    // Keras' ε of this layer.
    let deviations = variance.iter().map(|v| v.sqrt().max(1e-7));
    let scale: Vec<f64> = deviations.map(|deviation| 1.0 / deviation).collect();
    let shift: Vec<f64> = mean
        .iter()
        .zip(&scale)
        .map(|(mean, scale)| -mean * scale)
        .collect();
    match &mut walk.pixels {
        Some(pixels) => pixels.apply(&scale, &shift),
        None => Err("normalizes what is no longer the image".to_owned()),
    }
}

/// Another view of an image of one channel.
///
/// # Errors
/// When it is another one.
pub(super) fn reshaped(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    let shape: Option<Vec<i64>> = layer.settings["target_shape"]
        .as_array()
        .and_then(|sides| sides.iter().map(serde_json::Value::as_i64).collect());
    let output = walk.chain.output();
    let fits = |sides: &[i64], wanted: &[usize]| {
        sides.len() == wanted.len()
            && sides
                .iter()
                .zip(wanted)
                .all(|(&a, &b)| a == -1 || a == b as i64)
    };
    walk.view = match (output, shape.as_deref()) {
        (Shape::Image([1, h, w]), Some(sides)) if fits(sides, &[h, w, 1]) => View::Same,
        (Shape::Image([1, h, w]), Some(sides)) if fits(sides, &[h, w]) => View::Rows,
        (Shape::Image([1, h, w]), Some(sides)) if fits(sides, &[h * w]) => View::Flat,
        _ => return Err(format!("makes {shape:?} of {output}")),
    };
    Ok(())
}
