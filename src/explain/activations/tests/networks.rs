//! Networks to look into.

use candle_core::{Device, Tensor};

use crate::model::{
    AvgPool2d, Conv2d, Dense, Gru, Init, Layer, Lstm, MaxPool2d, ModelSpec, Network,
    PatchEmbedding, Residual, Rnn, TokenChoice, TokenPool, TransformerEncoder, preset,
};

pub fn network(layers: Vec<Layer>, input: [usize; 3], seed: u64) -> Network {
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

pub fn of_preset(name: &str, input: [usize; 3]) -> Network {
    network(preset(name).unwrap().spec(input, 10).layers, input, 1)
}

pub fn conv(channels: usize, kernel: usize, stride: usize, padding: usize) -> Layer {
    Layer::Conv2d(Conv2d {
        stride,
        ..Conv2d::new(channels, kernel, padding)
    })
}

pub fn dense(units: usize) -> Layer {
    Layer::Dense(Dense { units })
}

/// Networks with every kind of layer, also in blocks of blocks.
pub fn zoo() -> Vec<Network> {
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
