//! The lines of layers that read rows or tokens.

use super::own::Own;
use super::writer::{Place, Writer, channels};
use crate::model::{Layer, Shape, TokenChoice, TransformerEncoder};

impl Writer {
    /// A cell per direction.
    ///
    /// * `[units, directions]`: the size of the state, and 1 if there is a second direction
    pub(super) fn recurrent(
        &mut self,
        layer: &Layer,
        place: &Place<'_>,
        input: Shape,
        [units, directions]: [usize; 2],
    ) {
        self.own.insert(Own::Recurrent);
        let n = match input {
            Shape::Image([channels, _, width]) => channels * width,
            Shape::Sequence([_, width]) => width,
            Shape::Vector(n) => n,
        };
        let (class, make, config) = match layer {
            Layer::Lstm(_) => ("nn::LSTM", "nn::lstm", "Default::default(), "),
            Layer::Gru(_) => ("nn::GRU", "nn::gru", "Default::default(), "),
            _ => {
                self.own.insert(Own::Rnn);
                ("Rnn", "Rnn::new", "")
            }
        };
        let cell = |vb: &str| {
            format!(
                "{make}({n}, {units}, {config}{vb}.pp(\"{}\"))?",
                place.module
            )
        };
        let backward = match directions {
            0 => "None".to_owned(),
            _ => {
                self.own.insert(Own::Reversed);
                format!("Some({})", cell("reversed(&vb)"))
            }
        };
        let indent = " ".repeat(16);
        let made = format!(
            "LastState {{\n{indent}forward: {},\n{indent}backward: {backward},\n            }}",
            cell("vb")
        );
        self.module(place, &format!("LastState<{class}>"), &made);
    }

    /// A field per encoder block.
    pub(super) fn transformer(
        &mut self,
        layer: &TransformerEncoder,
        place: &Place<'_>,
        input: Shape,
    ) {
        self.own.extend([Own::LayerNorm, Own::Transformer]);
        let width = match input {
            Shape::Sequence([_, width]) => width,
            other => other.n_values(),
        };
        for idx in 0..layer.depth {
            let field = format!("{}_block{}", place.field, idx + 1);
            let module = format!("{}.layers.{idx}", place.module);
            let (heads, hidden) = (layer.heads, layer.mlp_ratio * width);
            let made =
                format!("EncoderBlock::new({width}, {heads}, {hidden}, vb.pp(\"{module}\"))?");
            let place = Place {
                field: &field,
                module: &module,
            };
            self.module(&place, "EncoderBlock", &made);
        }
    }

    /// What makes tokens of an image, or one of them.
    pub(super) fn tokens(&mut self, layer: &Layer, place: &Place<'_>, [input, output]: [Shape; 2]) {
        match (layer, output) {
            (Layer::PatchEmbedding(layer), Shape::Sequence(size)) => {
                self.own.insert(Own::PatchEmbedding);
                let made = format!(
                    "PatchEmbedding::new({}, {}, {size:?}, {}, vb.pp(\"{}\"))?",
                    channels(input),
                    layer.patch,
                    layer.class_token,
                    place.module
                );
                self.module(place, "PatchEmbedding", &made);
            }
            (Layer::TokenPool(layer), _) => match layer.take {
                TokenChoice::First => self.line("x.narrow(1, 0, 1)?.squeeze(1)?"),
                TokenChoice::Mean => self.line("x.mean(1)?"),
            },
            _ => {}
        }
    }
}
