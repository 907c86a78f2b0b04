//! Grad-CAM: the maps A of a convolution before its activation, weighted by the mean of ∂z/∂A over
//! each map, summed, and stretched to the input.

use std::cell::RefCell;

use candle_core::Var;

use super::Map;
use super::activations::layer_at;
use super::error::ExplainError;
use super::probe::Probe;
use crate::kernels;
use crate::model::{Layer, LayerName, ModelSpec};

/// The layers that Grad-CAM can look at, in the order of the forward pass: convolutions, also
/// inside blocks, and patch embeddings, which are one.
pub fn convolutions(spec: &ModelSpec) -> Vec<LayerName> {
    let mut names = spec.layer_names();
    names.retain(|name| {
        let layer = layer_at(&spec.layers, &name.path);
        matches!(layer, Some(Layer::Conv2d(_) | Layer::PatchEmbedding(_)))
    });
    names
}

/// The one convolution called `name`, or the last one.
fn convolution(spec: &ModelSpec, name: Option<&str>) -> Result<LayerName, ExplainError> {
    let mut all = convolutions(spec);
    let Some(name) = name else {
        return all.pop().ok_or(ExplainError::NoConvolution);
    };
    let wanted = spec.layers_matching(name).unwrap_or_default();
    let mut found = all.iter().filter(|layer| wanted.contains(layer));
    match (found.next(), found.next()) {
        (Some(layer), None) => Ok(layer.clone()),
        _ if all.is_empty() => Err(ExplainError::NoConvolution),
        _ => Err(ExplainError::Layer {
            name: name.to_owned(),
            convolutions: all
                .iter()
                .map(|layer| layer.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

pub(super) fn map(probe: &Probe<'_>, layer: Option<&str>, relu: bool) -> Result<Map, ExplainError> {
    let network = probe.network()?;
    let layer = convolution(network.spec(), layer)?;
    let maps = RefCell::new(None);
    let (_, gradients) = kernels::gradients(|| {
        let logits = network.forward_tapped(&probe.image()?, &layer.path, &|output| {
            let output = Var::from_tensor(&output.contiguous()?)?;
            let read = output.as_tensor().clone();
            maps.replace(Some(output));
            Ok(read)
        })?;
        probe.explained(&logits)
    })?;
    let [channels, height, width] = probe.shape();
    let mut plane = vec![0.0; height * width];
    if let Some(maps) = maps.into_inner()
        && let Some(gradient) = gradients.get(maps.as_tensor())
    {
        let (_, n, rows, columns) = maps.dims4()?;
        let values: Vec<f32> = maps.as_detached_tensor().flatten_all()?.to_vec1()?;
        let gradient: Vec<f32> = gradient.flatten_all()?.to_vec1()?;
        let mut sum = weighted_sum(&values, &gradient, n);
        if relu {
            sum.iter_mut().for_each(|v| *v = v.max(0.0));
        }
        plane = bilinear(&sum, [rows, columns], [height, width]);
    }
    Ok(Map {
        values: plane.repeat(channels),
        completeness: None,
        layer: Some(layer.name),
    })
}

/// The sum of `n` maps, each times the mean of its gradient.
fn weighted_sum(maps: &[f32], gradient: &[f32], n: usize) -> Vec<f64> {
    let area = (maps.len() / n.max(1)).max(1);
    let mut sum = vec![0.0; area];
    for (map, gradient) in maps.chunks_exact(area).zip(gradient.chunks_exact(area)) {
        let weight = gradient.iter().map(|g| f64::from(*g)).sum::<f64>() / area as f64;
        let all = sum.iter_mut().zip(map);
        all.for_each(|(sum, a)| *sum += weight * f64::from(*a));
    }
    sum
}

/// Stretches a plane as `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`.
fn bilinear(plane: &[f64], from: [usize; 2], to: [usize; 2]) -> Vec<f32> {
    // The two neighbors of an output pixel along an axis, and the share of the second.
    let neighbors = |axis: usize, idx: usize| {
        let scale = from[axis] as f64 / to[axis] as f64;
        let at = ((idx as f64 + 0.5) * scale - 0.5).max(0.0);
        let low = (at as usize).min(from[axis] - 1);
        (low, (low + 1).min(from[axis] - 1), at - low as f64)
    };
    let columns: Vec<_> = (0..to[1]).map(|x| neighbors(1, x)).collect();
    let mut stretched = Vec::with_capacity(to[0] * to[1]);
    for y in 0..to[0] {
        let (top, bottom, down) = neighbors(0, y);
        let [top, bottom] = [top, bottom].map(|row| &plane[row * from[1]..][..from[1]]);
        stretched.extend(columns.iter().map(|&(left, right, across)| {
            let along = |row: &[f64]| row[left] + across * (row[right] - row[left]);
            let (above, below) = (along(top), along(bottom));
            (above + down * (below - above)) as f32
        }));
    }
    stretched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset;

    #[test]
    fn stretching_is_pytorchs() {
        // F.interpolate(torch.tensor([[[[0., 1.], [2., 4.]]]]), (3, 4), mode="bilinear")
        let found = bilinear(&[0.0, 1.0, 2.0, 4.0], [2, 2], [3, 4]);
        let expected = [
            [0.0, 0.25, 0.75, 1.0],
            [1.0, 1.375, 2.125, 2.5],
            [2.0, 2.5, 3.5, 4.0],
        ];
        assert_eq!(found, expected.concat());
        assert_eq!(bilinear(&[3.0], [1, 1], [2, 2]), [3.0; 4]);
    }

    #[test]
    fn a_convolution_is_found_by_its_name() {
        let name = |preset_name: &str, layer: Option<&str>| {
            let spec = preset(preset_name).unwrap().spec([1, 28, 28], 10);
            match convolution(&spec, layer) {
                Ok(layer) => layer.name,
                Err(error) => error.to_string(),
            }
        };
        assert_eq!(name("keras-cnn", None), "conv1");
        assert_eq!(name("deep-cnn", Some("conv2")), "conv2");
        assert_eq!(name("resnet-small", None), "residual3.conv2");
        assert_eq!(
            name("resnet-small", Some("residual1.conv1")),
            "residual1.conv1"
        );
        assert_eq!(name("vit-tiny", None), "patches1");
        for layer in [None, Some("dense1")] {
            assert!(name("mlp", layer).contains("this network has none"));
        }
        for wrong in ["relu1", "conv*", "conv9"] {
            let error = name("deep-cnn", Some(wrong));
            let words = format!("one convolution (conv1, conv2, conv3, conv4), found `{wrong}`");
            assert!(error.contains(&words), "{error}");
        }
    }
}
