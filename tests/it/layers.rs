//! Every kind of layer, held against PyTorch: whole small networks with its weights, under its names
//! and in its layouts (`tests/fixtures/layers.py`).

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_studio::model::{Init, Mode, ModelSpec, Network};
use safetensors::SafeTensors;
use serde::Deserialize;

static FIXTURE: &[u8] = include_bytes!("../fixtures/layers.safetensors");

const TRAIN: Mode = Mode::Train { seed: 1, step: 0 };

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    spec: ModelSpec,
}

/// The networks of the fixture, each with its tensors.
pub(crate) fn cases() -> Vec<(Case, HashMap<String, Tensor>)> {
    let (_, header) = SafeTensors::read_metadata(FIXTURE).unwrap();
    let cases = &header.metadata().as_ref().unwrap()["cases"];
    let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
    let all = candle_core::safetensors::load_buffer(FIXTURE, &Device::Cpu).unwrap();
    let of = |name: &str| {
        let prefix = format!("{name}.");
        let named = |(key, tensor): (&String, &Tensor)| {
            Some((key.strip_prefix(&prefix)?.to_owned(), tensor.clone()))
        };
        all.iter().filter_map(named).collect()
    };
    cases
        .into_iter()
        .map(|case| {
            let tensors = of(&case.name);
            (case, tensors)
        })
        .collect()
}

/// The network of a case with PyTorch's weights.
pub(crate) fn network(case: &Case, tensors: &HashMap<String, Tensor>) -> Network {
    let network = Network::new(&case.spec, Init::default(), 0, &Device::Cpu).unwrap();
    let n_state = tensors.keys().filter(|k| k.starts_with("state.")).count();
    assert_eq!(network.params().len(), n_state, "{}", case.name);
    for param in network.params() {
        let state = tensors
            .get(&format!("state.{}", param.name))
            .unwrap_or_else(|| panic!("{}: PyTorch has no {}", case.name, param.name));
        assert_eq!(param.pytorch_dims(), state.dims(), "{}", param.name);
        param.set_from_pytorch(state).unwrap();
        assert_eq!(param.to_pytorch().unwrap().dtype(), state.dtype());
    }
    network
}

fn values(tensor: &Tensor) -> Vec<f32> {
    let tensor = tensor.to_dtype(DType::F32).unwrap();
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Asserts equality to `tolerance` of the larger of 1 and the largest element.
fn assert_close(found: &Tensor, expected: &Tensor, tolerance: f32, what: &str) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let (found, expected) = (values(found), values(expected));
    let scale = expected.iter().fold(1.0f32, |most, v| most.max(v.abs()));
    for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let error = (found - expected).abs() / scale;
        assert!(
            error <= tolerance,
            "{what}[{i}]: {found}, expected {expected}"
        );
    }
}

/// 28 steps of a recurrent layer add up more rounding than a handful of layers.
fn tolerance(case: &Case) -> f32 {
    match ["rnn", "lstm", "gru"]
        .iter()
        .any(|kind| case.name.starts_with(kind))
    {
        true => 1e-4,
        false => 1e-5,
    }
}

#[test]
fn values_gradients_and_buffers_are_pytorchs() {
    for (case, tensors) in cases() {
        let (name, tolerance) = (&case.name, tolerance(&case));
        let network = network(&case, &tensors);
        let logits = network.forward(&tensors["x"], TRAIN).unwrap();
        assert_close(
            &logits,
            &tensors["train"],
            tolerance,
            &format!("{name}: train"),
        );
        let loss = (logits * &tensors["dy"]).unwrap().sum_all().unwrap();
        let gradients = loss.backward().unwrap();
        for param in network.params() {
            let what = format!("{name}: {}", param.name);
            let Some(expected) = tensors.get(&format!("grad.{}", param.name)) else {
                assert!(!param.is_trainable(), "{what}");
                assert!(gradients.get(param.var.as_tensor()).is_none(), "{what}");
                let after = param.to_pytorch().unwrap();
                let expected = &tensors[&format!("after.{}", param.name)];
                assert_close(&after, expected, tolerance, &what);
                continue;
            };
            assert!(param.is_trainable(), "{what}");
            let found = gradients.get(param.var.as_tensor()).unwrap();
            let found = param.layout.to_pytorch(found).unwrap();
            assert_close(&found, expected, tolerance, &what);
        }
        let logits = network.forward(&tensors["x"], Mode::Eval).unwrap();
        assert_close(
            &logits,
            &tensors["eval"],
            tolerance,
            &format!("{name}: eval"),
        );
    }
}

/// A check that needs no PyTorch: each parameter's entry with the steepest slope, moved both ways.
#[test]
fn gradients_are_the_slopes_of_the_loss() {
    for (case, tensors) in cases() {
        let network = network(&case, &tensors);
        let loss = || {
            let logits = network.forward(&tensors["x"], TRAIN).unwrap();
            (logits * &tensors["dy"]).unwrap().sum_all().unwrap()
        };
        let gradients = loss().backward().unwrap();
        for param in network.params().iter().filter(|p| p.is_trainable()) {
            let slopes = values(gradients.get(param.var.as_tensor()).unwrap());
            let steeper = |&a: &usize, &b: &usize| slopes[a].abs().total_cmp(&slopes[b].abs());
            let at = (0..slopes.len()).max_by(steeper).unwrap();
            let start = param.var.as_tensor().copy().unwrap();
            let moved = |step: f32| {
                let mut numbers = values(&start);
                numbers[at] += step;
                let numbers = Tensor::from_vec(numbers, start.dims(), &Device::Cpu).unwrap();
                param.var.set(&numbers).unwrap();
                f64::from(loss().to_scalar::<f32>().unwrap())
            };
            let step = 1e-3;
            let found = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            param.var.set(&start).unwrap();
            let expected = f64::from(slopes[at]);
            // A ReLU's bend within the step, and f32's rounding.
            let allowed = 0.03 * expected.abs() + 0.02;
            assert!(
                (found - expected).abs() < allowed,
                "{}: {}[{at}]: slope {found}, gradient {expected}",
                case.name,
                param.name
            );
        }
    }
}

#[test]
fn a_copy_of_a_network_has_its_buffers_and_its_fused_operations_change_nothing() {
    for (case, tensors) in cases() {
        let network = network(&case, &tensors);
        let before = network.deep_copy().unwrap();
        let plain = network.deep_copy().unwrap().unfused();
        let train = |n: &Network| n.forward(&tensors["x"], TRAIN).unwrap();
        let what = &case.name;
        assert_close(&train(&plain), &train(&network), 1e-6, what);
        for ((p, q), old) in network
            .params()
            .iter()
            .zip(plain.params())
            .zip(before.params())
        {
            assert_close(p.var.as_tensor(), q.var.as_tensor(), 1e-6, &p.name);
            let is_same = values(p.var.as_tensor()) == values(old.var.as_tensor());
            assert_eq!(is_same, p.is_trainable(), "{what}: {}", p.name);
        }
    }
}
