//! A network as data: edited by the user, saved in files, recorded in runs.

use serde::{Deserialize, Serialize};

use super::layers::{
    AvgPool2d, BatchNorm, Conv2d, Dense, Dropout, Dropout2d, Flatten, Function, Gelu,
    GlobalAvgPool, Gru, LayerField, LayerKind, LayerNorm, LeakyRelu, Lstm, MaxPool2d,
    PatchEmbedding, Relu, Residual, Rnn, Sigmoid, Silu, Tanh, TokenChoice, TokenPool,
    TransformerEncoder, default_slope,
};
use crate::kernels::Activation;

/// One step from images to logits, without its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Layer {
    /// Convolution over height and width.
    Conv2d(Conv2d),
    /// The largest value of each window.
    MaxPool2d(MaxPool2d),
    /// The mean of each window.
    AvgPool2d(AvgPool2d),
    /// The mean of each whole channel: `[c, h, w]` → `[c]`.
    GlobalAvgPool,
    /// `[c, h, w]` → `[c·h·w]`, channels first, as PyTorch does.
    Flatten,
    /// Connects every input with every output.
    Dense(Dense),
    /// Normalizes each channel (of an image) or value (of a list) to mean 0 and variance 1: over
    /// the batch while training, by running estimates otherwise.
    BatchNorm,
    /// Normalizes each sample to mean 0 and variance 1.
    LayerNorm,
    /// max(0, x).
    Relu,
    /// x above 0, `slope` · x below.
    LeakyRelu(LeakyRelu),
    /// x · Φ(x), with the distribution function Φ of the normal distribution (the exact form).
    Gelu,
    /// x / (1 + e⁻ˣ), also known as swish.
    Silu,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// Zeroes a random share of the values while training.
    Dropout(Dropout),
    /// Zeroes a random share of the channels while training.
    Dropout2d(Dropout2d),
    /// Layers with a shortcut around them.
    Residual(Residual),
    /// A state that reads the rows of an image.
    Rnn(Rnn),
    /// An RNN with a memory.
    Lstm(Lstm),
    /// An RNN with two gates.
    Gru(Gru),
    /// An image as a sequence of tokens.
    PatchEmbedding(PatchEmbedding),
    /// Blocks of self-attention over the tokens.
    TransformerEncoder(TransformerEncoder),
    /// Pools the tokens to one.
    TokenPool(TokenPool),
}

/// Finds the implementation of a layer: kinds with hyperparameters, then those without.
macro_rules! dispatch {
    ($($Kind:ident)*; $($Plain:ident)*) => {
        impl Layer {
            /// What it is, by its kind.
            pub(super) fn kind(&self) -> &dyn LayerKind {
                match self {
                    $(Layer::$Kind(kind) => kind,)*
                    $(Layer::$Plain => &$Plain,)*
                }
            }

            /// All hyperparameters of the layer, in the order to show them in.
            pub fn fields(&mut self) -> Vec<LayerField<'_>> {
                match self {
                    $(Layer::$Kind(kind) => kind.fields(),)*
                    $(Layer::$Plain => Vec::new(),)*
                }
            }
        }
    };
}

dispatch!(
    Conv2d MaxPool2d AvgPool2d Dense LeakyRelu Dropout Dropout2d Residual Rnn Lstm Gru PatchEmbedding
    TransformerEncoder TokenPool;
    GlobalAvgPool Flatten BatchNorm LayerNorm Relu Gelu Silu Sigmoid Tanh
);

impl Layer {
    /// The activations, most common first.
    pub const ACTIVATIONS: [Layer; 6] = [
        Layer::Relu,
        Layer::LeakyRelu(LeakyRelu {
            slope: default_slope(),
        }),
        Layer::Gelu,
        Layer::Silu,
        Layer::Sigmoid,
        Layer::Tanh,
    ];

    /// One layer of each kind, with default hyperparameters.
    pub fn kinds() -> Vec<Layer> {
        let same_size = || Layer::Conv2d(Conv2d::new(32, 3, 1));
        let mut kinds = vec![
            Layer::Conv2d(Conv2d::new(32, 3, 0)),
            Layer::MaxPool2d(MaxPool2d::new(2)),
            Layer::AvgPool2d(AvgPool2d::new(2)),
            Layer::GlobalAvgPool,
            Layer::Flatten,
            Layer::Dense(Dense { units: 128 }),
            Layer::BatchNorm,
            Layer::LayerNorm,
            Layer::Dropout(Dropout { rate: 0.25 }),
            Layer::Dropout2d(Dropout2d { rate: 0.25 }),
            Layer::Residual(Residual {
                layers: vec![same_size(), Layer::Relu, same_size()],
            }),
            Layer::Rnn(Rnn::new(128)),
            Layer::Lstm(Lstm::new(128)),
            Layer::Gru(Gru::new(128)),
            Layer::PatchEmbedding(PatchEmbedding {
                patch: 4,
                width: 64,
                class_token: false,
            }),
            Layer::TransformerEncoder(TransformerEncoder {
                depth: 1,
                heads: 4,
                mlp_ratio: 2,
            }),
            Layer::TokenPool(TokenPool {
                take: TokenChoice::Mean,
            }),
        ];
        kinds.extend(Layer::ACTIVATIONS);
        kinds
    }

    /// The name of its kind.
    pub fn label(&self) -> &'static str {
        self.kind().about().label
    }

    /// One sentence for beginners: what the layer does, and what can go wrong with it.
    pub fn explanation(&self) -> &'static str {
        self.kind().about().explanation
    }

    /// The layer's hyperparameters, such as `32 of 3×3, padding 1`; empty if it has none.
    pub fn detail(&self) -> String {
        self.kind().detail()
    }

    /// The same for a narrow column, beside the layer's name, such as `32·3×3 p1`: `s2` is a stride
    /// of 2, `p1` a padding of 1, `g2` two groups, `↑↓` bidirectional.
    pub fn short_detail(&self) -> String {
        self.kind().short_detail()
    }

    /// Whether it is one of [`Layer::ACTIVATIONS`], whatever its hyperparameters.
    pub fn is_activation(&self) -> bool {
        self.kind().function().is_some()
    }

    /// The activation, if the operation of the layer before can include it.
    pub(super) fn fusable(&self) -> Option<Activation> {
        match self.kind().function() {
            Some(Function::Plain(activation)) => Some(activation),
            _ => None,
        }
    }

    /// Whether, outside of training, each value of its output is one of its input.
    pub(crate) fn moves_values(&self) -> bool {
        matches!(
            self,
            Layer::Flatten | Layer::MaxPool2d(_) | Layer::Dropout(_) | Layer::Dropout2d(_)
        )
    }

    /// The dropout rate, the one hyperparameter that can change while training.
    pub fn dropout_rate_mut(&mut self) -> Option<&mut f32> {
        match self {
            Layer::Dropout(Dropout { rate }) | Layer::Dropout2d(Dropout2d { rate }) => Some(rate),
            _ => None,
        }
    }

    /// The layers inside; only a residual block has any.
    pub fn inside(&self) -> &[Layer] {
        match self {
            Layer::Residual(block) => &block.layers,
            _ => &[],
        }
    }

    /// The list of the layers inside, if it is a residual block.
    pub fn inside_mut(&mut self) -> Option<&mut Vec<Layer>> {
        match self {
            Layer::Residual(block) => Some(&mut block.layers),
            _ => None,
        }
    }
}

/// A whole network: its input, the layers in order, its output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Channels, height and width of one image.
    pub input: [usize; 3],
    /// Number of classes: the last layer must have that many outputs.
    pub classes: usize,
    /// From the images to the logits. The softmax is not a layer: the loss and the prediction
    /// apply it themselves.
    pub layers: Vec<Layer>,
}

#[cfg(test)]
mod tests {
    use super::super::LayerValue;
    use super::*;

    #[test]
    fn every_number_that_a_file_keeps_can_be_set() {
        for mut layer in Layer::kinds() {
            let Ok(serde_json::Value::Object(kept)) = serde_json::to_value(&layer) else {
                panic!("{layer:?} is no table");
            };
            // Groups of one are left out of a file, and a block's layers are layers themselves.
            let is_setting = |key: &&String| !["kind", "layers"].contains(&key.as_str());
            let n_hidden = usize::from(matches!(layer, Layer::Conv2d { .. }));
            let n_saved = kept.keys().filter(is_setting).count() + n_hidden;
            assert_eq!(layer.fields().len(), n_saved, "{layer:?}");
        }
    }

    #[test]
    fn a_field_sets_its_own_number() {
        for layer in Layer::kinds() {
            let n_fields = layer.clone().fields().len();
            let mut seen = vec![layer.clone()];
            for idx in 0..n_fields {
                let mut changed = layer.clone();
                match &mut changed.fields()[idx].value {
                    LayerValue::Count(n) => **n += 1,
                    LayerValue::Share(share) => **share += 0.125,
                    LayerValue::Switch(is_on) => **is_on ^= true,
                    LayerValue::Token(take) => **take = TokenChoice::First,
                }
                assert!(!seen.contains(&changed), "field {idx} of {layer:?}");
                seen.push(changed);
            }
        }
    }

    #[test]
    fn kinds_are_all_different_and_all_explained() {
        let kinds = Layer::kinds();
        for (idx, kind) in kinds.iter().enumerate() {
            assert!(kind.explanation().len() > 20, "{kind:?}");
            assert!(kinds[..idx].iter().all(|k| k.label() != kind.label()));
        }
        let n_activations = kinds.iter().filter(|k| k.is_activation()).count();
        assert_eq!(n_activations, Layer::ACTIVATIONS.len());
    }
}
