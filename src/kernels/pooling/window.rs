//! Windows that slide over an image.

use candle_core::{Result, bail};
use std::ops::Range;

/// A window that slides over an image; each field is `[vertical, horizontal]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Stride: distance between neighboring windows.
    pub stride: [usize; 2],
    /// Padding: rows and columns added on each side of the image.
    pub padding: [usize; 2],
}

impl Window {
    /// How many windows fit an image of `[height, width]`, rounded down; `None` if not even one
    /// does, or if kernel or stride is zero.
    pub fn output(&self, image: [usize; 2]) -> Option<[usize; 2]> {
        let along = |axis: usize| {
            let free = (image[axis] + 2 * self.padding[axis]).checked_sub(self.kernel[axis])?;
            let steps = free.checked_div(self.stride[axis])?;
            (self.kernel[axis] > 0).then_some(steps + 1)
        };
        Some([along(0)?, along(1)?])
    }

    /// [`Window::output`], or an error that names the sizes.
    pub(in crate::kernels) fn output_or_error(&self, image: [usize; 2]) -> Result<[usize; 2]> {
        match self.output(image) {
            Some(output) => Ok(output),
            None => bail!("{self:?} does not fit an image of {image:?}"),
        }
    }

    /// Like [`Window::output_or_error`], for pooling: every window must contain part of the image.
    pub(in crate::kernels) fn pooled_or_error(&self, image: [usize; 2]) -> Result<[usize; 2]> {
        if (0..2).any(|axis| 2 * self.padding[axis] > self.kernel[axis]) {
            bail!("pooling: padding must be at most half of the kernel, found {self:?}");
        }
        self.output_or_error(image)
    }

    /// The part of the image, along one axis, that the `index`-th window covers.
    #[inline(always)]
    pub(in crate::kernels) fn cover(&self, axis: usize, index: usize, size: usize) -> Range<usize> {
        let start = index * self.stride[axis];
        let end = (start + self.kernel[axis]).saturating_sub(self.padding[axis]);
        start.saturating_sub(self.padding[axis])..end.min(size)
    }
}
