//! Helpers of all ops: tensors as slices, slices as tensors, chunks of work.

use candle_core::{CpuStorage, Layout, Result, Shape, Storage, Tensor, bail};

/// Channel counts are padded to this: the vector width of the widest instruction set.
pub(crate) const LANES: usize = 16;

/// `n` rounded up to whole vectors.
pub(super) fn padded(n: usize) -> usize {
    n.next_multiple_of(LANES)
}

/// Moments and gradients below this become zero; those of a loss only at a lower limit, see `loss.rs`.
pub(super) const FLUSH_BELOW: f32 = 1e-16;

/// Sets a tiny `x` to zero.
///
/// Beside what it is added to, it is less than a rounding error; but products of such numbers are
/// subnormal, and with those some processors compute a hundred times slower. The moment of a weight
/// whose gradient has become zero, for instance at the border of the images, decays until it is: after
/// 600 updates of the reference network a step took three times as long. And the gradients of images of
/// which a network is sure are tiny from the start: the twelfth epoch of `fast` took five times as long
/// as the second.
#[inline(always)]
pub(super) fn flush_tiny(x: f32) -> f32 {
    flush_below(x, FLUSH_BELOW)
}

/// Sets an `x` that is less than `least` to zero.
#[inline(always)]
pub(super) fn flush_below(x: f32, least: f32) -> f32 {
    if x.abs() < least { 0.0 } else { x }
}

/// Whether the gradient of `x` is needed.
pub(super) fn wants_gradient(x: &Tensor) -> bool {
    x.is_variable() || x.track_op()
}

/// The elements of an op's argument.
pub(super) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let data = storage.as_slice::<f32>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&data[start..end]),
        None => bail!(
            "expected a contiguous tensor, found strides {:?}",
            layout.stride()
        ),
    }
}

/// The elements of a parameter, mutable.
pub(super) fn slice_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(data), Some((start, end))) => Ok(&mut data[start..end]),
        _ => bail!("expected a contiguous f32 parameter"),
    }
}

/// Calls `read` with the elements of `x`, made contiguous if they are not.
pub(super) fn read<R>(x: &Tensor, read: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    let x = x.contiguous()?;
    let (storage, layout) = x.storage_and_layout();
    match &*storage {
        Storage::Cpu(cpu) => read(slice(cpu, layout)?),
        _ => bail!(
            "expected a tensor on the CPU, found {:?}",
            x.device().location()
        ),
    }
}

/// A gradient as a tensor of `shape`, outside any graph.
pub(super) fn tensor(data: Vec<f32>, shape: impl Into<Shape>) -> Result<Tensor> {
    Tensor::from_vec(data, shape.into(), &candle_core::Device::Cpu)
}

/// Items per chunk if `n` items go into at most `most` chunks: a function of the shape alone.
pub(super) fn per_chunk(n: usize, most: usize) -> usize {
    n.div_ceil(most).max(1)
}

/// The chunks of some slices of equal length side by side: the first of each, the second of each, and
/// so on.
pub(super) fn in_step<'a>(
    slices: impl Iterator<Item = &'a mut [f32]>,
    len: usize,
) -> impl Iterator<Item = Vec<&'a mut [f32]>> {
    let mut chunks: Vec<_> = slices.map(|slice| slice.chunks_mut(len)).collect();
    let next = move || chunks.iter_mut().map(Iterator::next).collect();
    std::iter::from_fn(next).take_while(|chunks: &Vec<_>| !chunks.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiny_numbers_are_zero_and_others_stay() {
        assert_eq!([1e-17, -1e-30, 1e-45].map(flush_tiny), [0.0; 3]);
        assert_eq!([1.0, -1e-15, 0.0].map(flush_tiny), [1.0, -1e-15, 0.0]);
        assert!(flush_tiny(f32::NAN).is_nan());
    }

    #[test]
    fn chunks_side_by_side_cover_the_slices() {
        let mut rows = [[0.0, 1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0, 9.0]];
        let found: Vec<_> = in_step(rows.iter_mut().map(|row| &mut row[..]), 2).collect();
        let expected = [
            [[0.0, 1.0].as_slice(), &[5.0, 6.0]],
            [&[2.0, 3.0], &[7.0, 8.0]],
            [&[4.0], &[9.0]],
        ];
        assert_eq!(found, expected);
        assert_eq!(in_step(std::iter::empty(), 2).count(), 0);
    }
}
