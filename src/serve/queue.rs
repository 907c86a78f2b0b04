//! The images that wait for the network.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use super::failure::Failure;
use super::limits::{MAX_BATCH, MAX_WAITING};
use super::models::{Loaded, Model, Timing};
use crate::predict::Outputs;

/// The images of one request.
pub(super) struct Work {
    pub model: Arc<Model>,
    /// The model as it was when the request came: all its images get their answers from it.
    pub loaded: Arc<Loaded>,
    /// `[n, channels, height, width]`, from 0 to 1.
    pub values: Vec<f32>,
    /// Number of images, from 1 to [`MAX_BATCH`].
    pub n: usize,
    /// When it was put into the queue.
    pub since: Instant,
    pub reply: oneshot::Sender<Reply>,
}

/// The answer to a request, with the time it took.
pub(super) type Reply = Result<(Outputs, Timing), Failure>;

/// A bounded queue with many writers and one reader.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    n_images: usize,
    is_closed: bool,
}

impl Queue {
    /// Adds a request.
    ///
    /// # Errors
    /// 503, when too many images wait already or the service is about to end.
    pub fn push(&self, work: Work) -> Result<(), Failure> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(Failure::busy("the service is stopping"));
        }
        if state.n_images + work.n > MAX_WAITING {
            return Err(Failure::busy(format!(
                "the queue is full: {} images are waiting",
                state.n_images
            )));
        }
        state.n_images += work.n;
        state.waiting.push_back(work);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for the next batch: the request that waits longest, and further ones for the same model
    /// that fit into the batch; `None` once closed.
    pub fn next_batch(&self) -> Option<Vec<Work>> {
        let mut state = self.lock();
        loop {
            if let Some(batch) = state.take_batch() {
                return Some(batch);
            }
            if state.is_closed {
                return None;
            }
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Number of images that wait.
    pub fn n_images(&self) -> usize {
        self.lock().n_images
    }

    /// Takes no further requests.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// The state is valid after every statement, so a poisoned lock is still usable.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_batch(&mut self) -> Option<Vec<Work>> {
        let first = self.waiting.pop_front()?;
        let loaded = first.loaded.clone();
        let mut n = first.n;
        let mut batch = vec![first];
        let mut idx = 0;
        while n < MAX_BATCH && idx < self.waiting.len() {
            let next = &self.waiting[idx];
            if Arc::ptr_eq(&next.loaded, &loaded) && n + next.n <= MAX_BATCH {
                n += next.n;
                batch.extend(self.waiting.remove(idx));
            } else {
                idx += 1;
            }
        }
        self.n_images -= n;
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::model::{Classifier, Dense, Init, Layer, ModelSpec, Network, Provenance};

    fn model(dir: &std::path::Path) -> Arc<Model> {
        let spec = ModelSpec {
            input: [1, 2, 2],
            classes: 2,
            layers: vec![Layer::Flatten, Layer::Dense(Dense { units: 2 })],
        };
        let classifier = Classifier {
            network: Network::new(&spec, Init::HeUniform, 1, &Device::Cpu).unwrap(),
            classes: vec!["a".to_owned(), "b".to_owned()],
            provenance: Provenance::default(),
        };
        let path = dir.join("m");
        classifier.save(&path).unwrap();
        Arc::new(Model::open("m".to_owned(), 1, path).unwrap())
    }

    fn work(model: &Arc<Model>, n: usize) -> Work {
        Work {
            model: model.clone(),
            loaded: model.loaded().unwrap(),
            values: vec![0.0; 4 * n],
            n,
            since: Instant::now(),
            reply: oneshot::channel().0,
        }
    }

    #[test]
    fn a_batch_is_what_waits_for_one_model_and_fits() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (model(dir.path()), model(dir.path()));
        let queue = Queue::default();
        for (model, n) in [(&a, 30), (&b, 1), (&a, 40), (&a, 34), (&b, 2), (&a, 1)] {
            queue.push(work(model, n)).unwrap();
        }
        let mut sizes = Vec::new();
        while queue.n_images() > 0 {
            let batch = queue.next_batch().unwrap();
            assert!(
                batch
                    .iter()
                    .all(|work| Arc::ptr_eq(&work.model, &batch[0].model))
            );
            sizes.push(batch.iter().map(|work| work.n).collect::<Vec<_>>());
        }
        assert_eq!(sizes, [vec![30, 34], vec![1, 2], vec![40, 1]]);
        queue.close();
        assert!(queue.next_batch().is_none());
        assert!(queue.push(work(&a, 1)).is_err());
    }

    #[test]
    fn a_full_queue_refuses_until_there_is_room() {
        let dir = tempfile::tempdir().unwrap();
        let model = model(dir.path());
        let queue = Queue::default();
        for _ in 0..MAX_WAITING / MAX_BATCH {
            queue.push(work(&model, MAX_BATCH)).unwrap();
        }
        let refused = queue.push(work(&model, 1)).unwrap_err();
        assert_eq!(refused.status, 503);
        assert!(refused.message.contains("512 images are waiting"));
        queue.next_batch().unwrap();
        queue.push(work(&model, MAX_BATCH)).unwrap();
        assert_eq!(queue.n_images(), MAX_WAITING);
    }
}
