//! A thread that answers questions, the newest first: one is being answered, one waits, and a newer
//! one replaces the one that waits.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The thread.
pub struct Newest<Q, A> {
    desk: Arc<Desk<Q, A>>,
    thread: Option<JoinHandle<()>>,
}

struct Desk<Q, A> {
    papers: Mutex<Papers<Q, A>>,
    changed: Condvar,
}

struct Papers<Q, A> {
    question: Option<Q>,
    answer: Option<A>,
    is_busy: bool,
    is_closed: bool,
}

impl<Q: Send + 'static, A: Send + 'static> Newest<Q, A> {
    /// Starts the thread. It calls `wake` after each answer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(
        name: &str,
        wake: Arc<dyn Fn() + Send + Sync>,
        mut answer: impl FnMut(Q) -> A + Send + 'static,
    ) -> std::io::Result<Newest<Q, A>> {
        let desk = Arc::new(Desk {
            papers: Mutex::new(Papers {
                question: None,
                answer: None,
                is_busy: false,
                is_closed: false,
            }),
            changed: Condvar::new(),
        });
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn({
            let desk = desk.clone();
            move || {
                while let Some(question) = desk.next() {
                    let answer = answer(question);
                    let mut papers = desk.lock();
                    papers.is_busy = false;
                    papers.answer = Some(answer);
                    drop(papers);
                    wake();
                }
            }
        })?;
        Ok(Newest {
            desk,
            thread: Some(thread),
        })
    }

    /// Asks, and forgets a question that still waits.
    pub fn ask(&self, question: Q) {
        self.desk.lock().question = Some(question);
        self.desk.changed.notify_all();
    }

    /// The newest answer since the last call.
    pub fn take(&self) -> Option<A> {
        self.desk.lock().answer.take()
    }

    /// Whether an answer is on its way.
    pub fn is_busy(&self) -> bool {
        let papers = self.desk.lock();
        papers.is_busy || papers.question.is_some() || papers.answer.is_some()
    }
}

impl<Q, A> Drop for Newest<Q, A> {
    fn drop(&mut self) {
        self.desk.lock().is_closed = true;
        self.desk.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A fault in an answer ends that thread only; the window is closing anyway.
            let _ = thread.join();
        }
    }
}

impl<Q, A> Desk<Q, A> {
    /// Waits for a question; `None` when the desk is closed.
    fn next(&self) -> Option<Q> {
        let mut papers = self.lock();
        loop {
            if papers.is_closed {
                return None;
            }
            if let Some(question) = papers.question.take() {
                papers.is_busy = true;
                return Some(question);
            }
            papers = self
                .changed
                .wait(papers)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The papers are in order after every statement, so a panic elsewhere cannot spoil them.
    fn lock(&self) -> MutexGuard<'_, Papers<Q, A>> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_newer_question_replaces_the_one_that_waits() {
        let (told, tell) = channel();
        let (go_on, wait) = channel::<()>();
        let worker = Newest::spawn("test", Arc::new(|| {}), move |n: u32| {
            told.send(n).unwrap();
            wait.recv().unwrap();
            n * 2
        })
        .unwrap();
        worker.ask(1);
        assert_eq!(tell.recv().unwrap(), 1);
        worker.ask(2);
        worker.ask(3);
        assert!(worker.is_busy());
        go_on.send(()).unwrap();
        assert_eq!(tell.recv().unwrap(), 3);
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
