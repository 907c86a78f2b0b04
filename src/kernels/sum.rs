//! The sum of two tensors of the same shape, as around a residual block; with the ReLU that follows it, if
//! wanted.

use super::activation::Activation;
use super::buffers::{buffer, share_memory};
use super::support::{read, slice, slice_mut, tensor, wants_gradient};
use super::{simd, tape, threads};
use candle_core::{CpuStorage, CustomOp2, InplaceOp2, Layout, Result, Shape, Tensor, bail};

/// Elements per chunk of work.
const CHUNK: usize = 1 << 13;

/// a + b, with ReLU if `RELU`.
struct Sum<const RELU: bool>;

impl<const RELU: bool> Sum<RELU> {
    #[inline(always)]
    fn of(a: f32, b: f32) -> f32 {
        match RELU {
            true => Activation::Relu.value(a + b),
            false => a + b,
        }
    }
}

impl<const RELU: bool> CustomOp2 for Sum<RELU> {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (a, b) = (slice(a, a_layout)?, slice(b, b_layout)?);
        let mut sum = buffer(a.len());
        let parts = a.chunks(CHUNK).zip(b.chunks(CHUNK));
        let parts = parts.zip(sum.chunks_mut(CHUNK));
        threads::for_parts_of(a.len(), parts, |_, ((a, b), sum)| {
            simd::run_closure(
                #[inline(always)]
                || {
                    for ((a, b), sum) in a.iter().zip(b).zip(&mut *sum) {
                        *sum = Self::of(*a, *b);
                    }
                },
            );
        });
        Ok((CpuStorage::F32(sum), a_layout.shape().clone()))
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        sum: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = match RELU {
            true => relu_gradient(sum, gradient)?,
            false => gradient.clone(),
        };
        let part = |x: &Tensor| wants_gradient(x).then(|| gradient.clone());
        Ok((part(a), part(b)))
    }
}

impl<const RELU: bool> InplaceOp2 for Sum<RELU> {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn cpu_fwd(
        &self,
        y: &mut CpuStorage,
        y_layout: &Layout,
        x: &CpuStorage,
        x_layout: &Layout,
    ) -> Result<()> {
        let (y, x) = (slice_mut(y, y_layout)?, slice(x, x_layout)?);
        let parts = y.chunks_mut(CHUNK).zip(x.chunks(CHUNK));
        let work = y_layout.shape().elem_count();
        threads::for_parts_of(work, parts, |_, (y, x)| {
            simd::run_closure(
                #[inline(always)]
                || {
                    for (y, x) in y.iter_mut().zip(x) {
                        *y = Self::of(*y, *x);
                    }
                },
            );
        });
        Ok(())
    }
}

/// The gradient before ReLU, from its result.
pub(super) fn relu_gradient(y: &Tensor, dy: &Tensor) -> Result<Tensor> {
    let mut dx = buffer(y.elem_count());
    read(y, |y| {
        read(dy, |dy| {
            let parts = y.chunks(CHUNK).zip(dy.chunks(CHUNK));
            let parts = parts.zip(dx.chunks_mut(CHUNK));
            threads::for_parts_of(y.len(), parts, |_, ((y, dy), dx)| {
                Activation::Relu.backward(y, dy, dx);
            });
            Ok(())
        })
    })?;
    tensor(dx, y.shape())
}

/// a + b.
///
/// # Errors
/// When the shapes differ.
pub fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    sum::<false>(a, b)
}

/// max(a + b, 0).
///
/// # Errors
/// When the shapes differ.
pub fn add_relu(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    sum::<true>(a, b)
}

/// y + x, in the memory of `y`, which nobody else reads; in new memory if a backward pass may read
/// it, or `x` is in the same memory.
///
/// # Errors
/// When the shapes differ.
pub(crate) fn add_to(y: Tensor, x: &Tensor) -> Result<Tensor> {
    match fits(&y, x) {
        true => y.inplace_op2(x, &Sum::<false>).map(|()| y),
        false => y + x,
    }
}

/// [`add_to`], with ReLU.
///
/// # Errors
/// When the shapes differ.
pub(crate) fn add_relu_to(y: Tensor, x: &Tensor) -> Result<Tensor> {
    match fits(&y, x) {
        true => y.inplace_op2(x, &Sum::<true>).map(|()| y),
        false => add_relu(&y, x),
    }
}

/// Whether y + x may be in the memory of `y`.
fn fits(y: &Tensor, x: &Tensor) -> bool {
    let is_plain = |t: &Tensor| t.device().is_cpu() && t.is_contiguous() && !wants_gradient(t);
    y.shape() == x.shape() && is_plain(y) && is_plain(x) && !share_memory(y, x)
}

fn sum<const RELU: bool>(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.shape() != b.shape() {
        bail!("sum: {:?} and {:?} differ in shape", a.dims(), b.dims());
    }
    if !a.device().is_cpu() {
        let sum = (a + b)?;
        return if RELU { sum.relu() } else { Ok(sum) };
    }
    let (a, b) = (a.contiguous()?, b.contiguous()?);
    let sum = a.apply_op2(&b, Sum::<RELU>)?;
    tape::note_sum([a, b], &sum, RELU);
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::fixture::{self, var};
    use crate::kernels::{Activation, dense, gradients, view};

    fn bits(tensor: &Tensor) -> Vec<u32> {
        let values: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
        values.into_iter().map(f32::to_bits).collect()
    }

    /// Residual blocks of a dense layer, one inside another, read through other shapes: large enough
    /// that memory is used again.
    #[test]
    fn gradients_are_those_of_candles_own_walk() {
        let (w, b) = (var(&[64, 64], 0.1), var(&[64], 0.2));
        let (v, c) = (var(&[64, 64], 0.3), var(&[64], 0.4));
        let x = var(&[100, 64], 0.5).as_detached_tensor();
        let block = |x: &Tensor, inner: Option<&Tensor>| {
            let y = dense(x, &w, &b, Activation::Tanh)?;
            let y = match inner {
                Some(inner) => add(&y, inner)?,
                None => y,
            };
            let y = dense(&y, &v, &c, Activation::Relu)?;
            add(&y, x)
        };
        let forward = || {
            let x = dense(&x, &v, &c, Activation::Identity)?;
            let once = block(&x, None)?;
            let twice = block(&once, Some(&x))?;
            let shaped = view(&twice, twice.reshape((50, 128))?);
            let back = view(&shaped, shaped.reshape((100, 64))?);
            // The same tensor on both sides.
            let doubled = add(&back, &back)?;
            dense(&doubled, &w, &b, Activation::Identity)
        };
        let expected = forward().unwrap().backward().unwrap();
        for _ in 0..3 {
            let (_, found) = gradients(forward).unwrap();
            for var in [&w, &b, &v, &c] {
                let [found, expected] = [&found, &expected].map(|g| g.get(var).unwrap());
                let pairs = bits(found).into_iter().zip(bits(expected));
                let close = |(a, b): (u32, u32)| {
                    let (a, b) = (f32::from_bits(a), f32::from_bits(b));
                    (a - b).abs() <= 1e-5 * b.abs().max(1.0)
                };
                assert!(pairs.into_iter().all(close));
            }
        }
    }

    #[test]
    fn relu_inside_is_relu_after_it() {
        let (w, b) = (var(&[64, 64], 0.1), var(&[64], 0.2));
        let x = var(&[100, 64], 0.5).as_detached_tensor();
        let forward = |is_inside: bool| {
            let y = dense(&x, &w, &b, Activation::Identity)?;
            let sum = match is_inside {
                true => add_relu(&y, &x)?,
                false => crate::kernels::activate(&add(&y, &x)?, Activation::Relu)?,
            };
            // Both sides get the gradient.
            let sum = match is_inside {
                true => add_relu(&sum, &y)?,
                false => crate::kernels::activate(&add(&sum, &y)?, Activation::Relu)?,
            };
            dense(&sum, &w, &b, Activation::Identity)
        };
        let (y, expected) = gradients(|| forward(false)).unwrap();
        let (found_y, found) = gradients(|| forward(true)).unwrap();
        let by_candle = forward(true).unwrap().backward().unwrap();
        assert_eq!(bits(&found_y), bits(&y));
        for var in [&w, &b] {
            let expected = expected.get(var).unwrap();
            for found in [&found, &by_candle] {
                fixture::assert_close(found.get(var).unwrap(), expected, "gradient");
            }
        }
    }

    #[test]
    fn shapes_have_to_be_the_same() {
        let of = |shape: &[usize]| var(shape, 0.0).as_detached_tensor();
        assert!(add(&of(&[2, 3]), &of(&[3, 2])).is_err());
        assert!(add_to(of(&[2, 3]), &of(&[3, 2])).is_err());
        assert!(add_relu_to(of(&[2, 3]), &of(&[3, 2])).is_err());
    }

    #[test]
    fn in_place_is_the_same_and_spares_what_others_read() {
        let (a, b) = (var(&[50_000], 0.1), var(&[50_000], 0.2));
        let [x, y] = [&a, &b].map(|of| of.as_detached_tensor());
        let [sum, relu] = [add(&y, &x).unwrap(), add_relu(&y, &x).unwrap()];
        let start = |t: &Tensor| read(t, |values| Ok(values.as_ptr())).unwrap();
        for (expected, of) in [(&sum, false), (&relu, true)] {
            let add = |y: Tensor, x: &Tensor| match of {
                true => add_relu_to(y, x).unwrap(),
                false => add_to(y, x).unwrap(),
            };
            let copy = y.copy().unwrap();
            let place = start(&copy);
            let found = add(copy, &x);
            assert_eq!((bits(&found), start(&found)), (bits(expected), place));
            // What a backward pass reads, and both sides in one memory.
            let tracked = add(b.as_tensor().clone(), &x);
            assert_eq!(bits(&tracked), bits(expected));
            assert_eq!(bits(b.as_tensor()), bits(&y));
            let twice = match of {
                true => add_relu(&y, &y).unwrap(),
                false => super::add(&y, &y).unwrap(),
            };
            assert_eq!(bits(&add(y.clone(), &y)), bits(&twice));
            assert_eq!(bits(&y), bits(&b));
        }
    }
}
