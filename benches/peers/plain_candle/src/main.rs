//! The networks of the benchmark in candle, written the usual way with `candle-nn`.
//!
//! Only its speed counts: candle's max pool sends its gradient to the wrong inputs, which these
//! networks learn well enough in spite of.

#[path = "../../common.rs"]
mod common;

use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{
    AdamW, Conv2d, Dropout, Linear, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap, conv2d,
    linear, loss,
};

use common::{Args, Images, Order, SIDE, print_epoch};

/// Blocks of convolutions, each followed by ReLU, with a max pool at the end of each block; then a
/// hidden dense layer and the output.
struct Network {
    blocks: Vec<Vec<Conv2d>>,
    block_dropout: Option<Dropout>,
    hidden: Linear,
    hidden_dropout: Option<Dropout>,
    output: Linear,
}

impl Network {
    fn new(name: &str, vars: VarBuilder) -> Result<Network> {
        let (channels, features, units, dropout): (&[&[usize]], _, _, _) = match name {
            "keras-cnn" => (&[&[32]], 32 * 13 * 13, 128, None),
            "deep-cnn" => (&[&[32, 32], &[64, 64]], 64 * 4 * 4, 256, Some([0.25, 0.5])),
            _ => panic!("unknown network {name}"),
        };
        let mut blocks = Vec::new();
        let mut from = 1;
        for (b, block) in channels.iter().enumerate() {
            let mut convs = Vec::new();
            for (c, &to) in block.iter().enumerate() {
                let vars = vars.pp(format!("conv{b}{c}"));
                convs.push(conv2d(from, to, 3, Default::default(), vars)?);
                from = to;
            }
            blocks.push(convs);
        }
        Ok(Network {
            blocks,
            block_dropout: dropout.map(|rates| Dropout::new(rates[0])),
            hidden: linear(features, units, vars.pp("hidden"))?,
            hidden_dropout: dropout.map(|rates| Dropout::new(rates[1])),
            output: linear(units, 10, vars.pp("output"))?,
        })
    }

    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let drop = |dropout: &Option<Dropout>, x: Tensor| match dropout {
            Some(dropout) => dropout.forward(&x, true),
            None => Ok(x),
        };
        let mut x = images.clone();
        for block in &self.blocks {
            for conv in block {
                x = conv.forward(&x)?.relu()?;
            }
            x = drop(&self.block_dropout, x.max_pool2d(2)?)?;
        }
        let hidden = self.hidden.forward(&x.flatten_from(1)?)?.relu()?;
        self.output.forward(&drop(&self.hidden_dropout, hidden)?)
    }
}

/// Images and labels of a batch.
fn tensors(images: &Images, picks: &[usize]) -> Result<(Tensor, Tensor)> {
    let (pixels, labels) = images.gather(picks);
    let labels: Vec<u32> = labels.into_iter().map(u32::from).collect();
    let n = picks.len();
    Ok((
        Tensor::from_vec(pixels, (n, 1, SIDE, SIDE), &Device::Cpu)?,
        Tensor::from_vec(labels, n, &Device::Cpu)?,
    ))
}

fn main() -> Result<()> {
    let args = Args::parse();
    let train = Images::read(&args.data);
    let map = VarMap::new();
    let vars = VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu);
    let network = Network::new(&args.network, vars)?;
    // Without weight decay, AdamW is Adam.
    let params = ParamsAdamW {
        lr: 1e-3,
        eps: 1e-7,
        weight_decay: 0.0,
        ..Default::default()
    };
    let mut optimizer = AdamW::new(map.all_vars(), params)?;
    let mut order = Order::new(train.labels.len());
    loop {
        let start = Instant::now();
        let mut last_loss = f32::NAN;
        for picks in order.batches(args.batch_size) {
            let (images, labels) = tensors(&train, picks)?;
            let loss = loss::cross_entropy(&network.forward(&images)?, &labels)?;
            optimizer.backward_step(&loss)?;
            last_loss = loss.to_scalar()?;
        }
        print_epoch(start.elapsed().as_secs_f64(), last_loss);
    }
}
