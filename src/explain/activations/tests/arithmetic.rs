//! The terms of a value, and what it depends on.

use std::sync::atomic::AtomicBool;

use super::networks::{conv, dense, network, of_preset, zoo};
use super::{assert_close, image, run};
use crate::explain::activations::*;
use crate::model::{AvgPool2d, PRESETS};

/// Positions spread over a layer, its corners among them.
fn positions(layer: &LayerActivation) -> Vec<Position> {
    let n = layer.values.len();
    let step = (n / 13).max(1);
    let all = (0..n).step_by(step).chain([n - 1]);
    all.map(|idx| Position::at(idx, layer.shape)).collect()
}

fn check_arithmetic(network: &Network) {
    let found = run(network);
    for (idx, layer) in found.layers.iter().enumerate() {
        for at in positions(layer) {
            let what = format!("{} at {at:?}", layer.name.name);
            let arithmetic = arithmetic(network, &found, idx, at).unwrap();
            assert_close(arithmetic.value, layer.value(at), &what);
            if let Terms::Products { inputs, added } = &arithmetic.terms {
                let products = inputs.iter().flat_map(|i| i.patch.iter().zip(&i.kernel));
                let sum: f32 = products.map(|(x, w)| x * w).sum();
                let added: f32 = added.iter().map(|(_, x)| x).sum();
                assert_close(sum + added, layer.value(at), &what);
            }
            if let Terms::Gates(gates) = &arithmetic.terms {
                assert_close(gates[gates.len() - 1].1, layer.value(at), &what);
            }
            if let Some((_, after)) = arithmetic.activation {
                assert_eq!(after, found.layers[idx + 1].value(at), "{what}");
            }
        }
    }
}

#[test]
fn the_terms_of_each_value_give_the_layers_output() {
    zoo().iter().for_each(check_arithmetic);
    for preset in PRESETS {
        check_arithmetic(&of_preset(preset.name, [1, 28, 28]));
    }
    check_arithmetic(&of_preset("deep-cnn", [3, 32, 32]));
}

#[test]
fn a_pixel_outside_of_the_receptive_field_never_changes_the_value() {
    for network in zoo() {
        let input = image(network.spec().input);
        let [channels, height, width] = network.spec().input;
        let plain = run(&network);
        let mut reached = vec![0; plain.layers.len()];
        for row in 0..height {
            for column in 0..width {
                let mut input = input.clone();
                for channel in 0..channels {
                    input[(channel * height + row) * width + column] += 0.5;
                }
                let changed = activations(&network, &input, &AtomicBool::new(false)).unwrap();
                for (idx, (a, b)) in plain.layers.iter().zip(&changed.layers).enumerate() {
                    for at in positions(a) {
                        let field = plain.receptive_field(idx, at);
                        let is_inside = field.contains(row, column);
                        let what = format!("{} at {at:?}, {row}, {column}", a.name.name);
                        assert!(is_inside || a.value(at) == b.value(at), "{what}");
                        reached[idx] += usize::from(a.value(at) != b.value(at));
                    }
                }
            }
        }
        assert!(reached.iter().all(|n| *n > 0), "{reached:?}");
    }
}

#[test]
fn a_receptive_field_is_no_larger_than_what_changes_the_value() {
    // Positive weights and no activation: nothing cancels out.
    let layers = vec![
        conv(2, 3, 2, 1),
        conv(2, 3, 1, 0),
        Layer::AvgPool2d(AvgPool2d::new(2)),
        Layer::Flatten,
        dense(2),
    ];
    let network = network(layers, [1, 15, 15], 1);
    for param in network.params() {
        let positive = param.var.abs().unwrap().affine(1.0, 0.1).unwrap();
        param.var.set(&positive).unwrap();
    }
    let plain = run(&network);
    let at = Position {
        unit: 0,
        row: 1,
        column: 0,
    };
    let expected = Area {
        rows: 3..12,
        columns: 0..8,
    };
    assert_eq!(plain.receptive_field(2, at), expected);
    for [row, column] in [[3, 0], [3, 7], [11, 0], [11, 7]] {
        let mut input = image([1, 15, 15]);
        input[row * 15 + column] += 0.5;
        let changed = activations(&network, &input, &AtomicBool::new(false)).unwrap();
        assert_ne!(changed.layers[2].value(at), plain.layers[2].value(at));
    }
}
