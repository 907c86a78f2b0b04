//! The receptive field of a value: the pixels of the image that it is computed from.

use std::ops::Range;

use super::{Activations, LayerActivation, Position};
use crate::model::{Layer, Residual, Shape, TokenChoice};

/// A rectangle of pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Its rows.
    pub rows: Range<usize>,
    /// Its columns.
    pub columns: Range<usize>,
}

/// Values of an output between two layers, whatever their unit, unless it is a vector.
#[derive(Clone, Debug, PartialEq)]
enum Span {
    Pixels(Area),
    Tokens(Range<usize>),
    Units(Range<usize>),
}

impl Area {
    /// Whether a pixel lies in it.
    pub fn contains(&self, row: usize, column: usize) -> bool {
        self.rows.contains(&row) && self.columns.contains(&column)
    }
}

impl Activations {
    /// The smallest rectangle of the image outside of which no pixel can change a value of a layer.
    /// Empty for a value that depends on no pixel.
    pub fn receptive_field(&self, layer: usize, at: Position) -> Area {
        let Some(of) = self.layers.get(layer) else {
            return Area::default();
        };
        let one = |n: usize| n..n + 1;
        let span = match of.shape {
            Shape::Image(_) => Span::Pixels(Area {
                rows: one(at.row),
                columns: one(at.column),
            }),
            Shape::Sequence(_) => Span::Tokens(one(at.row)),
            Shape::Vector(_) => Span::Units(one(at.unit)),
        };
        match self.trace(Some(layer), None, span) {
            Span::Pixels(area) => area,
            Span::Tokens(_) | Span::Units(_) => Area::default(),
        }
    }

    /// The values of layer `until` that `span` of layer `from` is computed from.
    fn trace(&self, mut from: Option<usize>, until: Option<usize>, mut span: Span) -> Span {
        while from != until
            && let Some(layer) = from.and_then(|idx| self.layers.get(idx))
        {
            span = self.before(layer, span);
            from = layer.reads;
        }
        span
    }

    /// The values of a layer's input that `span` of its output is computed from.
    fn before(&self, layer: &LayerActivation, span: Span) -> Span {
        let (input, _) = self.read_by(layer);
        match (&layer.layer, span, input) {
            (Layer::Conv2d(conv), Span::Pixels(area), Shape::Image([_, h, w])) => Span::Pixels(
                window(&area, [conv.kernel, conv.stride, conv.padding], [h, w]),
            ),
            (Layer::MaxPool2d(pool), Span::Pixels(area), Shape::Image([_, h, w])) => {
                Span::Pixels(window(&area, [pool.kernel, pool.stride, 0], [h, w]))
            }
            (Layer::AvgPool2d(pool), Span::Pixels(area), Shape::Image([_, h, w])) => {
                Span::Pixels(window(&area, [pool.kernel, pool.stride, 0], [h, w]))
            }
            (Layer::Residual(_), span, _) => self.around(layer, span),
            (Layer::Flatten, Span::Units(units), input) => flat(&units, input),
            (Layer::PatchEmbedding(patches), Span::Tokens(tokens), Shape::Image([_, _, w])) => {
                let first = usize::from(patches.class_token);
                let tokens = tokens.start.saturating_sub(first)..tokens.end.saturating_sub(first);
                patch_area(&tokens, patches.patch, w)
            }
            (Layer::TokenPool(pool), Span::Units(_), _) if pool.take == TokenChoice::First => {
                Span::Tokens(0..1)
            }
            (Layer::LayerNorm, span @ Span::Tokens(_), _) => span,
            (
                Layer::Dense(_)
                | Layer::GlobalAvgPool
                | Layer::LayerNorm
                | Layer::Rnn(_)
                | Layer::Lstm(_)
                | Layer::Gru(_)
                | Layer::TransformerEncoder(_)
                | Layer::TokenPool(_),
                _,
                input,
            ) => whole(input),
            (_, span, _) => span,
        }
    }

    /// Through the layers inside a block, and through its shortcut.
    fn around(&self, block: &LayerActivation, span: Span) -> Span {
        let (input, _) = self.read_by(block);
        let mut last = block.name.path.clone();
        last.push(block.layer.inside().len().saturating_sub(1));
        let body = self.trace(self.find(&last), block.reads, span.clone());
        let shortcut = match (Residual::shortcut_stride(input, block.shape), span) {
            (Some(stride), Span::Pixels(area)) => match input {
                Shape::Image([_, h, w]) => Span::Pixels(window(&area, [1, stride, 0], [h, w])),
                _ => whole(input),
            },
            (_, span) => span,
        };
        both(body, shortcut)
    }
}

/// The pixels of an image of `[height, width]` that a window of `[kernel, stride, padding]` reads
/// for `area` of its output.
fn window(area: &Area, of: [usize; 3], [h, w]: [usize; 2]) -> Area {
    let along = |range: &Range<usize>, size: usize| {
        let [kernel, stride, padding] = of;
        if range.is_empty() {
            return 0..0;
        }
        let start = (range.start * stride).saturating_sub(padding);
        let end = ((range.end - 1) * stride + kernel).saturating_sub(padding);
        start.min(size)..end.min(size)
    };
    Area {
        rows: along(&area.rows, h),
        columns: along(&area.columns, w),
    }
}

fn whole(shape: Shape) -> Span {
    match shape {
        Shape::Image([_, h, w]) => Span::Pixels(Area {
            rows: 0..h,
            columns: 0..w,
        }),
        Shape::Sequence([tokens, _]) => Span::Tokens(0..tokens),
        Shape::Vector(n) => Span::Units(0..n),
    }
}

/// Of features in the order of a flattened input.
fn flat(units: &Range<usize>, input: Shape) -> Span {
    let ends = |place: fn(Position) -> usize| {
        let places = units.clone().map(|idx| place(Position::at(idx, input)));
        let (low, high) = places.fold((usize::MAX, 0), |(low, high), at| {
            (low.min(at), high.max(at + 1))
        });
        low.min(high)..high
    };
    match input {
        Shape::Image(_) => Span::Pixels(Area {
            rows: ends(|at| at.row),
            columns: ends(|at| at.column),
        }),
        Shape::Sequence(_) => Span::Tokens(ends(|at| at.row)),
        Shape::Vector(_) => Span::Units(units.clone()),
    }
}

/// The pixels of `tokens`, patches of an image of this width.
fn patch_area(tokens: &Range<usize>, patch: usize, width: usize) -> Span {
    let per_row = (width / patch.max(1)).max(1);
    let shape = Shape::Image([1, tokens.end, per_row]);
    match tokens.is_empty() {
        true => Span::Pixels(Area::default()),
        false => match flat(tokens, shape) {
            Span::Pixels(area) => Span::Pixels(Area {
                rows: area.rows.start * patch..area.rows.end * patch,
                columns: area.columns.start * patch..area.columns.end * patch,
            }),
            other => other,
        },
    }
}

/// What contains both.
fn both(a: Span, b: Span) -> Span {
    let join = |a: Range<usize>, b: Range<usize>| match (a.is_empty(), b.is_empty()) {
        (true, _) => b,
        (_, true) => a,
        _ => a.start.min(b.start)..a.end.max(b.end),
    };
    match (a, b) {
        (Span::Pixels(a), Span::Pixels(b)) => Span::Pixels(Area {
            rows: join(a.rows, b.rows),
            columns: join(a.columns, b.columns),
        }),
        (Span::Tokens(a), Span::Tokens(b)) => Span::Tokens(join(a, b)),
        (Span::Units(a), Span::Units(b)) => Span::Units(join(a, b)),
        (a, _) => a,
    }
}
