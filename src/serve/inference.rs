//! The thread that runs the networks: it takes what waits, up to a batch, and answers each request
//! from its part of the output.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::limits::ANSWER;
use super::metrics::Metrics;
use super::models::{Loaded, Timing};
use super::queue::{Queue, Reply, Work};
use crate::kernels;
use crate::predict::{Outputs, PredictError, outputs};

/// The thread; it ends when this is dropped, after the requests that wait.
pub(super) struct Inference {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Inference {
    /// Starts the thread, whose kernels use `n_threads` threads.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(
        queue: Arc<Queue>,
        metrics: Arc<Metrics>,
        n_threads: usize,
    ) -> io::Result<Inference> {
        let thread = std::thread::Builder::new().name("inference".to_owned());
        let thread = thread.spawn({
            let queue = queue.clone();
            move || {
                kernels::use_own_threads(n_threads);
                while let Some(batch) = queue.next_batch() {
                    metrics.count_batch(batch.iter().map(|work| work.n).sum());
                    answer(batch);
                }
            }
        })?;
        Ok(Inference {
            queue,
            thread: Some(thread),
        })
    }
}

impl Drop for Inference {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // Panics in it are caught, request by request.
            let _ = thread.join();
        }
    }
}

/// Answers the requests of a batch, all for the same model.
fn answer(mut batch: Vec<Work>) {
    // Nobody waits for these any more.
    batch.retain(|work| !work.reply.is_closed() && work.since.elapsed() < ANSWER);
    let Some(first) = batch.first() else {
        return;
    };
    let (model, loaded) = (first.model.clone(), first.loaded.clone());
    let n = batch.iter().map(|work| work.n).sum();
    let start = Instant::now();
    let values = joined(&mut batch);
    let input = start.elapsed();

    let found = run(&loaded, values);
    let mut timing = Timing {
        input,
        infer: start.elapsed() - input,
        ..Timing::default()
    };
    let mut replies = found.map(|all| split(&all, &batch, loaded.n_classes()).into_iter());
    timing.output = start.elapsed() - input - timing.infer;
    if replies.is_ok() {
        model.statistics().count_batch(n, timing);
    }
    for work in batch {
        let queue = start - work.since;
        let reply = match &mut replies {
            Ok(replies) => replies.next().unwrap_or_else(|| Err(Failure::internal())),
            Err(failure) => Err(failure.clone()),
        };
        // Who asked may have left.
        let _ = work.reply.send(with_timing(reply, queue, timing));
    }
}

fn with_timing(reply: Result<Outputs, Failure>, queue: Duration, timing: Timing) -> Reply {
    Ok((reply?, Timing { queue, ..timing }))
}

/// The values of all requests, one after the other.
fn joined(batch: &mut [Work]) -> Vec<f32> {
    let n_values: usize = batch.iter().map(|work| work.values.len()).sum();
    let mut values = Vec::new();
    for work in batch {
        let own = std::mem::take(&mut work.values);
        if values.is_empty() {
            values = own;
            values.reserve_exact(n_values - values.len());
        } else {
            values.extend(own);
        }
    }
    values
}

fn run(loaded: &Loaded, values: Vec<f32>) -> Result<Outputs, Failure> {
    let result = catch_unwind(AssertUnwindSafe(|| outputs(&loaded.classifier, values)));
    result
        .map_err(|_panic| Failure::internal())?
        .map_err(|_error| Failure::internal())
}

/// The part of the output that belongs to each request.
fn split(all: &Outputs, batch: &[Work], n_classes: usize) -> Vec<Result<Outputs, Failure>> {
    let mut start = 0;
    let part = |work: &Work| {
        let range = start..start + work.n * n_classes;
        start = range.end;
        let logits = all.logits[range.clone()].to_vec();
        if logits.iter().any(|logit| !logit.is_finite()) {
            let error = PredictError::not_finite(&logits);
            return Err(Failure::bad_request(error.to_string()));
        }
        Ok(Outputs {
            logits,
            probabilities: all.probabilities[range].to_vec(),
        })
    };
    batch.iter().map(part).collect()
}
