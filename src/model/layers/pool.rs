//! Pooling: of each window, or of the whole image.

use candle_core::{Result, Tensor};

use super::super::{Layer, Shape};
use super::Blueprint;
use super::blueprint::{image, window_output};
use crate::kernels::{self, Window};

pub(super) fn blueprint(layer: &Layer, input: Shape) -> std::result::Result<Blueprint, String> {
    let [c, h, w] = image(layer, input)?;
    let output = match *layer {
        Layer::MaxPool2d { kernel, stride } | Layer::AvgPool2d { kernel, stride } => {
            let [oh, ow] = window_output([h, w], kernel, stride, 0)?;
            Shape::Image([c, oh, ow])
        }
        _ => Shape::Vector(c),
    };
    Ok(Blueprint::plain(output))
}

/// A square window.
pub(super) fn square(kernel: usize, stride: usize, padding: usize) -> Window {
    Window {
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [padding; 2],
    }
}

/// `[n, c, h, w]` → `[n, c, h', w']`, or `[n, c]` for the global one.
#[derive(Clone, Debug)]
pub(in crate::model) enum Pool {
    Max(Window),
    Average(Window),
    GlobalAverage,
}

impl Pool {
    pub fn new(layer: &Layer) -> Pool {
        match *layer {
            Layer::MaxPool2d { kernel, stride } => Pool::Max(square(kernel, stride, 0)),
            Layer::AvgPool2d { kernel, stride } => Pool::Average(square(kernel, stride, 0)),
            _ => Pool::GlobalAverage,
        }
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match *self {
            Pool::Max(window) => kernels::max_pool2d(x, window),
            Pool::Average(window) => kernels::avg_pool2d(x, window),
            Pool::GlobalAverage => {
                let (_, _, h, w) = x.dims4()?;
                let whole = Window {
                    kernel: [h, w],
                    stride: [1, 1],
                    padding: [0, 0],
                };
                kernels::avg_pool2d(x, whole)?.flatten_from(1)
            }
        }
    }
}
