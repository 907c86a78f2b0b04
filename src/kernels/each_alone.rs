//! Results that do not depend on the size of the batch.
//!
//! A dense layer cuts its sum into chunks for several threads if the whole batch is worth it, so the
//! last bits of a sample's result depend on how many others there are. For training that is of no
//! account, as a batch is what it is; an answer should be the same whoever else asks.

use std::cell::Cell;

thread_local! {
    /// The number of samples that are to be computed as if each were alone.
    static SAMPLES: Cell<usize> = const { Cell::new(1) };
}

/// Runs `task`, a forward pass over a batch of `n` samples, so that the result for each has the bits
/// it has in a batch of its own.
pub fn each_alone<R>(n: usize, task: impl FnOnce() -> R) -> R {
    /// Puts the number back, also after a panic.
    struct Before(usize);

    impl Drop for Before {
        fn drop(&mut self) {
            SAMPLES.set(self.0);
        }
    }

    let _before = Before(SAMPLES.replace(n.max(1)));
    task()
}

/// The part of `amount`, which belongs to the whole batch, that decides how it is computed.
pub(super) fn deciding(amount: usize) -> usize {
    amount / SAMPLES.get()
}
