//! The hyperparameters of a layer, for everything that shows or edits them.

use super::{Layer, TokenChoice};

/// One hyperparameter of a layer, to read and set.
#[derive(Debug)]
pub struct LayerField<'a> {
    /// Its name.
    pub label: &'static str,
    /// One sentence: what it is, and what goes wrong when it is too big or too small.
    pub explanation: &'static str,
    /// Its value.
    pub value: LayerValue<'a>,
}

/// The type of a hyperparameter, with access to its value.
#[derive(Debug)]
pub enum LayerValue<'a> {
    /// A count.
    Count(&'a mut usize),
    /// A share, from 0 to 1.
    Share(&'a mut f32),
    /// A switch.
    Switch(&'a mut bool),
    /// Which token to use.
    Token(&'a mut TokenChoice),
}

impl Layer {
    /// The activations, most common first.
    pub const ACTIVATIONS: [Layer; 6] = [
        Layer::Relu,
        Layer::LeakyRelu { slope: 0.01 },
        Layer::Gelu,
        Layer::Silu,
        Layer::Sigmoid,
        Layer::Tanh,
    ];

    /// One layer of each kind, with default hyperparameters.
    pub fn kinds() -> Vec<Layer> {
        let same_size_conv = || Layer::Conv2d {
            channels: 32,
            kernel: 3,
            stride: 1,
            padding: 1,
            groups: 1,
        };
        let (units, bidirectional) = (128, false);
        let (kernel, stride) = (2, 2);
        let mut kinds = vec![
            Layer::Conv2d {
                channels: 32,
                kernel: 3,
                stride: 1,
                padding: 0,
                groups: 1,
            },
            Layer::MaxPool2d { kernel, stride },
            Layer::AvgPool2d { kernel, stride },
            Layer::GlobalAvgPool,
            Layer::Flatten,
            Layer::Dense { units },
            Layer::BatchNorm,
            Layer::LayerNorm,
            Layer::Dropout { rate: 0.25 },
            Layer::Residual {
                layers: vec![same_size_conv(), Layer::Relu, same_size_conv()],
            },
            Layer::Rnn {
                units,
                bidirectional,
            },
            Layer::Lstm {
                units,
                bidirectional,
            },
            Layer::Gru {
                units,
                bidirectional,
            },
            Layer::PatchEmbedding {
                patch: 4,
                width: 64,
                class_token: false,
            },
            Layer::TransformerEncoder {
                depth: 1,
                heads: 4,
                mlp_ratio: 2,
            },
            Layer::TokenPool {
                take: TokenChoice::Mean,
            },
        ];
        kinds.extend(Layer::ACTIVATIONS);
        kinds
    }

    /// Whether it is one of [`Layer::ACTIVATIONS`], whatever its hyperparameters.
    pub fn is_activation(&self) -> bool {
        let kind = std::mem::discriminant(self);
        Layer::ACTIVATIONS
            .iter()
            .any(|a| std::mem::discriminant(a) == kind)
    }

    /// The layers inside; only a residual block has any.
    pub fn inside(&self) -> &[Layer] {
        match self {
            Layer::Residual { layers } => layers,
            _ => &[],
        }
    }

    /// The list of the layers inside, if it is a residual block.
    pub fn inside_mut(&mut self) -> Option<&mut Vec<Layer>> {
        match self {
            Layer::Residual { layers } => Some(layers),
            _ => None,
        }
    }

    /// All hyperparameters of the layer, in the order to show them in.
    pub fn fields(&mut self) -> Vec<LayerField<'_>> {
        match self {
            Layer::Conv2d {
                channels,
                kernel,
                stride,
                padding,
                groups,
            } => counts(CONV, [channels, kernel, stride, padding, groups]),
            Layer::MaxPool2d { kernel, stride } | Layer::AvgPool2d { kernel, stride } => {
                counts(POOL, [kernel, stride])
            }
            Layer::Dense { units } => counts(DENSE, [units]),
            Layer::Dropout { rate } => vec![field(RATE, LayerValue::Share(rate))],
            Layer::LeakyRelu { slope } => vec![field(SLOPE, LayerValue::Share(slope))],
            Layer::Rnn {
                units,
                bidirectional,
            }
            | Layer::Lstm {
                units,
                bidirectional,
            }
            | Layer::Gru {
                units,
                bidirectional,
            } => vec![
                field(UNITS, LayerValue::Count(units)),
                field(BOTH_DIRECTIONS, LayerValue::Switch(bidirectional)),
            ],
            Layer::PatchEmbedding {
                patch,
                width,
                class_token,
            } => {
                let mut fields = counts(PATCHES, [patch, width]);
                fields.push(field(CLASS_TOKEN, LayerValue::Switch(class_token)));
                fields
            }
            Layer::TransformerEncoder {
                depth,
                heads,
                mlp_ratio,
            } => counts(ENCODER, [depth, heads, mlp_ratio]),
            Layer::TokenPool { take } => vec![field(TAKE, LayerValue::Token(take))],
            Layer::GlobalAvgPool
            | Layer::Flatten
            | Layer::BatchNorm
            | Layer::LayerNorm
            | Layer::Relu
            | Layer::Gelu
            | Layer::Silu
            | Layer::Sigmoid
            | Layer::Tanh
            | Layer::Residual { .. } => Vec::new(),
        }
    }
}

/// Label and explanation of a field.
type About = (&'static str, &'static str);

const CONV: [About; 5] = [
    (
        "Filters",
        "Number of patterns to look for: too few miss detail, too many cost time.",
    ),
    (
        "Kernel size",
        "Side of each filter in pixels: larger filters see more at once and cost more.",
    ),
    (
        "Stride",
        "Pixels a filter moves between two outputs: 2 halves height and width.",
    ),
    (
        "Padding",
        "Zeros added on each side, so that edges are covered as often as the middle.",
    ),
    (
        "Groups",
        "Groups the channels are split into: 1 connects all, as many as channels is depthwise.",
    ),
];

const POOL: [About; 2] = [
    (
        "Window size",
        "Side of each window in pixels: larger windows lose more of where things are.",
    ),
    (
        "Stride",
        "Pixels between two windows; usually the window size.",
    ),
];

const DENSE: [About; 1] = [(
    "Units",
    "Number of outputs: too few cannot separate the classes, too many overfit.",
)];

const RATE: About = (
    "Rate",
    "Share of the values set to zero while training: 0 does nothing; too high, nothing is learned.",
);

const SLOPE: About = (
    "Slope",
    "Factor for negative values: 0 is ReLU, 1 is linear.",
);

const UNITS: About = (
    "Units",
    "Size of the state that reads the rows: too small, it cannot remember enough.",
);

const BOTH_DIRECTIONS: About = (
    "Bidirectional",
    "A second state reads the rows from the bottom: twice the cost, and twice the outputs.",
);

const PATCHES: [About; 2] = [
    (
        "Patch size",
        "Side of each patch in pixels: half of it makes four times as many tokens.",
    ),
    (
        "Width",
        "Size of a token: too small, it cannot describe a patch.",
    ),
];

const CLASS_TOKEN: About = (
    "Class token",
    "Adds a token, the first, that collects what the classification needs.",
);

const ENCODER: [About; 3] = [
    (
        "Blocks",
        "Number of blocks: more can learn more, but are harder to train.",
    ),
    (
        "Heads",
        "Attention heads, each with an equal part of the width; must divide the width.",
    ),
    (
        "MLP ratio",
        "Hidden size of each block's MLP, as a multiple of the token width.",
    ),
];

const TAKE: About = (
    "Pooling",
    "Which token represents the image: the first (the class token) or the mean of all.",
);

fn field((label, explanation): About, value: LayerValue<'_>) -> LayerField<'_> {
    LayerField {
        label,
        explanation,
        value,
    }
}

fn counts<const N: usize>(about: [About; N], values: [&mut usize; N]) -> Vec<LayerField<'_>> {
    let fields = about.into_iter().zip(values);
    fields
        .map(|(about, value)| field(about, LayerValue::Count(value)))
        .collect()
}

#[cfg(test)]
mod tests {
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
