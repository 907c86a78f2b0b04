//! Scratch buffers that a thread keeps from one kernel to the next: after the first training steps
//! nothing is allocated but candle's own tensors.

use std::cell::RefCell;

/// Floats per cache line; every buffer starts on one, so that no vector load crosses two.
const LINE: usize = 16;

thread_local! {
    /// The buffers not in use.
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Calls `task` with a buffer of `len` floats with arbitrary contents.
///
/// Calls can be nested: each gets its own buffer.
pub(crate) fn with<R>(len: usize, task: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut buffer = FREE
        .with_borrow_mut(|free| best_fit(free, len + LINE))
        .unwrap_or_default();
    if buffer.len() < len + LINE {
        buffer.resize(len + LINE, 0.0);
    }
    let start = buffer.as_ptr().align_offset(LINE * size_of::<f32>());
    // `align_offset` may return usize::MAX: an unaligned buffer is slower, not wrong.
    let start = if start < LINE { start } else { 0 };
    let result = task(&mut buffer[start..start + len]);
    FREE.with_borrow_mut(|free| free.push(buffer));
    result
}

/// Takes the smallest buffer of at least `len` floats, else the largest there is.
fn best_fit(free: &mut Vec<Vec<f32>>, len: usize) -> Option<Vec<f32>> {
    let best = free
        .iter()
        .enumerate()
        .min_by_key(|(_, b)| match b.len() >= len {
            true => (0, b.len()),
            false => (1, usize::MAX - b.len()),
        })?
        .0;
    Some(free.swap_remove(best))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_nest_are_aligned_and_come_back() {
        let first = with(100, |a| {
            a.fill(1.0);
            with(50, |b| {
                assert_eq!(b.len(), 50);
                b.fill(2.0);
            });
            assert!(a.iter().all(|&v| v == 1.0));
            assert_eq!(a.as_ptr().align_offset(64), 0);
            a.as_ptr()
        });
        assert_eq!(first, with(100, |a| a.as_ptr()));
    }
}
