//! A set of worker threads that run one job at a time.
//!
//! A training step forks some ten times within half a millisecond, hence two choices that general
//! pools do not make: workers spin for a moment before they sleep, and there are no queues. A
//! second caller (the predictor, while the trainer has the pool) does not wait: its job runs on its
//! own thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How often a worker checks for the next job before it yields its core. Long enough for the gaps
/// within a step, short enough for other threads that need the core.
const SPINS: usize = 2_000;

/// How often it yields before it sleeps: about a tenth of a millisecond in all, enough for the gap
/// between two steps. Waking a sleeping thread takes as long as the work of a fork.
const YIELDS: usize = 200;

type Task<'a> = dyn Fn(usize) + Sync + 'a;

/// The chunks that one thread claims first, from `next` on. On cache lines of its own: a counter that
/// all threads write for every chunk would take longer than a small chunk does.
#[repr(align(128))]
struct Share {
    next: AtomicUsize,
    end: usize,
}

/// One fork. Every job has counters of its own, so a worker that arrives late finds nothing left
/// to claim and never touches the task.
struct Job {
    task: &'static Task<'static>,
    chunks: usize,
    /// Of each thread.
    shares: Vec<Share>,
    finished: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Job {
    fn new(task: &Task<'_>, chunks: usize, threads: usize) -> Self {
        let share = |thread| Share {
            next: AtomicUsize::new(chunks * thread / threads),
            end: chunks * (thread + 1) / threads,
        };
        Self {
            task: forget_lifetime(task),
            chunks,
            shares: (0..threads).map(share).collect(),
            finished: AtomicUsize::new(0),
            panic: Mutex::new(None),
        }
    }

    /// Claims and runs chunks until none is left: first those of the thread's own share, most of which
    /// it had in the jobs before, so that they are still in its cache; then those of others.
    fn work(&self, thread: usize) {
        let (others, own) = self.shares.split_at(thread);
        let mut done = 0;
        for share in own.iter().chain(others) {
            loop {
                let chunk = share.next.fetch_add(1, Ordering::Relaxed);
                if chunk >= share.end {
                    break;
                }
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| (self.task)(chunk))) {
                    lock(&self.panic).get_or_insert(payload);
                }
                done += 1;
            }
        }
        if done > 0 {
            self.finished.fetch_add(done, Ordering::Release);
        }
    }

    /// Waits for the chunks that other threads have claimed.
    fn join(&self) {
        let mut spins = 0;
        while self.finished.load(Ordering::Acquire) < self.chunks {
            spins += 1;
            if spins < SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

/// Lets the workers, which outlive every job, hold a task that borrows from its caller.
fn forget_lifetime<'a>(task: &'a Task<'a>) -> &'static Task<'static> {
    #[expect(
        unsafe_code,
        reason = "a job's task is called only for a claimed chunk, and `run` returns only after \
                  every chunk has been claimed and finished"
    )]
    // SAFETY: the two types differ in a lifetime only. `Job::work` dereferences the task only
    // between claiming a chunk and counting it as finished; `Pool::run`, which holds the true
    // borrow, waits in `Job::join` until all are counted, and no path leaves it earlier: panics
    // of a chunk are caught and resumed after the join.
    unsafe {
        std::mem::transmute::<&'a Task<'a>, &'static Task<'static>>(task)
    }
}

#[derive(Default)]
struct Inbox {
    job: Option<Arc<Job>>,
    sleepers: usize,
}

#[derive(Default)]
struct Shared {
    /// Counts the jobs; workers spin on it without touching the mutex.
    posted: AtomicUsize,
    stop: AtomicBool,
    inbox: Mutex<Inbox>,
    bell: Condvar,
}

impl Shared {
    /// Waits for the job after number `seen`; `None` when the pool closes.
    fn wait(&self, seen: &mut usize) -> Option<Arc<Job>> {
        for round in 0..SPINS + YIELDS {
            if self.posted.load(Ordering::Acquire) != *seen || self.stop.load(Ordering::Acquire) {
                break;
            }
            match round < SPINS {
                true => std::hint::spin_loop(),
                false => std::thread::yield_now(),
            }
        }
        let mut inbox = lock(&self.inbox);
        loop {
            if self.stop.load(Ordering::Acquire) {
                return None;
            }
            let posted = self.posted.load(Ordering::Acquire);
            if posted != *seen {
                *seen = posted;
                return inbox.job.clone();
            }
            inbox.sleepers += 1;
            inbox = self
                .bell
                .wait(inbox)
                .unwrap_or_else(PoisonError::into_inner);
            inbox.sleepers -= 1;
        }
    }

    /// Publishes a job, or closes the pool with `None`.
    fn post(&self, job: Option<Arc<Job>>) {
        let mut inbox = lock(&self.inbox);
        if job.is_none() {
            self.stop.store(true, Ordering::Release);
        }
        inbox.job = job;
        self.posted.fetch_add(1, Ordering::Release);
        if inbox.sleepers > 0 {
            self.bell.notify_all();
        }
    }
}

/// A set of worker threads; the caller of [`Pool::run`] is always one thread more.
pub(super) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    busy: Mutex<()>,
}

impl Pool {
    pub fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let spawn = |index: usize| {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name(format!("kernel-{index}"))
                .spawn(move || {
                    let mut seen = 0;
                    while let Some(job) = shared.wait(&mut seen) {
                        job.work(index);
                    }
                })
                .ok()
        };
        // A machine that grants fewer threads than requested gives the same results, only slower.
        let workers = (1..threads).map_while(spawn).collect();
        Self {
            shared,
            workers,
            busy: Mutex::new(()),
        }
    }

    /// How many threads run a job, including the calling one.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Runs `task(0)` to `task(chunks - 1)`, and waits for all.
    pub fn run(&self, chunks: usize, task: &Task<'_>) {
        let alone = self.workers.is_empty() || chunks < 2;
        let Some(_turn) = (!alone).then(|| self.busy.try_lock().ok()).flatten() else {
            return (0..chunks).for_each(task);
        };
        let job = Arc::new(Job::new(task, chunks, self.threads()));
        self.shared.post(Some(Arc::clone(&job)));
        job.work(0);
        job.join();
        if let Some(payload) = lock(&job.panic).take() {
            resume_unwind(payload);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.post(None);
        for worker in self.workers.drain(..) {
            // A worker catches the panics of its chunks, so there is nothing to report.
            let _ = worker.join();
        }
    }
}

/// Locks `mutex`, whatever has happened.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The data behind these locks is never left half written, so a poisoned one is still good.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn every_chunk_runs_once() {
        let pool = Pool::new(5);
        for chunks in 0..40 {
            let counts: Vec<AtomicUsize> = (0..chunks).map(|_| AtomicUsize::new(0)).collect();
            pool.run(chunks, &|i| {
                counts[i].fetch_add(1, Ordering::Relaxed);
            });
            assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn the_share_of_a_slow_thread_is_taken_by_others() {
        let pool = Pool::new(2);
        let others = AtomicUsize::new(0);
        let end = Instant::now() + Duration::from_secs(60);
        pool.run(8, &|i| {
            if i > 0 {
                others.fetch_add(1, Ordering::Relaxed);
                return;
            }
            while others.load(Ordering::Relaxed) < 7 && Instant::now() < end {
                std::thread::yield_now();
            }
            assert_eq!(others.load(Ordering::Relaxed), 7, "done beside chunk 0");
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_survives() {
        let pool = Pool::new(3);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            pool.run(8, &|i| assert!(i != 5, "chunk five"));
        }));
        assert!(caught.is_err());
        let sum = AtomicUsize::new(0);
        pool.run(8, &|i| {
            sum.fetch_add(i, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 28);
    }
}
