//! Tests: a network of all ops trains to the same bits for every number of threads, on AVX-512 and
//! AVX2, and with fused steps; its gradients match finite differences of its loss.

use super::fixture::window;
use super::update::{AdamHyper, LionHyper, RmspropHyper, Rule, SgdHyper, Slot, train_step};
use super::*;
use crate::random::{Stream, rng};
use candle_core::{Device, Result, Tensor, Var};
use rand::Rng as _;

/// A network that uses every op, with sizes that are no multiple of a vector or a chunk.
struct Network {
    vars: Vec<Var>,
    first: Vec<Vec<f32>>,
    second: Vec<Vec<f32>>,
}

fn random(shape: &[usize], seed: u64) -> Tensor {
    let mut rng = rng(seed, Stream::Init, 0, 0);
    let n = shape.iter().product::<usize>();
    let data: Vec<f32> = (0..n).map(|_| rng.random_range(-0.5..0.5)).collect();
    Tensor::from_vec(data, shape, &Device::Cpu).unwrap()
}

const ADAM: AdamHyper = AdamHyper {
    step: 1,
    lr: 1e-2,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weight_decay: 1e-3,
    decoupled: true,
};

const SGD: SgdHyper = SgdHyper {
    lr: 0.05,
    momentum: 0.9,
    nesterov: true,
    weight_decay: 1e-3,
    decoupled: false,
};

const RMSPROP: Rule = Rule::Rmsprop(RmspropHyper {
    lr: 1e-3,
    alpha: 0.9,
    epsilon: 1e-8,
    momentum: 0.5,
    weight_decay: 1e-3,
    decoupled: true,
});

const LION: Rule = Rule::Lion(LionHyper {
    lr: 1e-3,
    beta1: 0.9,
    beta2: 0.99,
    weight_decay: 0.1,
});

/// Adam's step number `step`, from 1.
fn adam(step: u64) -> Rule {
    Rule::Adam(AdamHyper { step, ..ADAM })
}

impl Network {
    fn new() -> Self {
        let shapes = [
            &[18, 1, 3, 3][..],
            &[18],
            &[33, 18, 3, 3],
            &[33],
            &[5, 33, 2, 2],
            &[5],
            &[20, 270],
            &[270],
            &[270, 10],
            &[10],
            &[17, 51],
            &[51],
            &[17, 23],
            &[23],
            &[23, 72],
            &[72],
            &[18, 72],
            &[72],
            &[18, 10],
            &[10],
            &[16, 1, 3, 3],
            &[16],
            &[16, 16, 3, 3],
            &[16],
            &[64, 10],
            &[10],
        ];
        let vars = shapes.iter().zip(0..).map(|(shape, seed)| {
            let start = random(shape, seed);
            Var::from_tensor(&start).unwrap()
        });
        let vars: Vec<Var> = vars.collect();
        Self {
            first: vec![Vec::new(); vars.len()],
            second: vec![Vec::new(); vars.len()],
            vars,
        }
    }

    fn loss(&self, step: u64, batch: usize) -> Result<Tensor> {
        let v = &self.vars;
        let images = random(&[batch, 1, 17, 17], 1000 + step);
        let labels: Vec<u32> = (0..batch as u32).map(|i| (i + step as u32) % 10).collect();
        let labels = Tensor::new(labels, &Device::Cpu)?;
        let (three, two) = (window(3, 1, 0), Some(window(2, 2, 0)));
        let relu = |window, pool| ConvOptions::new(window, Activation::Relu, pool);
        let x = conv2d(&images, &v[0], &v[1], relu(three, None))?;
        let x = conv2d(&x, &v[2], &v[3], relu(window(3, 1, 1), two))?;
        let x = dropout(&x, 0.25, &mut rng(7, Stream::Dropout, step, 0))?;
        let options = ConvOptions::new(window(2, 1, 0), Activation::Identity, None);
        let x = conv2d(&x, &v[4], &v[5], options)?;
        let first = MemoryFormat::ChannelsFirst;
        let x = max_pool2d(&activate(&x, Activation::Tanh)?, window(2, 2, 1), first)?;
        let x = avg_pool2d(&x, window(2, 2, 0), first)?;
        let x = dense(&x, &v[6], &v[7], Activation::Sigmoid)?;
        let logits = dense(&x, &v[8], &v[9], Activation::Identity)?;
        let logits = add(&logits, &self.logits_of_rows(&images)?)?;
        cross_entropy(&add(&logits, &self.logits_of_tiles(&images)?)?, &labels)
    }

    /// By minimal filtering: channels that fill a vector, and many tiles.
    fn logits_of_tiles(&self, images: &Tensor) -> Result<Tensor> {
        let v = &self.vars;
        let options = ConvOptions::new(window(3, 1, 1), Activation::Relu, None);
        let x = conv2d(images, &v[20], &v[21], options)?;
        let x = conv2d(&x, &v[22], &v[23], options)?;
        let x = avg_pool2d(&x, window(8, 8, 0), MemoryFormat::ChannelsFirst)?;
        dense(&x, &v[24], &v[25], Activation::Identity)
    }

    /// The rows of the images as tokens that attend to each other and are read one by one.
    fn logits_of_rows(&self, images: &Tensor) -> Result<Tensor> {
        let v = &self.vars;
        let rows = images.reshape(((), 17))?;
        let x = dense(&rows, &v[10], &v[11], Activation::Identity)?;
        let x = attention(&x, 17, 1)?;
        let x = dense(&x, &v[12], &v[13], Activation::Tanh)?;
        let x = smooth_activation(&x, SmoothActivation::Gelu)?;
        let x = dense(&x, &v[14], &v[15], Activation::Identity)?;
        let x = recurrent(&x, &v[16], &v[17], Cell::Lstm, 17, true)?;
        dense(&x, &v[18], &v[19], Activation::Identity)
    }

    fn step(&mut self, step: u64, batch: usize) {
        let (_, gradients) = gradients(|| self.loss(step, batch)).unwrap();
        let state = self.first.iter_mut().zip(&mut self.second);
        for (i, (param, (first, second))) in self.vars.iter().zip(state).enumerate() {
            let rule = [adam(step + 1), Rule::Sgd(SGD), RMSPROP, LION][i % 4];
            let mut slot = Slot {
                param,
                first,
                second,
                lr_scale: 1.0,
            };
            slot.take(gradients.get(param).unwrap(), rule).unwrap();
        }
    }

    /// Takes a step by one rule, fused or gradients first.
    fn step_by(&mut self, rule: Rule, step: u64, fused: bool) {
        let vars = self.vars.clone();
        let state = self.first.iter_mut().zip(&mut self.second);
        let mut slots: Vec<Slot> = vars
            .iter()
            .zip(state)
            .map(|(param, (first, second))| Slot {
                param,
                first,
                second,
                lr_scale: 1.0,
            })
            .collect();
        let network = Network {
            vars: vars.clone(),
            first: Vec::new(),
            second: Vec::new(),
        };
        if fused {
            train_step(|| network.loss(step, 21), &mut slots, rule).unwrap();
            return;
        }
        let (_, gradients) = gradients(|| network.loss(step, 21)).unwrap();
        for slot in &mut slots {
            slot.take(gradients.get(slot.param).unwrap(), rule).unwrap();
        }
    }

    fn bits(&self) -> Vec<u32> {
        let numbers = |var: &Var| var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let all = self.vars.iter().flat_map(numbers);
        all.map(f32::to_bits).collect()
    }
}

/// The weights after some steps, the last batch smaller than the others.
fn train() -> Vec<u32> {
    let mut network = Network::new();
    for (step, batch) in [37, 37, 70, 37, 11, 1].into_iter().enumerate() {
        network.step(step as u64, batch);
    }
    network.bits()
}

#[test]
fn same_bits_for_every_thread_count_and_instruction_set() {
    set_threads(1);
    let expected = train();
    assert!(
        expected
            .iter()
            .all(|bits| f32::from_bits(*bits).is_finite())
    );
    for repeat in 0..2 {
        for threads in [2, 3, 5, 8] {
            set_threads(threads);
            assert!(train() == expected, "{threads} threads, repeat {repeat}");
        }
    }
    let original = instruction_set();
    if original == InstructionSet::Avx512 && set_instruction_set(InstructionSet::Avx2) {
        assert!(train() == expected, "AVX2 instead of AVX-512");
    }
    set_instruction_set(original);
}

#[test]
fn a_fused_step_gives_the_same_bits_as_gradients_first() {
    let momentum = |nesterov| Rule::Sgd(SgdHyper { nesterov, ..SGD });
    let plain = Rule::Sgd(SgdHyper {
        lr: 0.1,
        momentum: 0.0,
        nesterov: false,
        weight_decay: 0.0,
        decoupled: true,
    });
    let rules: [&dyn Fn(u64) -> Rule; 6] = [
        &adam,
        &|_| plain,
        &|_| momentum(true),
        &|_| momentum(false),
        &|_| RMSPROP,
        &|_| LION,
    ];
    for rule in rules {
        let [mut apart, mut fused] = [Network::new(), Network::new()];
        for step in 0..3 {
            apart.step_by(rule(step + 1), step, false);
            fused.step_by(rule(step + 1), step, true);
        }
        assert!(apart.bits() == fused.bits(), "{:?}", rule(1));
        assert_eq!(apart.first, fused.first);
        assert_eq!(apart.second, fused.second);
    }
}

#[test]
fn a_loss_that_is_not_finite_updates_nothing() {
    let mut network = Network::new();
    let bias = network.vars[9].clone();
    bias.set(&(bias.as_tensor() + f64::NAN).unwrap()).unwrap();
    let before = network.bits();
    network.step_by(adam(1), 0, true);
    assert!(network.bits() == before);
}

/// Along each gradient the loss must rise as steeply as the gradient's norm.
#[test]
fn gradients_are_what_differences_of_the_loss_say() {
    let network = Network::new();
    let loss = || f64::from(network.loss(0, 9).unwrap().to_scalar::<f32>().unwrap());
    let (_, gradients) = gradients(|| network.loss(0, 9)).unwrap();
    for (i, var) in network.vars.iter().enumerate() {
        let gradient = gradients.get(var).unwrap();
        let square = gradient.sqr().unwrap().sum_all().unwrap();
        let length = f64::from(square.to_scalar::<f32>().unwrap()).sqrt();
        let start = var.as_tensor().copy().unwrap();
        // Short enough to cross few kinks of ReLU and max, long enough for f32.
        let h = 5e-3;
        let at = |distance: f64| {
            let step = (gradient * (distance / length)).unwrap();
            var.set(&(&start + step).unwrap()).unwrap();
            loss()
        };
        let slope = (at(h) - at(-h)) / (2.0 * h);
        var.set(&start).unwrap();
        let error = (slope - length).abs() / length;
        assert!(error < 0.02, "variable {i}: {slope}, expected {length}");
    }
}
