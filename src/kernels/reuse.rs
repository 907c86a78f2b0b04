//! Reuse of tensor memory: a training step makes the same tensors as the one before.
//!
//! A new buffer must be zeroed, and its pages too if it comes from the system; for networks on
//! large images that was an eighth of a step. So gradients and results that are no longer needed
//! give their memory back, and the next ops take it without zeroing.

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Storage, Tensor};
use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Smaller buffers, in elements, are not worth the search.
const LEAST: usize = 1 << 12;

/// Buffers kept: more than a step of any network here makes; a limit for when sizes change.
const MOST: usize = 64;

thread_local! {
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
    static FREE_BYTES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that an op saves for its backward pass; their memory goes to the next step's op.
pub(super) struct Bytes(Vec<u8>);

impl Bytes {
    /// `len` bytes with arbitrary contents.
    pub fn new(len: usize) -> Self {
        let used = FREE_BYTES.with_borrow_mut(|free| take(free, len));
        Self(used.unwrap_or_else(|| vec![0; len]))
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.0);
        // A thread that is ending does not need them.
        let _ = FREE_BYTES.try_with(|free| keep(&mut free.borrow_mut(), bytes));
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Bytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Takes a free buffer of this length, the most recent one.
fn take<T>(free: &mut Vec<Vec<T>>, len: usize) -> Option<Vec<T>> {
    if len < LEAST {
        return None;
    }
    let at = free.iter().rposition(|buffer| buffer.len() == len)?;
    Some(free.remove(at))
}

/// Keeps a buffer for the next use of its length.
fn keep<T>(free: &mut Vec<Vec<T>>, buffer: Vec<T>) {
    if buffer.len() < LEAST {
        return;
    }
    if free.len() == MOST {
        free.remove(0);
    }
    free.push(buffer);
}

/// `len` floats with arbitrary contents, for results that overwrite all of them.
pub(super) fn buffer(len: usize) -> Vec<f32> {
    let used = FREE.with_borrow_mut(|free| take(free, len));
    used.unwrap_or_else(|| vec![0.0; len])
}

/// Takes the memory of a tensor that is not read again, here or through another tensor.
pub(super) fn reclaim(tensor: &Tensor) {
    let is_ours = tensor.device().is_cpu() && !tensor.is_variable();
    if is_ours && tensor.elem_count() >= LEAST {
        // What this cannot take is freed as always.
        let _ = tensor.inplace_op1(&Take);
    }
}

/// Whether two tensors are views of the same memory.
pub(super) fn share_memory(a: &Tensor, b: &Tensor) -> bool {
    let start = |tensor: &Tensor| match &*tensor.storage_and_layout().0 {
        Storage::Cpu(CpuStorage::F32(data)) if !data.is_empty() => Some(data.as_ptr()),
        _ => None,
    };
    start(a).is_some_and(|a| start(b) == Some(a))
}

struct Take;

impl InplaceOp1 for Take {
    fn name(&self) -> &'static str {
        "reclaim"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> Result<()> {
        if let CpuStorage::F32(data) = storage {
            let data = std::mem::take(data);
            FREE.with_borrow_mut(|free| keep(free, data));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn bytes_come_back_once() {
        let n = LEAST + 7;
        let mut bytes = Bytes::new(n);
        bytes.fill(3);
        drop(bytes);
        // Empty ones, such as those of a convolution without pooling, evict nothing.
        (0..2 * MOST).for_each(|_| drop(Bytes::new(0)));
        assert_eq!(*Bytes::new(n + 1), vec![0; n + 1]);
        let again = Bytes::new(n);
        assert_eq!(*again, vec![3; n]);
        assert_eq!(*Bytes::new(n), vec![0; n]);
    }

    #[test]
    fn memory_comes_back_once() {
        let n = LEAST + 1;
        let tensor = Tensor::from_vec(vec![7f32; n], n, &Device::Cpu).unwrap();
        assert!(share_memory(&tensor, &tensor.reshape((1, n)).unwrap()));
        assert!(!share_memory(&tensor, &tensor.copy().unwrap()));
        reclaim(&tensor);
        assert_eq!(buffer(n), vec![7.0; n]);
        assert_eq!(buffer(n), vec![0.0; n]);
    }
}
