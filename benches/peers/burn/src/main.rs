//! The networks of the benchmark in Burn, on its backend Flex: eager, plain Rust, with AVX-512.
//!
//! Burn's other CPU backend, CubeCL's, downloads a build of LLVM while it is compiled.

#[path = "../../common.rs"]
mod common;

use std::time::Instant;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};

use common::{Args, Images, Order, SIDE, print_epoch};

/// Blocks of convolutions, each followed by ReLU, with a max pool at the end of each block; then a
/// hidden dense layer and the output.
#[derive(Module, Debug)]
struct Network {
    blocks: Vec<Vec<Conv2d>>,
    pool: MaxPool2d,
    block_dropout: Dropout,
    hidden: Linear,
    hidden_dropout: Dropout,
    output: Linear,
}

impl Network {
    fn new(name: &str, device: &Device) -> Network {
        let conv = |from, to| Conv2dConfig::new([from, to], [3, 3]).init(device);
        let dense = |from, to| LinearConfig::new(from, to).init(device);
        let (blocks, features, units, dropout) = match name {
            "keras-cnn" => (vec![vec![conv(1, 32)]], 32 * 13 * 13, 128, [0.0, 0.0]),
            "deep-cnn" => (
                vec![
                    vec![conv(1, 32), conv(32, 32)],
                    vec![conv(32, 64), conv(64, 64)],
                ],
                64 * 4 * 4,
                256,
                [0.25, 0.5],
            ),
            _ => panic!("unknown network {name}"),
        };
        Network {
            blocks,
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            block_dropout: DropoutConfig::new(dropout[0]).init(),
            hidden: dense(features, units),
            hidden_dropout: DropoutConfig::new(dropout[1]).init(),
            output: dense(units, 10),
        }
    }

    fn forward(&self, mut x: Tensor<4>) -> Tensor<2> {
        for block in &self.blocks {
            for conv in block {
                x = relu(conv.forward(x));
            }
            x = self.block_dropout.forward(self.pool.forward(x));
        }
        let hidden = relu(self.hidden.forward(x.flatten::<2>(1, 3)));
        self.output.forward(self.hidden_dropout.forward(hidden))
    }
}

/// Images and labels of a batch, without autodiff: nobody needs the gradient of an image.
fn tensors(images: &Images, picks: &[usize], device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let (pixels, labels) = images.gather(picks);
    let labels: Vec<i32> = labels.into_iter().map(i32::from).collect();
    let n = picks.len();
    (
        Tensor::from_data(TensorData::new(pixels, [n, 1, SIDE, SIDE]), device),
        Tensor::from_data(TensorData::new(labels, [n]), device),
    )
}

fn main() {
    let args = Args::parse();
    let train = Images::read(&args.data);
    let device = Device::flex();
    let mut network = Network::new(&args.network, &device.clone().autodiff());
    let mut optimizer = AdamConfig::new().with_epsilon(1e-7).init();
    let loss_of = CrossEntropyLossConfig::new().init(&device.clone().autodiff());
    let mut order = Order::new(train.labels.len());
    loop {
        let start = Instant::now();
        let mut last_loss = f32::NAN;
        for picks in order.batches(args.batch_size) {
            let (images, labels) = tensors(&train, picks, &device);
            let loss = loss_of.forward(network.forward(images), labels);
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimizer.step(1e-3, network, gradients);
            last_loss = loss.into_scalar::<f32>();
        }
        print_epoch(start.elapsed().as_secs_f64(), last_loss);
    }
}
