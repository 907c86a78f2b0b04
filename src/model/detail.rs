//! The hyperparameters of a layer in short form, for a row of text and for a narrow column.

use super::Layer;
use crate::text::count;

impl Layer {
    /// The layer's hyperparameters, such as `32 of 3×3, padding 1`; empty if it has none.
    pub fn detail(&self) -> String {
        self.numbers(Width::Long)
    }

    /// The same for a narrow column, such as `32·3×3 p1`: `s2` is a stride of 2, `p1` a padding of
    /// 1, `g2` two groups, `↑↓` bidirectional.
    pub fn short_detail(&self) -> String {
        self.numbers(Width::Short)
    }

    fn numbers(&self, width: Width) -> String {
        match self {
            Layer::Conv2d { .. } => self.convolution(width),
            &Layer::MaxPool2d { kernel, stride } | &Layer::AvgPool2d { kernel, stride } => {
                format!("{kernel}×{kernel}{}", width.stride(stride, kernel))
            }
            Layer::Dense { units } => units.to_string(),
            Layer::Dropout { rate: share } | Layer::LeakyRelu { slope: share } => share.to_string(),
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
            } => match bidirectional {
                true => format!("{units}{}", width.pick(", bidirectional", "↑↓")),
                false => units.to_string(),
            },
            Layer::PatchEmbedding { .. }
            | Layer::TransformerEncoder { .. }
            | Layer::TokenPool { .. } => self.of_tokens(width),
            Layer::Residual { layers } => match width {
                Width::Short => count(layers.len(), "layer"),
                Width::Long => {
                    let names = layers.iter().map(Layer::label).collect::<Vec<_>>();
                    names.join(", ")
                }
            },
            _ => String::new(),
        }
    }

    fn convolution(&self, width: Width) -> String {
        let &Layer::Conv2d {
            channels,
            kernel,
            stride,
            padding,
            groups,
        } = self
        else {
            return String::new();
        };
        let of = width.pick(" of ", "·");
        let stride = width.stride(stride, 1);
        let padding = width.unless_default(", padding ", " p", padding, 0);
        let groups = match (groups, width) {
            (1, _) => String::new(),
            (n, Width::Short) => format!(" g{n}"),
            (n, Width::Long) => format!(", {n} groups"),
        };
        format!("{channels}{of}{kernel}×{kernel}{stride}{padding}{groups}")
    }

    fn of_tokens(&self, room: Width) -> String {
        match *self {
            Layer::PatchEmbedding {
                patch,
                width,
                class_token,
            } => {
                let of = room.pick(" of ", "·");
                let long = if class_token { ", class token" } else { "" };
                format!("{width}{of}{patch}×{patch}{}", room.pick(long, ""))
            }
            Layer::TransformerEncoder {
                depth,
                heads,
                mlp_ratio,
            } => match room {
                Width::Short => format!("{depth}·{heads}"),
                Width::Long => format!("{depth} × {heads} heads, MLP ×{mlp_ratio}"),
            },
            Layer::TokenPool { take } => take.label().to_owned(),
            _ => String::new(),
        }
    }
}

/// The space available.
#[derive(Clone, Copy)]
enum Width {
    Long,
    Short,
}

impl Width {
    fn pick(self, long: &'static str, short: &'static str) -> &'static str {
        match self {
            Width::Long => long,
            Width::Short => short,
        }
    }

    /// Shown only if it differs from the default.
    fn unless_default(
        self,
        name: &'static str,
        letter: &'static str,
        value: usize,
        default: usize,
    ) -> String {
        match value == default {
            true => String::new(),
            false => format!("{}{value}", self.pick(name, letter)),
        }
    }

    fn stride(self, stride: usize, default: usize) -> String {
        self.unless_default(", stride ", " s", stride, default)
    }
}
