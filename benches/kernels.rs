//! Each kernel in floating-point operations per second, beside what the machine could do.
//!
//! ```text
//! cargo bench --bench kernels                     # all cores
//! KERNEL_THREADS=1 cargo bench --bench kernels    # one
//! CANDLE_STUDIO_SIMD=avx2 cargo bench --bench kernels -- dense
//! ```
//!
//! `Gelem/s` is GFLOP/s: a multiplication and an addition count as two, and all taps of a
//! convolution count, also where the kernel knows better and skips them. "gradients" is forward
//! and backward, three times the operations of forward (twice where the input wants none).

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking, and prints what it measures"
)]

use candle_core::{DType, Device, Tensor, Var};
use candle_studio::kernels::update::{AdamHyper, Rule, Slot, train_step};
use candle_studio::kernels::{
    self, Activation, ConvOptions, Window, conv2d, cross_entropy, dense, dropout, gradients,
};
use candle_studio::random::{Stream, rng};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rand::Rng as _;
use std::hint::black_box;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn random(shape: &[usize]) -> Tensor {
    let mut rng = rng(1, Stream::Init, 0, 0);
    let n = shape.iter().product::<usize>();
    let data: Vec<f32> = (0..n).map(|_| rng.random_range(-0.1..0.1)).collect();
    Tensor::from_vec(data, shape, &Device::Cpu).expect("the data has the shape's size")
}

fn var(shape: &[usize]) -> Var {
    Var::from_tensor(&random(shape)).expect("a variable on the CPU")
}

fn window(kernel: usize, stride: usize) -> Window {
    Window {
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [0; 2],
    }
}

/// One convolution of 3 × 3: its name, batch, channels in and out, image size, and whether ReLU is
/// followed by max pooling of 2 × 2.
struct Conv(&'static str, usize, usize, usize, usize, bool);

const CONVS: [Conv; 4] = [
    Conv("reference 1→32 pooled", 32, 1, 32, 28, true),
    Conv("deep 32→32 pooled", 64, 32, 32, 26, true),
    Conv("deep 32→64", 64, 32, 64, 12, false),
    Conv("deep 64→64 pooled", 64, 64, 64, 10, true),
];

fn convolutions(c: &mut Criterion) {
    for Conv(name, n, inputs, outputs, size, pooled) in CONVS {
        // The images of a first layer want no gradient.
        let x = var(&[n, inputs, size, size]);
        let x = if inputs == 1 {
            x.as_detached_tensor()
        } else {
            x.as_tensor().clone()
        };
        let (weight, bias) = (var(&[outputs, inputs, 3, 3]), var(&[outputs]));
        let pool = pooled.then(|| window(2, 2));
        let options = ConvOptions::new(window(3, 1), Activation::Relu, pool);
        let run = || conv2d(&x, &weight, &bias, options);
        let flop = 2 * n * outputs * inputs * 9 * (size - 2).pow(2);
        let mut group = c.benchmark_group(format!("convolution/{name}"));
        group.throughput(Throughput::Elements(flop as u64));
        group.bench_function("forward", |b| b.iter(|| black_box(run())));
        let passes = if inputs == 1 { 2 } else { 3 };
        group.throughput(Throughput::Elements((passes * flop) as u64));
        group.bench_function("gradients", |b| b.iter(|| black_box(gradients(run))));
        group.finish();
    }
}

fn dense_layers(c: &mut Criterion) {
    for (n, inputs, outputs) in [
        (32, 5408, 128),
        (128, 5408, 128),
        (64, 1024, 256),
        (32, 128, 10),
    ] {
        let (x, weight, bias) = (var(&[n, inputs]), var(&[inputs, outputs]), var(&[outputs]));
        let run = || dense(&x, &weight, &bias, Activation::Relu);
        let flop = 2 * n * inputs * outputs;
        let mut group = c.benchmark_group(format!("dense/{n}×{inputs}×{outputs}"));
        group.throughput(Throughput::Elements(flop as u64));
        group.bench_function("forward", |b| b.iter(|| black_box(run())));
        group.throughput(Throughput::Elements(3 * flop as u64));
        group.bench_function("gradients", |b| b.iter(|| black_box(gradients(run))));
        group.finish();
    }
}

const ADAM: Rule = Rule::Adam(AdamHyper {
    step: 7,
    lr: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weight_decay: 0.0,
    decoupled: false,
});

/// What moves memory rather than computes, in bytes per second.
fn elementwise(c: &mut Criterion) {
    let (param, grad) = (var(&[5408, 128]), random(&[5408, 128]));
    let (mut m, mut v) = (Vec::new(), Vec::new());
    let mut group = c.benchmark_group("elementwise");
    group.throughput(Throughput::Bytes(28 * param.elem_count() as u64));
    group.bench_function("adam", |b| {
        let mut slot = Slot {
            param: &param,
            first: &mut m,
            second: &mut v,
            lr_scale: 1.0,
        };
        b.iter(|| slot.take(&grad, ADAM));
    });
    let x = random(&[64, 32, 12, 12]);
    group.throughput(Throughput::Bytes(8 * x.elem_count() as u64));
    group.bench_function("dropout", |b| {
        b.iter(|| dropout(&x, 0.25, &mut rng(1, Stream::Dropout, 0, 0)));
    });
    group.finish();
}

/// A whole step of the reference network: forward, backward and Adam.
fn steps(c: &mut Criterion) {
    let shapes = [
        &[32, 1, 3, 3][..],
        &[32],
        &[5408, 128],
        &[128],
        &[128, 10],
        &[10],
    ];
    for n in [32, 128] {
        let vars = shapes.map(var);
        let mut state = vec![(Vec::new(), Vec::new()); vars.len()];
        let images = random(&[n, 1, 28, 28]);
        let labels = Tensor::zeros(n, DType::U32, &Device::Cpu).expect("zeros");
        let forward = || {
            let pool = Some(window(2, 2));
            let options = ConvOptions::new(window(3, 1), Activation::Relu, pool);
            let x = conv2d(&images, &vars[0], &vars[1], options)?;
            let x = dense(&x, &vars[2], &vars[3], Activation::Relu)?;
            cross_entropy(
                &dense(&x, &vars[4], &vars[5], Activation::Identity)?,
                &labels,
            )
        };
        // Two passes for the first convolution, three for the dense layers.
        let flop = 2 * n * (2 * 32 * 9 * 26 * 26 + 3 * (5408 * 128 + 128 * 10));
        let mut group = c.benchmark_group("reference step");
        group.throughput(Throughput::Elements(flop as u64));
        group.bench_function(format!("batch {n}"), |b| {
            b.iter(|| {
                let slots = vars.iter().zip(&mut state);
                let mut slots: Vec<_> = slots
                    .map(|(param, (first, second))| Slot {
                        param,
                        first,
                        second,
                        lr_scale: 1.0,
                    })
                    .collect();
                train_step(forward, &mut slots, ADAM)
            });
        });
        group.finish();
    }
}

fn machine(c: &mut Criterion) {
    if let Some(n) = std::env::var("KERNEL_THREADS")
        .ok()
        .and_then(|n| n.parse().ok())
    {
        kernels::set_threads(n);
    }
    let peak = kernels::peak_flops(Duration::from_millis(500)) / 1e9;
    let (threads, set) = (kernels::threads(), kernels::instruction_set());
    println!("peak: {peak:.0} GFLOP/s with {threads} threads on {set:?}");
    convolutions(c);
    dense_layers(c);
    elementwise(c);
    steps(c);
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = machine
}
criterion_main!(benches);
