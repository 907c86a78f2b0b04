use std::sync::atomic::AtomicBool;

use candle_core::{Device, Tensor};

use super::*;
use crate::kernels;
use crate::model::{
    AvgPool2d, Conv2d, Dense, Gru, Init, Lstm, MaxPool2d, ModelSpec, PRESETS, PatchEmbedding,
    Residual, Rnn, TokenChoice, TokenPool, TransformerEncoder, preset,
};

fn network(layers: Vec<Layer>, input: [usize; 3], seed: u64) -> Network {
    let classes = match layers.last() {
        Some(Layer::Dense(dense)) => dense.units,
        _ => 10,
    };
    let spec = ModelSpec {
        input,
        classes,
        layers,
    };
    spec.report().unwrap();
    let network = Network::new(&spec, Init::HeUniform, seed, &Device::Cpu).unwrap();
    // Biases, scales and running statistics that are not 0 and 1.
    for (idx, param) in network.params().iter().enumerate() {
        let values: Vec<f32> = param.var.flatten_all().unwrap().to_vec1().unwrap();
        let moved = values.iter().enumerate();
        let moved = moved.map(|(i, x)| x + 0.1 * (((i * 7 + idx * 3) % 11) as f32 / 11.0));
        let moved = Tensor::from_vec(moved.collect(), param.var.dims(), &Device::Cpu);
        param.var.set(&moved.unwrap()).unwrap();
    }
    network
}

fn of_preset(name: &str, input: [usize; 3]) -> Network {
    network(preset(name).unwrap().spec(input, 10).layers, input, 1)
}

fn image(shape: [usize; 3]) -> Vec<f32> {
    let n: usize = shape.iter().product();
    (0..n).map(|i| (i * 31 % 97) as f32 / 96.0).collect()
}

fn run(network: &Network) -> Activations {
    let input = image(network.spec().input);
    activations(network, &input, &AtomicBool::new(false)).unwrap()
}

fn conv(channels: usize, kernel: usize, stride: usize, padding: usize) -> Layer {
    Layer::Conv2d(Conv2d {
        stride,
        ..Conv2d::new(channels, kernel, padding)
    })
}

fn dense(units: usize) -> Layer {
    Layer::Dense(Dense { units })
}

/// Networks with every kind of layer, also in blocks of blocks.
fn zoo() -> Vec<Network> {
    let mut all = convolutional();
    all.extend(transformers());
    all.extend(recurrent());
    all
}

fn convolutional() -> Vec<Network> {
    let block = |layers| Layer::Residual(Residual { layers });
    let depthwise = Layer::Conv2d(Conv2d {
        groups: 2,
        ..Conv2d::new(4, 3, 1)
    });
    let overlapping = Layer::MaxPool2d(MaxPool2d {
        kernel: 3,
        stride: 2,
    });
    let nested = block(vec![conv(4, 1, 1, 0), Layer::Silu]);
    let deep = vec![
        conv(4, 3, 2, 1),
        Layer::BatchNorm,
        Layer::Gelu,
        depthwise,
        Layer::LayerNorm,
        block(vec![conv(4, 3, 1, 1), nested, conv(6, 3, 2, 1)]),
        Layer::AvgPool2d(AvgPool2d::new(2)),
        Layer::Flatten,
        Layer::Tanh,
        dense(5),
        Layer::BatchNorm,
        Layer::Sigmoid,
        dense(4),
    ];
    let pooled = vec![
        conv(3, 3, 1, 0),
        overlapping,
        Layer::GlobalAvgPool,
        dense(4),
    ];
    vec![
        network(deep, [2, 13, 12], 3),
        network(pooled, [1, 10, 9], 4),
    ]
}

fn transformers() -> Vec<Network> {
    let kinds = [(true, TokenChoice::First), (false, TokenChoice::Mean)];
    let of = |(class_token, take)| {
        let layers = vec![
            Layer::PatchEmbedding(PatchEmbedding {
                patch: 3,
                width: 8,
                class_token,
            }),
            Layer::LayerNorm,
            Layer::TransformerEncoder(TransformerEncoder {
                depth: 2,
                heads: 2,
                mlp_ratio: 2,
            }),
            Layer::TokenPool(TokenPool { take }),
            dense(4),
        ];
        network(layers, [3, 6, 9], 5)
    };
    kinds.map(of).into()
}

fn recurrent() -> Vec<Network> {
    let units = 6;
    let of = |bidirectional| {
        let kinds = [
            Layer::Rnn(Rnn {
                units,
                bidirectional,
            }),
            Layer::Lstm(Lstm {
                units,
                bidirectional,
            }),
            Layer::Gru(Gru {
                units,
                bidirectional,
            }),
        ];
        kinds.map(|layer| network(vec![layer, dense(4)], [2, 7, 5], 6))
    };
    [false, true].into_iter().flat_map(of).collect()
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

#[test]
fn attention_is_the_kernels_and_sums_to_one() {
    let [tokens, heads, width] = [5, 2, 8];
    let values: Vec<f32> = (0..tokens * 3 * width)
        .map(|i| ((i * 37 % 101) as f32 - 50.0) / 20.0)
        .collect();
    let qkv = Tensor::from_vec(values.clone(), (tokens, 3 * width), &Device::Cpu).unwrap();
    let attention = Attention::of(&qkv, tokens, heads).unwrap();
    let expected: Vec<Vec<f32>> = kernels::attention(&qkv, tokens, heads)
        .unwrap()
        .to_vec2()
        .unwrap();
    let depth = width / heads;
    for head in 0..heads {
        for (token, expected) in expected.iter().enumerate() {
            let row = attention.row(head, token);
            assert_close(row.iter().sum(), 1.0, "the sum of a row");
            for i in 0..depth {
                let value = |other: usize| values[other * 3 * width + 2 * width + head * depth + i];
                let read = row.iter().enumerate();
                let read: f32 = read.map(|(other, weight)| weight * value(other)).sum();
                assert_close(read, expected[head * depth + i], "what is read");
            }
        }
        assert_close(attention.mean(head).iter().sum(), 1.0, "the mean");
    }
}

#[test]
fn each_block_of_a_transformer_has_its_attention() {
    for (input, tokens) in [([1, 28, 28], 49), ([3, 128, 128], 1024)] {
        let found = run(&of_preset("vit-tiny", input));
        let blocks: Vec<&Attention> = found.layers.iter().flat_map(|l| &l.attention).collect();
        assert_eq!(blocks.len(), 3);
        for attention in blocks {
            assert_eq!((attention.heads, attention.tokens), (4, tokens));
            for head in 0..attention.heads {
                let row = attention.row(head, tokens - 1);
                assert_close(row.iter().sum(), 1.0, "a row");
                assert_close(attention.mean(head).iter().sum(), 1.0, "the mean");
            }
        }
    }
}

#[test]
fn the_last_state_of_the_gates_is_the_layers_output() {
    for network in zoo() {
        let found = run(&network);
        for layer in &found.layers {
            for (idx, gates) in layer.gates.iter().enumerate() {
                let state = &gates.gate("h").unwrap().values;
                let last = &state[gates.last_row() * gates.units..][..gates.units];
                let outputs = &layer.values[idx * gates.units..][..gates.units];
                for (state, output) in last.iter().zip(outputs) {
                    assert_close(*state, *output, &layer.name.name);
                }
                if let (Some(o), Some(c)) = (gates.gate("o"), gates.gate("c")) {
                    let all = state.iter().zip(o.values.iter().zip(&c.values));
                    all.for_each(|(h, (o, c))| assert_close(*h, o * c.tanh(), "h = o · tanh c"));
                }
            }
        }
    }
}

#[test]
fn filters_are_those_of_the_layer() {
    let network = of_preset("keras-cnn", [1, 28, 28]);
    let found = run(&network);
    let first = filters(&network, &found, &found.layers[0])
        .unwrap()
        .unwrap();
    assert_eq!((first.len(), first.shape), (32, [1, 3, 3]));
    let at = Position {
        unit: 5,
        row: 2,
        column: 3,
    };
    let Terms::Products { inputs, .. } = arithmetic(&network, &found, 0, at).unwrap().terms else {
        panic!("a convolution multiplies");
    };
    assert_eq!(first.channel(5, 0), inputs[0].kernel);
    let network = of_preset("softmax", [3, 6, 5]);
    let found = run(&network);
    let dense = filters(&network, &found, &found.layers[1])
        .unwrap()
        .unwrap();
    assert_eq!((dense.len(), dense.shape), (10, [3, 6, 5]));
    assert!(
        filters(&network, &found, &found.layers[0])
            .unwrap()
            .is_none()
    );
}

#[test]
fn the_softmax_of_a_temperature_is_that_of_the_model() {
    let logits = [2.0f32, -1.0, 0.5];
    for temperature in [None, Some(2.5)] {
        let found = softmax(&logits, temperature);
        let tensor = Tensor::new(&[logits], &Device::Cpu).unwrap();
        let expected = crate::model::probabilities(&tensor, temperature).unwrap();
        let expected: Vec<f32> = expected.flatten_all().unwrap().to_vec1().unwrap();
        for (class, expected) in expected.iter().enumerate() {
            assert_close(
                found.probabilities[class] as f32,
                *expected,
                "a probability",
            );
            let share = found.terms[class] / found.sum;
            assert_close(share as f32, *expected, "a term");
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
