//! Presets: well-known networks, by name.

use super::init::Init;
use super::layers::{
    AvgPool2d, Conv2d, Dense, Dropout, Gru, Lstm, MaxPool2d, PatchEmbedding, Residual, TokenChoice,
    TokenPool, TransformerEncoder,
};
use super::spec::{Layer, ModelSpec};

/// A named network, built for any image size and number of classes.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// The name on the command line and in files, such as `keras-cnn`.
    pub name: &'static str,
    /// The name on a button.
    pub label: &'static str,
    /// One sentence: what it is, and what to expect of it.
    pub explanation: &'static str,
    /// Its weight initialization.
    pub init: Init,
    layers: fn(classes: usize) -> Vec<Layer>,
}

impl Preset {
    /// Returns the network for images of `input` (channels, height, width).
    ///
    /// It may not fit very small images; see [`ModelSpec::check`].
    pub fn spec(&self, input: [usize; 3], classes: usize) -> ModelSpec {
        ModelSpec {
            input,
            classes,
            layers: (self.layers)(classes),
        }
    }
}

/// The preset called `name`.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|p| p.name == name)
}

/// All presets; the reference is the first.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "keras-cnn",
        label: "Keras CNN",
        explanation: "The well-known reference: one convolution, one hidden layer; about 98.7 % \
                      after five epochs.",
        init: Init::GlorotUniform,
        layers: keras_cnn,
    },
    Preset {
        name: "mlp",
        label: "MLP",
        explanation: "Two hidden dense layers and no convolution: fast, and about 97.5 %.",
        init: Init::GlorotUniform,
        layers: mlp,
    },
    Preset {
        name: "lenet-5",
        label: "LeNet-5",
        explanation: "The network of 1998 that read checks: tanh and average pooling; about \
                      98.4 %.",
        init: Init::GlorotUniform,
        layers: lenet_5,
    },
    Preset {
        name: "deep-cnn",
        label: "Deep CNN",
        explanation: "Two pairs of convolutions with dropout: slower, but more accurate.",
        init: Init::HeUniform,
        layers: deep_cnn,
    },
    Preset {
        name: "fast",
        label: "Fast to 99 %",
        explanation: "A small network with its own recipe: about 99 % after a single epoch.",
        init: Init::HeUniform,
        layers: fast,
    },
    Preset {
        name: "best",
        label: "Best",
        explanation: "Five convolutions with batch norm and their own recipe (augmentation, one \
                      cycle, label smoothing, EMA of the weights): about 99.7 % after 20 epochs.",
        init: Init::HeUniform,
        layers: best,
    },
    Preset {
        name: "resnet-small",
        label: "Small ResNet",
        explanation: "Residual blocks with batch norm: slow for its size, but easy to train when \
                      deep.",
        init: Init::HeUniform,
        layers: resnet_small,
    },
    Preset {
        name: "lstm",
        label: "LSTM",
        explanation: "Reads the image row by row with a memory, without convolutions; about 99.4 % \
                      with its own recipe (augmentation, one cycle).",
        init: Init::GlorotUniform,
        layers: lstm,
    },
    Preset {
        name: "gru",
        label: "GRU",
        explanation: "Reads the image row by row with two gates: like the LSTM, but a quarter \
                      cheaper; about 99.4 % with its own recipe.",
        init: Init::GlorotUniform,
        layers: gru,
    },
    Preset {
        name: "vit-tiny",
        label: "Tiny ViT",
        explanation: "A vision transformer with patches of 4×4 pixels: learns slowly from few \
                      images, but reaches 99.3 % with its own recipe in 25 epochs.",
        init: Init::GlorotUniform,
        layers: vit_tiny,
    },
    Preset {
        name: "softmax",
        label: "Softmax regression",
        explanation: "One dense layer and no hidden layer: the baseline, about 92.5 %.",
        init: Init::GlorotUniform,
        layers: softmax,
    },
];

const fn conv(channels: usize, kernel: usize, padding: usize) -> Layer {
    Layer::Conv2d(Conv2d::new(channels, kernel, padding))
}

const fn dense(units: usize) -> Layer {
    Layer::Dense(Dense { units })
}

const fn dropout(rate: f32) -> Layer {
    Layer::Dropout(Dropout { rate })
}

const POOL: Layer = Layer::MaxPool2d(MaxPool2d::new(2));

/// Keras' MNIST example.
fn keras_cnn(classes: usize) -> Vec<Layer> {
    vec![
        conv(32, 3, 0),
        Layer::Relu,
        POOL,
        Layer::Flatten,
        dense(128),
        Layer::Relu,
        dense(classes),
    ]
}

fn mlp(classes: usize) -> Vec<Layer> {
    vec![
        Layer::Flatten,
        dense(256),
        Layer::Relu,
        dense(128),
        Layer::Relu,
        dense(classes),
    ]
}

/// LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition (1998),
/// section II.B, with all feature maps connected and a softmax for the radial basis functions.
fn lenet_5(classes: usize) -> Vec<Layer> {
    let mean_pool = Layer::AvgPool2d(AvgPool2d::new(2));
    vec![
        conv(6, 5, 2),
        Layer::Tanh,
        mean_pool.clone(),
        conv(16, 5, 0),
        Layer::Tanh,
        mean_pool,
        Layer::Flatten,
        dense(120),
        Layer::Tanh,
        dense(84),
        Layer::Tanh,
        dense(classes),
    ]
}

fn deep_cnn(classes: usize) -> Vec<Layer> {
    vec![
        conv(32, 3, 0),
        Layer::Relu,
        conv(32, 3, 0),
        Layer::Relu,
        POOL,
        dropout(0.25),
        conv(64, 3, 0),
        Layer::Relu,
        conv(64, 3, 0),
        Layer::Relu,
        POOL,
        dropout(0.25),
        Layer::Flatten,
        dense(256),
        Layer::Relu,
        dropout(0.5),
        dense(classes),
    ]
}

fn fast(classes: usize) -> Vec<Layer> {
    vec![
        conv(32, 5, 0),
        Layer::Relu,
        POOL,
        conv(48, 3, 0),
        Layer::Relu,
        POOL,
        Layer::Flatten,
        dense(256),
        Layer::Relu,
        dense(classes),
    ]
}

/// Convolutions in pairs as in Simonyan and Zisserman: Very deep convolutional networks (2015),
/// with batch norm after each; the last one covers all that is left of the image.
fn best(classes: usize) -> Vec<Layer> {
    let stage = |channels, kernel| [conv(channels, kernel, 0), Layer::BatchNorm, Layer::Relu];
    let mut layers = Vec::new();
    for channels in [32, 64] {
        layers.extend(stage(channels, 3));
        layers.extend(stage(channels, 3));
        layers.push(POOL);
    }
    layers.extend(stage(128, 4));
    layers.extend([Layer::Flatten, dropout(0.3), dense(classes)]);
    layers
}

/// He, Zhang, Ren, Sun: Deep residual learning for image recognition (2016), section 4.2, with one
/// block per stage. The strides halve the image, so the cost hardly grows with the channels.
fn resnet_small(classes: usize) -> Vec<Layer> {
    let block = |channels, stride| {
        Layer::Residual(Residual {
            layers: vec![
                Layer::Conv2d(Conv2d {
                    channels,
                    kernel: 3,
                    stride,
                    padding: 1,
                    groups: 1,
                }),
                Layer::BatchNorm,
                Layer::Relu,
                conv(channels, 3, 1),
                Layer::BatchNorm,
            ],
        })
    };
    let mut layers = vec![conv(16, 3, 1), Layer::BatchNorm, Layer::Relu, POOL];
    for (channels, stride) in [(16, 1), (32, 2), (64, 2)] {
        layers.extend([block(channels, stride), Layer::Relu]);
    }
    layers.extend([Layer::GlobalAvgPool, dense(classes)]);
    layers
}

fn lstm(classes: usize) -> Vec<Layer> {
    vec![Layer::Lstm(Lstm::new(128)), dense(classes)]
}

fn gru(classes: usize) -> Vec<Layer> {
    vec![Layer::Gru(Gru::new(128)), dense(classes)]
}

/// Dosovitskiy et al.: An image is worth 16x16 words (2021), as small as MNIST allows. The mean of
/// the tokens needs no class token and learns faster from few images.
fn vit_tiny(classes: usize) -> Vec<Layer> {
    vec![
        Layer::PatchEmbedding(PatchEmbedding {
            patch: 4,
            width: 64,
            class_token: false,
        }),
        Layer::TransformerEncoder(TransformerEncoder {
            depth: 3,
            heads: 4,
            mlp_ratio: 2,
        }),
        Layer::LayerNorm,
        Layer::TokenPool(TokenPool {
            take: TokenChoice::Mean,
        }),
        dense(classes),
    ]
}

fn softmax(classes: usize) -> Vec<Layer> {
    vec![Layer::Flatten, dense(classes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_fits_mnist_and_a_larger_color_set() {
        for preset in PRESETS {
            for (input, classes) in [([1, 28, 28], 10), ([3, 64, 48], 1000)] {
                let report = preset.spec(input, classes).report();
                assert!(report.is_ok(), "{} on {input:?}: {report:?}", preset.name);
            }
        }
    }
}
