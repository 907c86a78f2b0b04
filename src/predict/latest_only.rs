//! A thread that processes only the latest request: one is in progress, one is pending, and a newer
//! one replaces the pending one.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The worker thread.
pub struct LatestOnly<Q, A> {
    shared: Arc<Shared<Q, A>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared<Q, A> {
    slots: Mutex<Slots<Q, A>>,
    changed: Condvar,
}

struct Slots<Q, A> {
    question: Option<Q>,
    answer: Option<A>,
    is_busy: bool,
    is_closed: bool,
}

impl<Q: Send + 'static, A: Send + 'static> LatestOnly<Q, A> {
    /// Starts the thread. It calls `wake` after each result.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn spawn(
        name: &str,
        wake: Arc<dyn Fn() + Send + Sync>,
        mut answer: impl FnMut(Q) -> A + Send + 'static,
    ) -> std::io::Result<LatestOnly<Q, A>> {
        let shared = Arc::new(Shared {
            slots: Mutex::new(Slots {
                question: None,
                answer: None,
                is_busy: false,
                is_closed: false,
            }),
            changed: Condvar::new(),
        });
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn({
            let shared = shared.clone();
            move || {
                while let Some(question) = shared.next() {
                    let answer = answer(question);
                    let mut slots = shared.lock();
                    slots.is_busy = false;
                    slots.answer = Some(answer);
                    drop(slots);
                    wake();
                }
            }
        })?;
        Ok(LatestOnly {
            shared,
            thread: Some(thread),
        })
    }

    /// Sends a request, and drops a pending one.
    pub fn ask(&self, question: Q) {
        self.shared.lock().question = Some(question);
        self.shared.changed.notify_all();
    }

    /// Returns the newest result since the last call.
    pub fn take(&self) -> Option<A> {
        self.shared.lock().answer.take()
    }

    /// Returns whether a result is pending.
    pub fn is_busy(&self) -> bool {
        let slots = self.shared.lock();
        slots.is_busy || slots.question.is_some() || slots.answer.is_some()
    }
}

impl<Q, A> Drop for LatestOnly<Q, A> {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic in the worker ends that thread only; the window is closing anyway.
            let _ = thread.join();
        }
    }
}

impl<Q, A> Shared<Q, A> {
    /// Waits for a request; `None` once closed.
    fn next(&self) -> Option<Q> {
        let mut slots = self.lock();
        loop {
            if slots.is_closed {
                return None;
            }
            if let Some(question) = slots.question.take() {
                slots.is_busy = true;
                return Some(question);
            }
            slots = self
                .changed
                .wait(slots)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The state is valid after every statement, so a poisoned lock is still usable.
    fn lock(&self) -> MutexGuard<'_, Slots<Q, A>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_newer_question_replaces_the_one_that_waits() {
        let (sender, receiver) = channel();
        let (go_on, wait) = channel::<()>();
        let worker = LatestOnly::spawn("test", Arc::new(|| {}), move |n: u32| {
            sender.send(n).unwrap();
            wait.recv().unwrap();
            n * 2
        })
        .unwrap();
        worker.ask(1);
        assert_eq!(receiver.recv().unwrap(), 1);
        worker.ask(2);
        worker.ask(3);
        assert!(worker.is_busy());
        go_on.send(()).unwrap();
        assert_eq!(receiver.recv().unwrap(), 3);
        go_on.send(()).unwrap();
        let answer = loop {
            if let Some(answer) = worker.take().filter(|a| *a != 2) {
                break answer;
            }
        };
        assert_eq!(answer, 6);
        assert!(!worker.is_busy());
    }
}
