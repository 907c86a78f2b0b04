mod arithmetic;
mod networks;
mod parts;

use std::sync::atomic::AtomicBool;

use candle_core::{Device, Tensor};

use self::networks::{network, of_preset};
use super::*;
use crate::kernels;
use crate::model::{PRESETS, preset};

fn image(shape: [usize; 3]) -> Vec<f32> {
    let n: usize = shape.iter().product();
    (0..n).map(|i| (i * 31 % 97) as f32 / 96.0).collect()
}

fn run(network: &Network) -> Activations {
    let input = image(network.spec().input);
    activations(network, &input, &AtomicBool::new(false)).unwrap()
}

fn assert_close(found: f32, expected: f32, what: &str) {
    let tolerance = 1e-5 * expected.abs().max(1.0);
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, {expected}"
    );
}

#[test]
fn every_layer_of_every_preset_is_there_and_the_last_gives_the_logits() {
    for preset in PRESETS {
        for input in [[1, 28, 28], [3, 32, 32]] {
            let network = of_preset(preset.name, input);
            let found = run(&network);
            let tensor = Tensor::from_vec(
                found.input.clone(),
                (1, input[0], input[1], input[2]),
                &Device::Cpu,
            );
            let logits = network
                .forward(&tensor.unwrap(), crate::model::Mode::Eval)
                .unwrap();
            let logits: Vec<f32> = logits.flatten_all().unwrap().to_vec1().unwrap();
            for (a, b) in found.logits().iter().zip(&logits) {
                assert_close(*a, *b, preset.name);
            }
            assert_eq!(found.layers.len(), network.spec().layer_names().len());
            for layer in &found.layers {
                let what = format!("{}: {}", preset.name, layer.name.name);
                assert_eq!(layer.values.len(), layer.shape.n_values(), "{what}");
                let before = layer.reads.map(|idx| found.layers[idx].name.name.clone());
                assert!(
                    before.is_some() || layer.name.path.iter().all(|idx| *idx == 0),
                    "{what}"
                );
            }
        }
    }
}

#[test]
fn a_canceled_pass_ends_and_a_wrong_input_is_told() {
    let network = of_preset("keras-cnn", [1, 28, 28]);
    let canceled = activations(&network, &image([1, 28, 28]), &AtomicBool::new(true));
    assert!(matches!(canceled, Err(ExplainError::Canceled)));
    let wrong = activations(&network, &[0.0; 5], &AtomicBool::new(false));
    assert!(matches!(wrong, Err(ExplainError::Input { found: 5, .. })));
    let found = run(&network);
    let error = arithmetic(&network, &found, 99, Position::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the network has 7 layers, counted from 0: there is no layer 99"
    );
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let before = kernels::threads();
    for name in ["deep-cnn", "vit-tiny", "lstm"] {
        let Some(preset) = preset(name) else { continue };
        let network = network(preset.spec([1, 28, 28], 10).layers, [1, 28, 28], 2);
        kernels::set_threads(1);
        let one = run(&network);
        kernels::set_threads(3);
        assert_eq!(run(&network), one, "{name}");
    }
    kernels::set_threads(before);
}
