//! Dropout of whole channels, as a layer of a network: what it drops, when, and that a model file and
//! the command line know it.

use candle_core::{Device, Tensor};
use candle_studio::kernels;
use candle_studio::model::{
    Classifier, Conv2d, Dense, Dropout2d, Init, Layer, Mode, ModelSpec, Network, Provenance,
};

const INPUT: [usize; 3] = [8, 6, 5];
const PIXELS: usize = 30;
const TRAIN: Mode = Mode::Train { seed: 3, step: 7 };

fn spec(layers: impl IntoIterator<Item = Layer>) -> ModelSpec {
    ModelSpec {
        input: INPUT,
        classes: 3,
        layers: layers.into_iter().collect(),
    }
}

fn network(layers: impl IntoIterator<Item = Layer>) -> Network {
    Network::new(&spec(layers), Init::HeUniform, 1, &Device::Cpu).unwrap()
}

fn dropout(rate: f32) -> Layer {
    Layer::Dropout2d(Dropout2d { rate })
}

fn head() -> [Layer; 2] {
    [Layer::Flatten, Layer::Dense(Dense { units: 3 })]
}

/// `n` images, none of whose pixels is zero.
fn images(n: usize) -> Tensor {
    let value = |i: usize| 0.1 + (i % 89) as f32 / 100.0;
    let values: Vec<f32> = (0..n * 8 * PIXELS).map(value).collect();
    Tensor::from_vec(values, (n, 8, 6, 5), &Device::Cpu).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// What a first layer of dropout makes of `images`.
fn dropped(rate: f32, images: &Tensor, mode: Mode) -> Vec<f32> {
    let network = network([vec![dropout(rate)], head().to_vec()].concat()).unfused();
    let mut outputs = Vec::new();
    let each = |x: &Tensor| {
        outputs.push(values(x));
        Ok(())
    };
    network.forward_each(images, mode, each).unwrap();
    outputs.swap_remove(0)
}

#[test]
fn whole_channels_of_single_samples_are_dropped_while_training_only() {
    let images = images(300);
    let before = values(&images);
    assert_eq!(dropped(0.3, &images, Mode::Eval), before);
    let after = dropped(0.3, &images, TRAIN);
    let channels = before.chunks(PIXELS).zip(after.chunks(PIXELS));
    let is_dropped: Vec<bool> = channels
        .map(|(before, after)| {
            let is_dropped = after[0] == 0.0;
            let factor = if is_dropped { 0.0 } else { 1.0 / 0.7 };
            for (before, after) in before.iter().zip(after) {
                assert!((before * factor - after).abs() < 1e-6, "{before} {after}");
            }
            is_dropped
        })
        .collect();
    let share = is_dropped.iter().filter(|is| **is).count() as f64 / 2_400.0;
    assert!((share - 0.3).abs() < 0.03, "{share}");
    let mut masks: Vec<&[bool]> = is_dropped.chunks(8).collect();
    masks.sort_unstable();
    masks.dedup();
    assert!(masks.len() > 60, "{} different masks", masks.len());
}

#[test]
fn the_seed_and_the_step_decide_what_is_dropped_and_the_threads_do_not() {
    let images = images(300);
    let expected = dropped(0.3, &images, TRAIN);
    let n_threads = kernels::threads();
    for n in [1, 2, 3, 5] {
        kernels::set_threads(n);
        assert_eq!(dropped(0.3, &images, TRAIN), expected, "{n} threads");
    }
    kernels::set_threads(n_threads);
    for (seed, step) in [(4, 7), (3, 8)] {
        let other = dropped(0.3, &images, Mode::Train { seed, step });
        assert_ne!(other, expected, "seed {seed}, step {step}");
    }
}

/// The weights of a dropped channel have no gradient; the others' is the slope of the loss.
#[test]
fn gradients_are_the_slopes_of_the_loss() {
    let conv = Layer::Conv2d(Conv2d::new(6, 3, 1));
    let network = network([vec![conv, Layer::Tanh, dropout(0.5)], head().to_vec()].concat());
    let images = images(1);
    let loss = || {
        let logits = network.forward(&images, TRAIN).unwrap();
        logits.sqr().unwrap().sum_all().unwrap()
    };
    let gradients = loss().backward().unwrap();
    let weight = &network.params()[0].var;
    let gradient = values(gradients.get(weight).unwrap());
    let start = weight.as_tensor().copy().unwrap();
    let per_channel = gradient.len() / 6;
    let mut n_dropped = 0;
    for (channel, gradient) in gradient.chunks(per_channel).enumerate() {
        n_dropped += usize::from(gradient.iter().all(|g| *g == 0.0));
        let moved = |step: f32| {
            let mut numbers = values(&start);
            numbers[channel * per_channel + 4] += step;
            let numbers = Tensor::from_vec(numbers, start.dims(), &Device::Cpu).unwrap();
            weight.set(&numbers).unwrap();
            f64::from(loss().to_scalar::<f32>().unwrap())
        };
        let slope = (moved(2e-3) - moved(-2e-3)) / 4e-3;
        weight.set(&start).unwrap();
        let expected = f64::from(gradient[4]);
        let allowed = 0.01 * expected.abs() + 5e-3;
        assert!(
            (slope - expected).abs() < allowed,
            "channel {channel}: slope {slope}, gradient {expected}"
        );
    }
    assert!((1..6).contains(&n_dropped), "{n_dropped} channels dropped");
}

#[test]
fn a_model_file_keeps_the_layer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    let conv = Layer::Conv2d(Conv2d::new(4, 3, 0));
    let network = network([vec![conv, dropout(0.25), Layer::Relu], head().to_vec()].concat());
    let images = images(4);
    let before = values(&network.forward(&images, Mode::Eval).unwrap());
    let model = Classifier {
        classes: ["a", "b", "c"].map(str::to_owned).to_vec(),
        network,
        provenance: Provenance::default(),
    };
    model.save(&path).unwrap();
    let again = Classifier::load(&path).unwrap().network;
    assert_eq!(again.spec(), model.network.spec());
    assert_eq!(again.spec().layers[1], dropout(0.25));
    assert_eq!(values(&again.forward(&images, Mode::Eval).unwrap()), before);
    let train = |network: &Network| values(&network.forward(&images, TRAIN).unwrap());
    assert_eq!(train(&again), train(&model.network));
}

#[test]
fn an_input_without_channels_and_a_rate_of_one_are_told() {
    let [flatten, dense] = head();
    let flat = spec([flatten, dropout(0.5), dense]).report().unwrap_err();
    assert_eq!(
        flat.to_string(),
        "dropout1: dropout 2-d needs an image (channels × height × width) but gets a list of 240 \
         values: put it before flatten"
    );
    let [flatten, dense] = head();
    let rate = spec([dropout(1.0), flatten, dense]).report().unwrap_err();
    assert_eq!(
        rate.to_string(),
        "dropout1: dropout rate must be at least 0 and below 1, found 1"
    );
}
