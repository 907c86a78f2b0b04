//! The sizes of a convolution and the offsets of its elements.

use super::border::copy_inside;
use super::options::{ConvOptions, MemoryFormat};
use crate::kernels::buffers::scratch;
use crate::kernels::pooling::Window;
use crate::kernels::support::padded;
use candle_core::{Result, Tensor, bail};

/// The argmax of a pooling window whose result ReLU clamped: no pixel gets its gradient.
pub(super) const CLAMPED: u8 = u8::MAX;

/// The sizes of one call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Geometry {
    pub n: usize,
    /// Number of input and output channels.
    pub inputs: usize,
    pub outputs: usize,
    /// Height and width of the input.
    pub image: [usize; 2],
    /// Height and width of the convolution's result, before pooling.
    pub conv: [usize; 2],
    pub window: Window,
    pub pool: Option<Window>,
    /// Height and width after pooling.
    pub pooled: [usize; 2],
    /// The memory formats of the input and of the output.
    pub formats: [MemoryFormat; 2],
}

impl Geometry {
    pub fn new(
        (n, inputs, h, w): (usize, usize, usize, usize),
        (outputs, weight_inputs, kh, kw): (usize, usize, usize, usize),
        bias: &[usize],
        options: &ConvOptions,
    ) -> Result<Self> {
        let ConvOptions {
            window,
            pool,
            formats,
            ..
        } = *options;
        if inputs != weight_inputs || window.kernel != [kh, kw] || bias != [outputs] || n == 0 {
            bail!(
                "convolution: input {:?} does not fit weight {:?}, bias {bias:?} and {window:?}",
                [n, inputs, h, w],
                [outputs, weight_inputs, kh, kw]
            );
        }
        let conv = window.output_or_error([h, w])?;
        let pooled = match pool {
            Some(pool) => pool.pooled_or_error(conv)?,
            None => conv,
        };
        Ok(Self {
            n,
            inputs,
            outputs,
            image: [h, w],
            conv,
            window,
            pool,
            pooled,
            formats,
        })
    }

    /// The sizes for a weight `[out, c, kh, kw]` and a bias `[out]`; an error if they do not fit, or if
    /// the memory formats do not.
    pub fn checked(
        size: (usize, usize, usize, usize),
        weight: &Tensor,
        bias: &Tensor,
        options: &ConvOptions,
    ) -> Result<Self> {
        let geometry = Self::new(size, weight.dims4()?, bias.dims(), options)?;
        let [input_last, output_last] = geometry.channels_last();
        if input_last && !MemoryFormat::supports_channels_last(geometry.inputs)
            || output_last && !MemoryFormat::supports_channels_last(geometry.outputs)
        {
            bail!("convolution: no channels last for {:?}", weight.dims());
        }
        Ok(geometry)
    }

    /// The shape of the op's result.
    pub fn result(&self) -> (usize, usize, usize, usize) {
        let [h, w] = self.pooled;
        match self.formats[1] {
            MemoryFormat::ChannelsFirst => (self.n, self.outputs, h, w),
            MemoryFormat::ChannelsLast => (self.n, h, w, self.outputs),
        }
    }

    /// Whether input and output are channels last.
    pub fn channels_last(&self) -> [bool; 2] {
        self.formats
            .map(|order| order == MemoryFormat::ChannelsLast)
    }

    /// Elements from one input pixel to the next, and from one channel to the next.
    fn strides(&self) -> [usize; 2] {
        match self.formats[0] {
            MemoryFormat::ChannelsFirst => [1, area(self.padded_image())],
            MemoryFormat::ChannelsLast => [self.inputs, 1],
        }
    }

    /// Height and width of the input with its padding.
    pub fn padded_image(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.image[axis] + 2 * self.window.padding[axis])
    }

    /// Elements of one input sample.
    pub fn sample(&self) -> usize {
        self.inputs * area(self.image)
    }

    /// Weights per output channel.
    pub fn taps(&self) -> usize {
        self.inputs * area(self.window.kernel)
    }

    /// Output channels, rounded up to whole vectors.
    pub fn outputs_padded(&self) -> usize {
        padded(self.outputs)
    }

    /// The offset of each tap `[c, kh, kw]` in a padded sample, relative to the window's corner.
    pub fn tap_offsets(&self) -> Vec<usize> {
        let [_, pw] = self.padded_image();
        let [kh, kw] = self.window.kernel;
        let [pixel, plane] = self.strides();
        (0..self.taps())
            .map(|t| {
                let (channel, ky, kx) = (t / (kh * kw), t / kw % kh, t % kw);
                channel * plane + (ky * pw + kx) * pixel
            })
            .collect()
    }

    /// The corner of each window, in row-major order, in a padded sample.
    pub fn corners(&self) -> Vec<usize> {
        let width = self.padded_image()[1];
        let [sy, sx] = self.window.stride;
        let [oh, ow] = self.conv;
        let pixel = self.strides()[0];
        (0..oh)
            .flat_map(|y| (0..ow).map(move |x| (y * sy * width + x * sx) * pixel))
            .collect()
    }

    /// In elements of a padded channels-last image of so many channels: the start of each pooled
    /// pixel's window, and the offset of each pixel of a window. A start may be before the image if
    /// the pooling is padded.
    pub fn window_offsets(&self, pool: Window, channels: usize) -> (Vec<isize>, Vec<isize>) {
        let row = self.padded_image()[1] as isize;
        let [sy, sx] = self.window.stride.map(|stride| stride as isize);
        let at = |y: isize, x: isize| (y * sy * row + x * sx) * channels as isize;
        let corner =
            |p: usize, axis: usize| (p * pool.stride[axis]) as isize - pool.padding[axis] as isize;
        let [_, cols] = self.pooled;
        let starts = (0..area(self.pooled)).map(|p| at(corner(p / cols, 0), corner(p % cols, 1)));
        let [_, kw] = pool.kernel;
        let pixels = (0..area(pool.kernel)).map(|k| at((k / kw) as isize, (k % kw) as isize));
        (starts.collect(), pixels.collect())
    }

    /// Calls `task` with one sample, or several, inside zero borders, if they have some.
    pub fn with_border<R>(&self, x: &[f32], task: impl FnOnce(&[f32]) -> R) -> R {
        if !self.is_padded() {
            return task(x);
        }
        let [top, left] = self.window.padding;
        let [h, w] = self.image;
        // Channels last, there is a single plane, of wide pixels.
        let pixel = self.strides()[0];
        let (image, row) = (h * w * pixel, w * pixel);
        let (padded, padded_row) = (
            area(self.padded_image()) * pixel,
            self.padded_image()[1] * pixel,
        );
        scratch(x.len() / image * padded, |to| {
            for (x, to) in x.chunks_exact(image).zip(to.chunks_exact_mut(padded)) {
                copy_inside(x, row, (to, padded_row), [top, left * pixel]);
            }
            task(to)
        })
    }

    /// Whether the input needs a zero border.
    pub fn is_padded(&self) -> bool {
        self.window.padding != [0, 0]
    }
}

/// The pixels of each pooling window, without its padding.
#[derive(Default)]
pub(super) struct Windows {
    /// Start of each window's pixels in `pixels`, and an end.
    starts: Vec<usize>,
    /// The position of a pixel, and its index in the window.
    pixels: Vec<(usize, u32)>,
}

impl Windows {
    /// Positions in a channels-last image before pooling, `[conv pixels, out padded]`.
    pub fn new(g: &Geometry) -> Self {
        let (mut starts, mut pixels) = (vec![0], Vec::new());
        let [kh, kw] = g.pool.map_or([0, 0], |window| window.kernel);
        if let Some(window) = g.pool {
            pixels.reserve(area(g.pooled) * kh * kw);
            for i in 0..area(g.pooled) {
                let (py, px) = (i / g.pooled[1], i % g.pooled[1]);
                for row in window.cover(0, py, g.conv[0]) {
                    let ky = row + window.padding[0] - py * window.stride[0];
                    for col in window.cover(1, px, g.conv[1]) {
                        let kx = col + window.padding[1] - px * window.stride[1];
                        let place = (row * g.conv[1] + col) * g.outputs_padded();
                        pixels.push((place, (ky * kw + kx) as u32));
                    }
                }
                starts.push(pixels.len());
            }
        }
        Self { starts, pixels }
    }

    /// The pixels of the i-th window, in row-major order.
    #[inline(always)]
    pub fn of(&self, i: usize) -> &[(usize, u32)] {
        &self.pixels[self.starts[i]..self.starts[i + 1]]
    }
}

/// Number of pixels of an image.
pub(super) fn area([h, w]: [usize; 2]) -> usize {
    h * w
}
