//! Attention, gates, filters and the softmax.

use candle_core::{Device, Tensor};

use super::networks::{of_preset, zoo};
use super::{assert_close, run};
use crate::explain::activations::*;
use crate::kernels;

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
