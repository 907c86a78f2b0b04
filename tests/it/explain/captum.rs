//! The maps of Captum for three networks with our weights.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use candle_studio::explain::{Attribution, Method, SmoothGrad};
use candle_studio::model::{Classifier, Network, Provenance, preset};

use super::{CAPTUM, NINE, NINE_NOT_FOUR, digit, explain, grad_cam, network, relative_error};

/// Of each image's copies.
const NOISE: SmoothGrad = SmoothGrad {
    samples: 5,
    noise: 0.15,
    seed: 0,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("captum")
}

/// What `explain.py` reads: the model, images and noise.
fn write_inputs(name: &str, network: Network, images: &[Vec<f32>]) {
    std::fs::create_dir_all(folder()).unwrap();
    let classifier = Classifier {
        network,
        classes: (0..10).map(|c| c.to_string()).collect(),
        provenance: Provenance::default(),
    };
    let path = folder().join(format!("{name}.safetensors"));
    classifier.save(&path).unwrap();
    let tensor = |values: Vec<f32>| {
        let n = values.len() / 784;
        Tensor::from_vec(values, (n, 1, 28, 28), &Device::Cpu).unwrap()
    };
    let mut all = HashMap::from([("images".to_owned(), tensor(images.concat()))]);
    for idx in 0..images.len() {
        let copies = (0..NOISE.samples).flat_map(|sample| NOISE.noise_of(sample, 784));
        all.insert(format!("noise.{idx}"), tensor(copies.collect()));
    }
    let path = folder().join(format!("{name}_io.safetensors"));
    candle_core::safetensors::save(&all, path).unwrap();
}

/// The methods under their names in the fixture, without the layers of Grad-CAM.
fn methods() -> [(&'static str, Method); 6] {
    let occlusion = |window, stride| Method::Occlusion { window, stride };
    [
        ("saliency", Method::Saliency),
        ("input-x-gradient", Method::InputXGradient),
        (
            "integrated-gradients",
            Method::IntegratedGradients { steps: 50 },
        ),
        ("smoothgrad", Method::SmoothGrad(NOISE)),
        ("occlusion", occlusion(None, 1)),
        ("occlusion-5-3", occlusion(Some(5), 3)),
    ]
}

#[test]
fn maps_are_those_of_captum() {
    let images = [digit(4), digit(7)];
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        for name in CAPTUM {
            let network = network(preset(name).unwrap(), [1, 28, 28]);
            write_inputs(name, network, &images);
        }
        return;
    }
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/explain.safetensors");
    let mut captum = candle_core::safetensors::load(fixture, &Device::Cpu).unwrap();
    for name in CAPTUM {
        let network = network(preset(name).unwrap(), [1, 28, 28]);
        for (idx, image) in images.iter().enumerate() {
            let mut take = |key: &str| -> Vec<f32> {
                let tensor = captum.remove(&format!("{name}.{idx}.{key}")).unwrap();
                tensor.flatten_all().unwrap().to_vec1().unwrap()
            };
            let logits = take("logits");
            for (label, target) in [("9", NINE), ("9-4", NINE_NOT_FOUR)] {
                let mut check = |method: &str, settings: &Method| -> Attribution {
                    let found = explain(&network, image, settings, target);
                    let against = target.against.map_or(0.0, |class| logits[class]);
                    assert!((found.value - (logits[9] - against)).abs() < 1e-4);
                    let expected = take(&format!("{label}.{method}"));
                    let what = format!("{name} {idx} {label} {method}");
                    check_map(&what, &found.map, &expected);
                    found
                };
                let mut delta = None;
                for (method, settings) in methods() {
                    let found = check(method, &settings);
                    delta = delta.or(found.completeness.map(|c| c.sum - c.difference));
                }
                for layer in layers_of(name) {
                    check(&format!("grad-cam-{layer}"), &grad_cam(layer, true));
                    check(&format!("grad-cam-{layer}-signed"), &grad_cam(layer, false));
                }
                let expected = f64::from(take(&format!("{label}.delta"))[0]);
                assert!((delta.unwrap() - expected).abs() < 1e-4, "{name} {delta:?}");
            }
        }
    }
    assert!(captum.is_empty(), "{:?}", captum.keys());
}

/// Equal to 1e-4 of the norm and of the largest value. Where gradients of many images are summed,
/// one ReLU in a hundred thousand is within f32's rounding of its bend, and moves a few values a
/// little further; PyTorch's own maps do so between f32 and f64.
fn check_map(what: &str, found: &[f32], expected: &[f32]) {
    let pairs = || found.iter().zip(expected);
    let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>().sqrt();
    let difference = norm(&mut pairs().map(|(f, e)| f - e));
    let allowed = 1e-4 * norm(&mut expected.iter().copied());
    assert!(difference <= allowed, "{what}: {difference:e}, {allowed:e}");
    let largest = relative_error(found, expected);
    let is_sum = what.ends_with("integrated-gradients") || what.ends_with("smoothgrad");
    if largest > 1e-5 {
        let scale = 1e-5 * expected.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        let n = pairs().filter(|(f, e)| (*f - *e).abs() > scale).count();
        println!("{what}: {n} values differ by more than 1e-5, at most by {largest:e}");
    }
    let allowed = if is_sum { 1e-3 } else { 1e-4 };
    assert!(largest < allowed, "{what}: {largest:e}");
}

fn layers_of(name: &str) -> &'static [&'static str] {
    match name {
        "keras-cnn" => &["conv1"],
        "deep-cnn" => &["conv2", "conv4"],
        _ => &["patches1"],
    }
}
