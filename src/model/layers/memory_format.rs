//! Which images between two operations are channels-last in memory.
//!
//! Convolutions compute in this order, so from one to the next, also through what works on either
//! order, nothing needs to be transposed.

use std::sync::Arc;

use candle_core::{Result, Tensor};

use super::plan::{Op, Pass};
use crate::kernels::MemoryFormat;

type Forward = dyn Fn(&Tensor, MemoryFormat, &Pass<'_>) -> Result<Tensor> + Send + Sync;

/// What an operation makes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum ImageResult {
    /// An image with the same channels, in the same memory format.
    Image,
    /// Anything else.
    Other,
}

/// An operation on images of either memory format.
#[derive(Clone)]
pub(in crate::model) struct ImageOp {
    channels: usize,
    result: ImageResult,
    format: MemoryFormat,
    forward: Arc<Forward>,
}

impl ImageOp {
    /// An operation on images of so many channels, channels-first until it is told otherwise.
    pub fn new(
        channels: usize,
        result: ImageResult,
        forward: impl Fn(&Tensor, MemoryFormat, &Pass<'_>) -> Result<Tensor> + Send + Sync + 'static,
    ) -> ImageOp {
        ImageOp {
            channels,
            result,
            format: MemoryFormat::ChannelsFirst,
            forward: Arc::new(forward),
        }
    }

    pub fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        (self.forward)(x, self.format, pass)
    }
}

/// Makes the images between two operations channels-last wherever what makes them, what reads them
/// and all that is in between support it.
pub(super) fn choose(ops: &mut [Op]) {
    for next in 1..ops.len() {
        let (before, after) = ops.split_at_mut(next);
        let makes = matches!(before.last(), Some(Op::Conv(_) | Op::Shortcut(_)));
        if makes && can_write(before) && can_read(after) {
            write(before);
            read(after);
        }
    }
}

/// Whether the input of the operations can be channels-last: it gets to what does not hand it on.
pub(super) fn can_read(ops: &[Op]) -> bool {
    match ops {
        [Op::Conv(conv), ..] => conv.supports_channels_last(),
        [Op::Image(op), rest @ ..] => {
            let fits = MemoryFormat::supports_channels_last(op.channels);
            fits && (op.result == ImageResult::Other || can_read(rest))
        }
        [Op::Shortcut(op), rest @ ..] => {
            op.can_read() && (!op.keeps_format() || op.can_write() && can_read(rest))
        }
        _ => false,
    }
}

/// Whether the output of the operations can be channels-last: it comes from what makes it anew.
pub(super) fn can_write(ops: &[Op]) -> bool {
    match ops {
        [.., Op::Conv(conv)] => conv.supports_channels_last(),
        [before @ .., Op::Image(op)] => {
            let fits = MemoryFormat::supports_channels_last(op.channels);
            fits && op.result == ImageResult::Image && can_write(before)
        }
        [before @ .., Op::Shortcut(op)] => {
            op.can_write() && (!op.keeps_format() || op.can_read() && can_write(before))
        }
        _ => false,
    }
}

/// Makes the input channels-last, where that is possible.
pub(super) fn read(ops: &mut [Op]) {
    match ops {
        [Op::Conv(conv), ..] => conv.read_channels_last(),
        [Op::Image(op), rest @ ..] => {
            op.format = MemoryFormat::ChannelsLast;
            if op.result == ImageResult::Image {
                read(rest);
            }
        }
        [Op::Shortcut(op), rest @ ..] => {
            op.read();
            if op.keeps_format() {
                op.write();
                read(rest);
            }
        }
        _ => {}
    }
}

/// Makes the output channels-last, where that is possible.
pub(super) fn write(ops: &mut [Op]) {
    match ops {
        [.., Op::Conv(conv)] => conv.write_channels_last(),
        [before @ .., Op::Image(op)] => {
            op.format = MemoryFormat::ChannelsLast;
            write(before);
        }
        [before @ .., Op::Shortcut(op)] => {
            op.write();
            if op.keeps_format() {
                op.read();
                write(before);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layers::plan::{Taps, plan};
    use crate::model::preset;
    use crate::model::shape::Shape;

    /// For each operation on images, also inside shortcuts, whether it is channels-last; for each
    /// convolution whether its input is, and its output.
    fn formats(ops: &[Op]) -> Vec<bool> {
        let of = |op: &Op| match op {
            Op::Image(op) => vec![op.format == MemoryFormat::ChannelsLast],
            Op::Shortcut(shortcut) => formats(&shortcut.body),
            Op::Conv(conv) => conv.is_channels_last().to_vec(),
            Op::Other(_) => Vec::new(),
        };
        ops.iter().flat_map(of).collect()
    }

    #[test]
    fn images_stay_channels_last_up_to_what_cannot_read_them() {
        let of = |name: &str, is_fused| {
            let spec = preset(name).unwrap().spec([1, 28, 28], 10);
            let input = Shape::Image(spec.input);
            formats(&plan(&spec.layers, input, 0, is_fused, 0, Taps::None))
        };
        let small = of("resnet-small", true);
        // All but the image itself, up to the mean of the channels.
        assert_eq!((small.len(), small[0]), (15, false), "{small:?}");
        assert!(small[1..].iter().all(|&last| last), "{small:?}");
        assert!(of("resnet-small", false).iter().all(|&last| !last));
        // The last convolution is read by a dense layer, with rows in the order of the channels.
        let best = of("best", true);
        assert_eq!((best.len(), best[0], best[9]), (10, false, false));
        assert!(best[1..9].iter().all(|&last| last), "{best:?}");
        // Six channels fill no vector, and a dense layer follows the sixteen.
        assert!(of("lenet-5", true).iter().all(|&last| !last));
    }
}
