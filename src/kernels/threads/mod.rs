//! The thread pool behind every kernel: fork, run a fixed number of chunks, join.
//!
//! A kernel splits its work into chunks whose number depends on the shapes alone, never on the
//! number of threads; the threads claim chunks as they become free, and partial results are reduced
//! in the order of their index. So the result has the same bits for every thread count.

mod pool;

use pool::{Pool, lock};
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Multiply-adds that take as long as reading and writing an element that is in no first-level cache.
const OF_AN_ELEMENT: usize = 4;

static POOL: RwLock<Option<Arc<Pool>>> = RwLock::new(None);

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

thread_local! {
    /// The pool of a thread that shares the machine with others, such as parallel trials.
    static OWN: RefCell<Option<Arc<Pool>>> = const { RefCell::new(None) };
}

/// From now on the kernels called on this thread use `n` threads of their own, including this one,
/// instead of the shared pool: parallel trials do not disturb each other.
pub fn use_own_threads(n: usize) {
    OWN.set(Some(Arc::new(Pool::new(n.max(1)))));
}

fn pool() -> Arc<Pool> {
    if let Some(own) = OWN.with_borrow(Clone::clone) {
        return own;
    }
    if let Some(pool) = &*POOL.read().unwrap_or_else(PoisonError::into_inner) {
        return Arc::clone(pool);
    }
    let mut slot = POOL.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(slot.get_or_insert_with(|| Arc::new(Pool::new(cores()))))
}

/// Sets how many threads the kernels use, including the calling one. At least one; results do not
/// depend on it. A kernel that is running keeps its threads.
pub fn set_threads(n: usize) {
    if n.max(1) == threads() {
        return;
    }
    let new = Arc::new(Pool::new(n.max(1)));
    let old = POOL
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .replace(new);
    drop(old);
}

/// How many threads the kernels use, including the calling one.
pub fn threads() -> usize {
    pool().threads()
}

/// Runs `task(0)` to `task(chunks - 1)`, each exactly once, in any order and on any thread.
pub(crate) fn for_each(chunks: usize, task: impl Fn(usize) + Sync) {
    if chunks < 2 {
        return (0..chunks).for_each(task);
    }
    pool().run(chunks, &task);
}

/// Runs `task(i, part)` for every part: gives each chunk its own `&mut` part of a result.
pub(crate) fn for_parts<P: Send>(
    parts: impl IntoIterator<Item = P>,
    task: impl Fn(usize, P) + Sync,
) {
    let slots: Vec<Mutex<Option<P>>> = parts
        .into_iter()
        .map(|part| Mutex::new(Some(part)))
        .collect();
    for_each(slots.len(), |index| {
        if let Some(part) = lock(&slots[index]).take() {
            task(index, part);
        }
    });
}

/// Like [`for_parts`], but on this thread alone if all parts together are too little `work`, in
/// multiply-adds, for several threads.
pub(crate) fn for_parts_worth<P: Send>(
    work: usize,
    parts: impl IntoIterator<Item = P>,
    task: impl Fn(usize, P) + Sync,
) {
    match is_worth(work) {
        true => for_parts(parts, task),
        false => parts
            .into_iter()
            .enumerate()
            .for_each(|(i, part)| task(i, part)),
    }
}

/// [`for_parts_worth`] for a task whose work is to read and write so many `elements`.
pub(crate) fn for_parts_of<P: Send>(
    elements: usize,
    parts: impl IntoIterator<Item = P>,
    task: impl Fn(usize, P) + Sync,
) {
    for_parts_worth(elements * OF_AN_ELEMENT, parts, task);
}

/// What `task` makes of each item, in order. Each item is one thread's: the kernels that `task` calls
/// run on that thread alone, so that threads wait for each other once, and not in every kernel.
pub(crate) fn map_alone<T: Sync, R: Send>(items: &[T], task: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    for_parts(items.iter().zip(&mut results), |_, (item, result)| {
        *result = Some(alone(|| task(item)));
    });
    results.into_iter().flatten().collect()
}

/// Runs `task` with this thread as the only one for its kernels.
fn alone<R>(task: impl FnOnce() -> R) -> R {
    /// Puts the thread's own pool back, also after a panic.
    struct Before(Option<Arc<Pool>>);

    impl Drop for Before {
        fn drop(&mut self) {
            OWN.set(self.0.take());
        }
    }

    let _before = Before(OWN.replace(Some(Arc::new(Pool::new(1)))));
    task()
}

/// Whether so many multiply-adds take longer than waking the other threads.
pub(crate) fn is_worth(work: usize) -> bool {
    // A few microseconds on one core.
    work >= 1 << 17
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn items_are_mapped_in_order_and_each_by_one_thread() {
        use_own_threads(3);
        let items: Vec<usize> = (0..50).collect();
        let mapped = map_alone(&items, |item| (item * 2, threads()));
        let expected: Vec<_> = items.iter().map(|item| (item * 2, 1)).collect();
        assert_eq!(mapped, expected);
        assert_eq!(threads(), 3);
    }

    #[test]
    fn callers_at_once_and_nested_calls_all_finish() {
        let total = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        for_each(7, |_| {
                            for_each(3, |_| {
                                total.fetch_add(1, Ordering::Relaxed);
                            });
                        });
                    }
                });
            }
        });
        assert_eq!(total.into_inner(), 4 * 200 * 21);
    }
}
