//! Why a network answers as it does: the maps of every method, held against Captum
//! (`tests/fixtures/explain.py`), finite differences and what they promise.

mod captum;
mod slopes;

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use candle_core::{Device, Tensor};
use candle_studio::data::{Dataset, unit_values};
use candle_studio::explain::{
    Attribution, ExplainError, Method, SmoothGrad, Target, attribute, random_weights,
};
use candle_studio::kernels;
use candle_studio::model::{Classifier, Mode, Network, PRESETS, Preset, Provenance, preset};
use candle_studio::random::{Stream, rng};
use rand::Rng as _;

static NEVER: AtomicBool = AtomicBool::new(false);

const CAPTUM: [&str; 3] = ["keras-cnn", "deep-cnn", "vit-tiny"];

const ANSWER: Target = Target {
    class: None,
    against: None,
};

const NINE: Target = Target {
    class: Some(9),
    against: None,
};

const NINE_NOT_FOUR: Target = Target {
    class: Some(9),
    against: Some(4),
};

/// The preset's network for images of `input`, its biases and norms away from zeros and ones.
fn network(preset: &Preset, input: [usize; 3]) -> Network {
    let spec = preset.spec(input, 10);
    let network = Network::new(&spec, preset.init, 7, &Device::Cpu).unwrap();
    for (idx, param) in network.params().iter().enumerate() {
        let values = param.to_pytorch().unwrap();
        if values.rank() == 1 && param.is_trainable() {
            let noise = noise(values.elem_count(), idx as u64);
            let noise: Vec<f32> = noise.iter().map(|v| 0.2 * v - 0.1).collect();
            let noise = Tensor::from_vec(noise, values.dims(), &Device::Cpu).unwrap();
            param.set_from_pytorch(&(values + noise).unwrap()).unwrap();
        }
    }
    network
}

/// Uniform from 0 to 1.
fn noise(n: usize, key: u64) -> Vec<f32> {
    let mut rng = rng(11, Stream::Pick, key, 0);
    (0..n).map(|_| rng.random()).collect()
}

/// A test image of MNIST, with noise that leaves no two pixels equal: between equal ones, each
/// program's max pooling chooses as its sums are rounded.
fn digit(idx: usize) -> Vec<f32> {
    let mnist = Dataset::mnist().unwrap();
    let digit = unit_values(mnist.test.image(idx));
    let noise = noise(784, idx as u64);
    digit.zip(noise).map(|(d, n)| 0.8 * d + 0.2 * n).collect()
}

fn explain(network: &Network, input: &[f32], method: &Method, target: Target) -> Attribution {
    attribute(network, input, method, target, &NEVER).unwrap()
}

fn grad_cam(layer: &str, relu: bool) -> Method {
    let layer = Some(layer.to_owned());
    Method::GradCam { layer, relu }
}

/// The largest difference, as a share of the largest value.
fn relative_error(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0f32, |most, v| most.max(v.abs()));
    let pairs = found.iter().zip(expected);
    let difference = pairs.fold(0.0f32, |most, (f, e)| most.max((f - e).abs()));
    match difference > 0.0 {
        true => difference / largest,
        false => 0.0,
    }
}

#[test]
fn integrated_gradients_are_complete_within_one_percent() {
    let image = digit(4);
    for preset in PRESETS {
        let network = network(preset, [1, 28, 28]);
        let method = Method::IntegratedGradients { steps: 50 };
        let found = explain(&network, &image, &method, ANSWER);
        let completeness = found.completeness.unwrap();
        let sum: f64 = found.map.iter().map(|v| f64::from(*v)).sum();
        assert!((completeness.sum - sum).abs() < 1e-4, "{}", preset.name);
        let share = completeness.share().unwrap();
        assert!((share - 1.0).abs() < 0.01, "{}: {share}", preset.name);
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let image = digit(4);
    let n_threads = kernels::threads();
    for name in CAPTUM {
        let network = network(preset(name).unwrap(), [1, 28, 28]);
        for method in Method::all() {
            let maps = [1, 3].map(|n| {
                kernels::set_threads(n);
                let found = explain(&network, &image, &method, NINE_NOT_FOUR);
                found.map.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            });
            assert!(maps[0] == maps[1], "{name}: {}", method.name());
        }
    }
    kernels::set_threads(n_threads);
}

#[test]
fn a_class_against_another_is_the_difference_of_their_maps() {
    let network = network(preset("vit-tiny").unwrap(), [1, 28, 28]);
    let image = digit(4);
    let of = |class, against| {
        let target = Target {
            class: Some(class),
            against,
        };
        explain(&network, &image, &Method::InputXGradient, target)
    };
    let (nine, four, both) = (of(9, None), of(4, None), of(9, Some(4)));
    let pairs = nine.map.iter().zip(&four.map);
    let expected: Vec<f32> = pairs.map(|(nine, four)| nine - four).collect();
    assert!(relative_error(&both.map, &expected) < 1e-5);
    assert!((both.value - (nine.value - four.value)).abs() < 1e-6);
    assert_eq!((both.class, both.against), (9, Some(4)));
}

#[test]
fn the_answer_is_explained_unless_a_class_is_named() {
    let network = network(preset("softmax").unwrap(), [1, 28, 28]);
    let image = digit(4);
    let batch = Tensor::from_slice(&image, (1, 1, 28, 28), &Device::Cpu).unwrap();
    let logits = network.forward(&batch, Mode::Eval).unwrap();
    let logits: Vec<f32> = logits.flatten_all().unwrap().to_vec1().unwrap();
    let found = explain(&network, &image, &Method::Saliency, ANSWER);
    assert_eq!(found.value, logits[found.class]);
    assert!(logits.iter().all(|logit| *logit <= found.value));
    // Of a linear network, input × gradient is all but the bias, and occlusion by single pixels is
    // the same.
    let product = explain(&network, &image, &Method::InputXGradient, ANSWER);
    let occlusion = Method::Occlusion {
        window: Some(1),
        stride: 1,
    };
    let occlusion = explain(&network, &image, &occlusion, ANSWER);
    assert!(relative_error(&occlusion.map, &product.map) < 1e-3);
}

#[test]
fn the_noise_of_smoothgrad_is_its_seeds() {
    let network = network(preset("keras-cnn").unwrap(), [1, 28, 28]);
    let image = digit(4);
    let of = |noise, seed| {
        let settings = SmoothGrad {
            noise,
            seed,
            samples: 3,
        };
        explain(&network, &image, &Method::SmoothGrad(settings), NINE).map
    };
    assert_eq!(of(0.15, 1), of(0.15, 1));
    assert_ne!(of(0.15, 1), of(0.15, 2));
    let plain = explain(&network, &image, &Method::Saliency, NINE).map;
    assert!(relative_error(&of(0.0, 1), &plain) < 1e-5);
}

#[test]
fn what_does_not_fit_is_told_in_one_sentence() {
    let network = network(preset("mlp").unwrap(), [1, 28, 28]);
    let image = digit(4);
    let fails = |input: &[f32], method: &Method, class, against| {
        let target = Target { class, against };
        let error = attribute(&network, input, method, target, &NEVER);
        error.unwrap_err().to_string()
    };
    let saliency = Method::Saliency;
    let error = fails(&image[..9], &saliency, None, None);
    assert!(
        error.contains("[1, 28, 28]") && error.contains('9'),
        "{error}"
    );
    let error = fails(&image, &saliency, Some(10), None);
    assert!(error.contains("10 classes"), "{error}");
    let error = fails(&image, &saliency, Some(3), Some(3));
    assert!(error.contains("class 3 against itself"), "{error}");
    let error = fails(&image, &grad_cam("conv1", true), None, None);
    assert!(error.contains("needs a convolution"), "{error}");
    let mut broken = image.clone();
    broken[0] = f32::NAN;
    let error = fails(&broken, &saliency, None, None);
    assert!(error.contains("NaN"), "{error}");
}

#[test]
fn canceled_work_returns_at_once() {
    let network = network(preset("keras-cnn").unwrap(), [1, 28, 28]);
    for method in Method::all() {
        let canceled = AtomicBool::new(true);
        let result = attribute(&network, &digit(4), &method, NINE, &canceled);
        assert!(
            matches!(result, Err(ExplainError::Canceled)),
            "{}",
            method.name()
        );
    }
}

#[test]
fn random_weights_have_another_map_and_their_seed_decides_it() {
    let preset = preset("keras-cnn").unwrap();
    let classifier = Classifier {
        network: network(preset, [1, 28, 28]),
        classes: (0..10).map(|c| c.to_string()).collect(),
        provenance: Provenance::default(),
    };
    let image = digit(4);
    let map = |c: &Classifier| explain(&c.network, &image, &Method::Saliency, NINE).map;
    let random = |seed| random_weights(&classifier, seed).unwrap();
    assert_eq!(map(&random(1)), map(&random(1)));
    assert_ne!(map(&random(1)), map(&random(2)));
    assert_ne!(map(&random(1)), map(&classifier));
    assert_eq!(random(1).network.spec(), classifier.network.spec());
    assert_eq!(random(1).classes, classifier.classes);
}

/// `cargo test --release --test it explain::time -- --ignored --nocapture`
#[test]
#[ignore = "measures, and checks nothing"]
fn time_of_every_method() {
    let image = digit(4);
    for name in ["keras-cnn", "deep-cnn", "vit-tiny"] {
        let network = network(preset(name).unwrap(), [1, 28, 28]);
        for method in Method::all() {
            let time = || {
                let start = Instant::now();
                explain(&network, &image, &method, NINE);
                1e3 * start.elapsed().as_secs_f64()
            };
            let fastest = (0..10).map(|_| time()).fold(f64::INFINITY, f64::min);
            println!("{name:10} {:22} {fastest:8.2} ms", method.name());
        }
    }
}
