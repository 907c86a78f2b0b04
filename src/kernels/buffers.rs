//! Memory that is used again: after the first training steps nothing is allocated.
//!
//! New memory must be zeroed, and its pages too if it comes from the system; for networks on large
//! images that was an eighth of a step. There are two policies, because two things are asked for:
//!
//! * [`scratch`] memory lives during a call. Any buffer that is large enough will do, so the
//!   smallest such one is taken, which is most likely still in the cache.
//! * [`Spares`] become tensors and checkpoints, which own their memory: only the exact length fits.
//!   They are those of the step before, which made the same tensors.

use super::support::{read, wants_gradient};
use super::threads;
use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Storage, Tensor};
use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::thread::LocalKey;

/// Floats per cache line; every scratch buffer starts on one, so that no vector load crosses two.
const LINE: usize = 16;

/// Smaller buffers, in elements, are not worth the search.
const MIN_LEN: usize = 1 << 12;

/// Spares of a thread: more than a step of any network here makes; a limit for when sizes change.
const MAX_SPARES: usize = 64;

/// Elements per chunk of a copy.
const CHUNK: usize = 1 << 16;

thread_local! {
    /// The scratch buffers not in use.
    static SCRATCH: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
    static FLOATS: RefCell<Spares<f32>> = const { RefCell::new(Spares(Vec::new())) };
    static BYTES: RefCell<Spares<u8>> = const { RefCell::new(Spares(Vec::new())) };
    static WORDS: RefCell<Spares<u32>> = const { RefCell::new(Spares(Vec::new())) };
}

/// Calls `task` with a buffer of `len` floats with arbitrary contents.
///
/// Calls can be nested: each gets its own buffer.
pub(super) fn scratch<R>(len: usize, task: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut buffer = SCRATCH
        .with_borrow_mut(|free| best_fit(free, len + LINE))
        .unwrap_or_default();
    if buffer.len() < len + LINE {
        buffer.resize(len + LINE, 0.0);
    }
    let start = buffer.as_ptr().align_offset(LINE * size_of::<f32>());
    // `align_offset` may return usize::MAX: an unaligned buffer is slower, not wrong.
    let start = if start < LINE { start } else { 0 };
    let result = task(&mut buffer[start..start + len]);
    SCRATCH.with_borrow_mut(|free| free.push(buffer));
    result
}

/// Takes the smallest buffer of at least `len` floats, else the largest there is.
fn best_fit(free: &mut Vec<Vec<f32>>, len: usize) -> Option<Vec<f32>> {
    // A plain loop: `min_by_key` compares in memory, and that waits for all that a kernel wrote.
    let (mut best, mut len_of_best) = (0, 0);
    for (i, n) in free.iter().map(Vec::len).enumerate() {
        let is_better = match len_of_best >= len {
            true => n >= len && n < len_of_best,
            false => n > len_of_best,
        };
        if is_better {
            (best, len_of_best) = (i, n);
        }
    }
    (len_of_best > 0).then(|| free.swap_remove(best))
}

/// Buffers whose values are no longer needed, oldest first.
#[derive(Debug, Default)]
pub(super) struct Spares<T>(Vec<Vec<T>>);

impl<T: Copy + Default> Spares<T> {
    /// `len` elements with arbitrary contents: the most recent spare of this length, else new.
    fn take(&mut self, len: usize) -> Vec<T> {
        let at = match len < MIN_LEN {
            true => None,
            false => self.0.iter().rposition(|spare| spare.len() == len),
        };
        at.map_or_else(|| vec![T::default(); len], |at| self.0.remove(at))
    }

    fn keep(&mut self, spare: Vec<T>) {
        if spare.len() < MIN_LEN {
            return;
        }
        if self.0.len() == MAX_SPARES {
            self.0.remove(0);
        }
        self.0.push(spare);
    }
}

/// `len` floats with arbitrary contents, for results that overwrite all of them.
pub(crate) fn buffer(len: usize) -> Vec<f32> {
    FLOATS.with_borrow_mut(|spares| spares.take(len))
}

/// A type of elements, with the spares of each thread.
pub(super) trait Element: Copy + Default + 'static {
    const SPARES: &'static LocalKey<RefCell<Spares<Self>>>;
}

impl Element for f32 {
    const SPARES: &'static LocalKey<RefCell<Spares<f32>>> = &FLOATS;
}

impl Element for u8 {
    const SPARES: &'static LocalKey<RefCell<Spares<u8>>> = &BYTES;
}

impl Element for u32 {
    const SPARES: &'static LocalKey<RefCell<Spares<u32>>> = &WORDS;
}

/// What an op saves for its backward pass; its memory goes to the next step's op.
#[derive(Debug, Default)]
pub(super) struct Saved<T: Element>(Vec<T>);

impl<T: Element> Saved<T> {
    /// `len` elements with arbitrary contents.
    pub fn new(len: usize) -> Self {
        Saved(T::SPARES.with_borrow_mut(|spares| spares.take(len)))
    }
}

impl<T: Element> Deref for Saved<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Element> DerefMut for Saved<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: Element> Drop for Saved<T> {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.0);
        // At the end of a thread there is nobody left to use it.
        let _ = T::SPARES.try_with(|spares| spares.borrow_mut().keep(memory));
    }
}

/// Takes the memory of a tensor that is not read again, here or through another tensor.
pub(crate) fn reclaim(tensor: &Tensor) {
    let is_ours = tensor.device().is_cpu() && !tensor.is_variable();
    if is_ours && tensor.elem_count() >= MIN_LEN {
        // What this cannot take is freed as always.
        let _ = tensor.inplace_op1(&Take);
    }
}

/// Takes the memory of a tensor of a forward pass that nobody reads again, unless one of `others` is
/// in the same memory or a backward pass may read it.
pub(crate) fn reclaim_unless_shared(tensor: &Tensor, others: &[&Tensor]) {
    let is_kept = |other: &&Tensor| wants_gradient(other) || share_memory(tensor, other);
    if !wants_gradient(tensor) && !others.iter().any(is_kept) {
        reclaim(tensor);
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
            FLOATS.with_borrow_mut(|spares| spares.keep(data));
        }
        Ok(())
    }
}

/// Makes large copies, by all threads and in reused memory if there is some: most of their time is
/// page faults of memory that is new.
#[derive(Debug, Default)]
pub struct Copies(Spares<f32>);

impl Copies {
    /// Reuses the memory of `old`, whose values are no longer needed.
    pub fn in_place_of(old: impl IntoIterator<Item = Vec<f32>>) -> Self {
        Self(Spares(old.into_iter().collect()))
    }

    /// Copies `values`.
    pub fn of(&mut self, values: &[f32]) -> Vec<f32> {
        let mut copy = self.0.take(values.len());
        let parts = copy.chunks_mut(CHUNK).zip(values.chunks(CHUNK));
        threads::for_parts_of(values.len(), parts, |_, (to, from)| {
            to.copy_from_slice(from)
        });
        copy
    }

    /// Copies the elements of `x`.
    ///
    /// # Errors
    /// When `x` is not of f32.
    pub fn of_tensor(&mut self, x: &Tensor) -> Result<Vec<f32>> {
        read(&x.detach().to_device(&Device::Cpu)?, |x| Ok(self.of(x)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_nests_is_aligned_and_comes_back() {
        let first = scratch(100, |a| {
            a.fill(1.0);
            scratch(50, |b| {
                assert_eq!(b.len(), 50);
                b.fill(2.0);
            });
            assert!(a.iter().all(|&v| v == 1.0));
            assert_eq!(a.as_ptr().align_offset(64), 0);
            a.as_ptr()
        });
        assert_eq!(first, scratch(100, |a| a.as_ptr()));
    }

    #[test]
    fn bytes_come_back_once() {
        let n = MIN_LEN + 7;
        let mut bytes = Saved::<u8>::new(n);
        bytes.fill(3);
        drop(bytes);
        // Empty ones, such as those of a convolution without pooling, evict nothing.
        (0..2 * MAX_SPARES).for_each(|_| drop(Saved::<u8>::new(0)));
        assert_eq!(*Saved::<u8>::new(n + 1), vec![0; n + 1]);
        let again = Saved::<u8>::new(n);
        assert_eq!(*again, vec![3; n]);
        assert_eq!(*Saved::<u8>::new(n), vec![0; n]);
    }

    #[test]
    fn memory_comes_back_once() {
        let n = MIN_LEN + 1;
        let tensor = Tensor::from_vec(vec![7f32; n], n, &Device::Cpu).unwrap();
        assert!(share_memory(&tensor, &tensor.reshape((1, n)).unwrap()));
        assert!(!share_memory(&tensor, &tensor.copy().unwrap()));
        reclaim(&tensor);
        assert_eq!(buffer(n), vec![7.0; n]);
        assert_eq!(buffer(n), vec![0.0; n]);
    }

    #[test]
    fn copies_are_equal_and_take_the_place_of_old_ones() {
        let values: Vec<f32> = (0..3 * CHUNK + 7).map(|i| i as f32).collect();
        let old = vec![5.0; values.len()];
        let place = old.as_ptr();
        let mut copies = Copies::in_place_of([vec![1.0], old]);
        let copy = copies.of(&values);
        assert_eq!((copy.as_ptr(), &copy), (place, &values));
        assert_eq!(copies.of(&values), values);
        assert!(copies.of(&[]).is_empty());
    }
}
