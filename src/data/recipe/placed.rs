//! A whole picture in the frame of an input.

use super::spec::Framing;
use crate::data::resample::{Stretch, resample_inside};
use crate::data::sketch::GrayImage;

/// One channel in the frame of `size` (height, width). Of the same size, it is unchanged.
pub(super) fn framed(channel: &GrayImage, framing: Framing, size: [usize; 2]) -> Vec<u8> {
    let place = Placed::new([channel.height, channel.width], framing, size);
    let ([rows, columns], [top, left]) = (place.shown, place.offset);
    let values = resample_inside(channel, rows, columns, place.filled);
    let mut pixels = vec![0; size[0] * size[1]];
    for (y, line) in values.chunks_exact(place.filled[1]).enumerate() {
        for (x, value) in line.iter().enumerate() {
            pixels[(top + y) * size[1] + left + x] = value.round() as u8;
        }
    }
    pixels
}

/// Where in a frame a picture is, rows before columns.
pub(super) struct Placed {
    /// The pixels of the frame that show the picture.
    pub filled: [usize; 2],
    /// The part of the picture they show.
    pub shown: [Stretch; 2],
    /// The pixels of the frame before them.
    pub offset: [usize; 2],
}

impl Placed {
    /// A picture of `extents` (height, width) in a frame of `size`.
    pub fn new(extents: [usize; 2], framing: Framing, size: [usize; 2]) -> Placed {
        let ratio = |axis: usize| size[axis] as f64 / extents[axis] as f64;
        let scale = |axis: usize| match framing {
            Framing::Fit | Framing::Center => ratio(0).min(ratio(1)),
            Framing::Crop => ratio(0).max(ratio(1)),
            Framing::Stretch => ratio(axis),
        };
        let filled = [0, 1].map(|axis| {
            let n = (extents[axis] as f64 * scale(axis)).round() as usize;
            n.clamp(1, size[axis])
        });
        let shown = [0, 1].map(|axis| {
            let len = (filled[axis] as f64 / scale(axis)).min(extents[axis] as f64);
            let start = (extents[axis] as f64 - len) / 2.0;
            Stretch { start, len }
        });
        Placed {
            filled,
            shown,
            offset: [0, 1].map(|axis| (size[axis] - filled[axis]) / 2),
        }
    }

    /// Rows and columns of the picture that the frame of `size` shows; they may reach outside.
    pub fn frame(&self, size: [usize; 2]) -> [Stretch; 2] {
        [0, 1].map(|axis| self.shown[axis].frame(self.filled[axis], self.offset[axis], size[axis]))
    }
}
