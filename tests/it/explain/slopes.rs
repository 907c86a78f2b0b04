//! Gradients with respect to the input, held against finite differences.

use candle_studio::explain::{Method, Target};
use candle_studio::model::{Network, PRESETS};

use super::{digit, explain, network, noise};
use crate::layers;

/// The slope of the explained value when the image moves by x · r, for signs that add up all that
/// the map of input × gradient says, and for random ones.
fn check_slopes(what: &str, network: &Network, input: &[f32]) {
    let target = Target {
        class: Some(1),
        against: Some(0),
    };
    let map = explain(network, input, &Method::InputXGradient, target).map;
    let size: f64 = map.iter().map(|v| f64::from(v.abs())).sum();
    assert!(size > 0.0, "{what}: no gradient");
    let along: Vec<f32> = map.iter().map(|v| v.signum()).collect();
    let random = noise(input.len(), 99);
    let random: Vec<f32> = random.iter().map(|v| (v - 0.5).signum()).collect();
    for r in [along, random] {
        // Small, because many ReLUs bend on a longer way.
        let step = 4e-4;
        let moved = |step: f32| {
            let pairs = input.iter().zip(&r);
            let moved: Vec<f32> = pairs.map(|(x, r)| x + step * x * r).collect();
            let found = explain(network, &moved, &Method::Saliency, target);
            f64::from(found.value)
        };
        let found = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
        let terms = map.iter().zip(&r);
        let expected: f64 = terms.map(|(g, r)| f64::from(g * r)).sum();
        let error = (found - expected).abs() / size;
        assert!(
            error < 0.02,
            "{what}: slope {found}, gradient {expected}, of {size}"
        );
    }
}

#[test]
fn gradients_are_the_slopes_of_every_preset() {
    for preset in PRESETS {
        for input in [[1, 28, 28], [3, 32, 32]] {
            let network = network(preset, input);
            let image = match input {
                [1, ..] => digit(4),
                [c, h, w] => noise(c * h * w, 5),
            };
            check_slopes(preset.name, &network, &image);
        }
    }
}

#[test]
fn gradients_are_the_slopes_of_every_kind_of_layer() {
    for (case, tensors) in layers::cases() {
        let network = layers::network(&case, &tensors);
        let image = tensors["x"].get(0).unwrap();
        let image: Vec<f32> = image.flatten_all().unwrap().to_vec1().unwrap();
        check_slopes(&case.name, &network, &image);
    }
}
