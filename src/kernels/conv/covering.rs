//! A convolution whose kernel covers the whole image, without padding: a dense layer.
//!
//! As that it is one product over the samples, not one with a single row for each.

use super::geometry::{Geometry, area};
use crate::kernels::activation::Activation;
use crate::kernels::buffers::{buffer, scratch};
use crate::kernels::dense::Dense;
use crate::kernels::slice_op::{Context, SliceOp};
use crate::kernels::tape::PerSample;
use crate::kernels::transpose::transpose;
use candle_core::Shape;

/// The convolution as a dense layer.
#[derive(Clone, Copy)]
pub(super) struct Covering {
    geometry: Geometry,
    dense: Dense,
}

impl Covering {
    /// `None` if there is more than one pixel in the result, or anything around the image.
    pub fn of(geometry: Geometry, activation: Activation) -> Option<Self> {
        let covers = geometry.window.kernel == geometry.image && !geometry.is_padded();
        let is_plain = covers && geometry.pool.is_none();
        is_plain.then_some(Self {
            geometry,
            dense: Dense {
                activation,
                n: geometry.n,
                inputs: geometry.taps(),
                outputs: geometry.outputs,
            },
        })
    }

    /// `[out, c, h, w]` → `[inputs, out]`, with the inputs in the order of the image's elements.
    fn pack(&self, weight: &[f32], packed: &mut [f32]) {
        let Dense {
            inputs, outputs, ..
        } = self.dense;
        if !self.geometry.channels_last()[0] {
            return transpose(weight, (outputs, inputs, inputs), packed, outputs);
        }
        scratch(packed.len(), |by_channel| {
            transpose(weight, (outputs, inputs, inputs), by_channel, outputs);
            for (channel, row) in by_channel.chunks_exact(outputs).enumerate() {
                packed[self.place(channel) * outputs..][..outputs].copy_from_slice(row);
            }
        });
    }

    /// The reverse.
    fn unpack(&self, packed: &[f32], weight: &mut [f32]) {
        let Dense {
            inputs, outputs, ..
        } = self.dense;
        if packed.is_empty() {
            return;
        }
        if !self.geometry.channels_last()[0] {
            return transpose(packed, (inputs, outputs, outputs), weight, inputs);
        }
        scratch(packed.len(), |by_channel| {
            for (channel, row) in by_channel.chunks_exact_mut(outputs).enumerate() {
                row.copy_from_slice(&packed[self.place(channel) * outputs..][..outputs]);
            }
            transpose(by_channel, (inputs, outputs, outputs), weight, inputs);
        });
    }

    /// Where the tap `[c, h, w]` is in a channels-last image.
    fn place(&self, tap: usize) -> usize {
        let pixels = area(self.geometry.image);
        tap % pixels * self.geometry.inputs + tap / pixels
    }
}

impl SliceOp<3> for Covering {
    const NAME: &'static str = "convolution of whole images";
    type Saved = ();

    fn shape(&self, _: &Shape) -> Shape {
        Shape::from(self.geometry.result())
    }

    fn forward(&self, [x, weight, bias]: [&[f32]; 3]) -> (Vec<f32>, ()) {
        let mut y = buffer(self.dense.n * self.dense.outputs);
        scratch(weight.len(), |packed| {
            self.pack(weight, packed);
            self.dense.forward_into(x, packed, bias, &mut y);
        });
        (y, ())
    }

    fn backward(&self, context: Context<'_, 3, ()>) -> [Vec<f32>; 3] {
        let [x, weight, _] = context.arguments;
        let [of_x, of_weight, _] = context.needs_gradient;
        let mut dx = buffer(if of_x { x.len() } else { 0 });
        let mut dw = buffer(if of_weight { weight.len() } else { 0 });
        let slices = [x, context.result, context.gradient];
        let db = scratch(weight.len() + dw.len(), |space| {
            let (packed, packed_dw) = space.split_at_mut(weight.len());
            self.pack(weight, packed);
            let db = self.dense.gradients(slices, packed, packed_dw, &mut dx);
            self.unpack(packed_dw, &mut dw);
            db
        });
        [dx, dw, db]
    }
}

impl PerSample for Covering {
    fn of_one(self, n: usize) -> Option<Self> {
        let geometry = Geometry {
            n: 1,
            ..self.geometry
        };
        let dense = Dense { n: 1, ..self.dense };
        (self.geometry.n == n).then_some(Covering { geometry, dense })
    }

    fn norms_by_formula(&self, x: &[f32], y: &[f32], dy: &[f32], n: usize) -> Option<Vec<f64>> {
        self.dense.norms_by_formula(x, y, dy, n)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{assert_close, var};
    use super::super::super::pooling::Window;
    use super::super::{ConvOptions, MemoryFormat, conv2d};
    use super::*;
    use candle_core::Var;

    #[test]
    fn it_is_a_product_of_flat_images_and_filters() {
        use MemoryFormat::{ChannelsFirst, ChannelsLast};
        let (w, b) = (var(&[16, 32, 4, 3], 2.0), var(&[16], 3.0));
        let x = var(&[5, 32, 4, 3], 1.0);
        let last = x.permute((0, 2, 3, 1)).unwrap().contiguous().unwrap();
        let last = Var::from_tensor(&last).unwrap();
        let y = x.flatten_from(1).unwrap();
        let y = y.matmul(&w.flatten_from(1).unwrap().t().unwrap()).unwrap();
        let y = y.broadcast_add(&b).unwrap();
        let expected = y.sqr().unwrap().backward().unwrap();
        for (input, format) in [(&x, ChannelsFirst), (&last, ChannelsLast)] {
            let window = Window {
                kernel: [4, 3],
                stride: [2, 1],
                padding: [0; 2],
            };
            let options = ConvOptions {
                formats: [format; 2],
                ..ConvOptions::new(window, Activation::Identity, None)
            };
            let found = conv2d(input, &w, &b, options).unwrap();
            assert_close(&found.flatten_from(1).unwrap(), &y, "y");
            let found = found.sqr().unwrap().backward().unwrap();
            let dx = found.get(input).unwrap();
            let dx = match format {
                ChannelsFirst => dx.clone(),
                ChannelsLast => dx.permute((0, 3, 1, 2)).unwrap(),
            };
            assert_close(&dx, expected.get(&x).unwrap(), "dx");
            for var in [&w, &b] {
                assert_close(
                    found.get(var).unwrap(),
                    expected.get(var).unwrap(),
                    "dw, db",
                );
            }
        }
    }
}
