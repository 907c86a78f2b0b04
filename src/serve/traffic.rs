//! What a service is doing right now, for a window to show: requests per second, how long they took,
//! and, if asked for, the last pictures with their answers. In memory only.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::stats;

/// Seconds that are kept.
pub const TRAFFIC_SECONDS: usize = 60;

/// Durations of a second that its latency is from; the rest is counted only.
const MAX_DURATIONS: usize = 4_096;

/// Pictures that are kept.
pub const MAX_PICTURES: usize = 12;

/// One second of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Second {
    /// Requests about images that were answered.
    pub n_requests: u32,
    /// The time within which half of them were answered, in milliseconds; 0 if there were none.
    pub p50_ms: f64,
    /// The time within which 99 % of them were answered, in milliseconds; 0 if there were none.
    pub p99_ms: f64,
}

/// The first picture of a request, and the answer to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// `[channels, height, width]`, from 0 to 1.
    pub values: Vec<f32>,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// The name of the most probable class.
    pub answer: String,
    /// Its probability.
    pub probability: f32,
}

/// The last minute of a service.
pub struct Traffic {
    start: Instant,
    keeps_pictures: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The seconds that are over, each with its number since the start.
    seconds: VecDeque<(u64, Second)>,
    /// The newest second, which may go on.
    newest: Counted,
    pictures: VecDeque<Answered>,
    n_pictures: u64,
}

/// The requests of a second.
#[derive(Default)]
struct Counted {
    at: u64,
    n_requests: u32,
    /// In milliseconds.
    durations: Vec<f64>,
}

impl Counted {
    fn summed_up(&mut self) -> Second {
        let mut quantile = |q| stats::quantile(&mut self.durations, q).unwrap_or(0.0);
        Second {
            n_requests: self.n_requests,
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
        }
    }
}

impl Traffic {
    pub(super) fn new() -> Traffic {
        Traffic {
            start: Instant::now(),
            keeps_pictures: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    /// Notes a request that was answered.
    pub(super) fn count(&self, duration: Duration) {
        let now = self.start.elapsed().as_secs();
        let state = &mut *self.lock();
        if state.newest.at != now {
            // Summed up once, and not in every frame that shows it.
            let over = (state.newest.at, state.newest.summed_up());
            state.seconds.push_back(over);
            if state.seconds.len() > TRAFFIC_SECONDS {
                state.seconds.pop_front();
            }
            state.newest = Counted {
                at: now,
                ..Counted::default()
            };
        }
        state.newest.n_requests += 1;
        if state.newest.durations.len() < MAX_DURATIONS {
            let ms = 1e3 * duration.as_secs_f64();
            state.newest.durations.push(ms);
        }
    }

    /// The last whole seconds, the oldest first: [`TRAFFIC_SECONDS`] of them.
    pub fn seconds(&self) -> Vec<Second> {
        let now = self.start.elapsed().as_secs();
        let mut found = vec![Second::default(); TRAFFIC_SECONDS];
        let state = &mut *self.lock();
        let newest = (state.newest.at, state.newest.summed_up());
        for (at, second) in state.seconds.iter().copied().chain([newest]) {
            let age = now.saturating_sub(at) as usize;
            // The second that has just begun is not whole.
            let place = TRAFFIC_SECONDS.checked_sub(age).filter(|_| age > 0);
            if let Some(place) = place.and_then(|place| found.get_mut(place)) {
                *place = second;
            }
        }
        found
    }

    /// Keeps the last pictures from now on, or forgets them.
    pub fn keep_pictures(&self, keeps: bool) {
        self.keeps_pictures.store(keeps, Ordering::Relaxed);
        if !keeps {
            self.lock().pictures.clear();
        }
    }

    /// Whether the last pictures are kept.
    pub fn keeps_pictures(&self) -> bool {
        self.keeps_pictures.load(Ordering::Relaxed)
    }

    pub(super) fn keep(&self, answered: Answered) {
        let mut state = self.lock();
        state.pictures.truncate(MAX_PICTURES - 1);
        state.pictures.push_front(answered);
        state.n_pictures += 1;
    }

    /// The last pictures, the newest first, and how many there were in all.
    pub fn pictures(&self) -> (Vec<Answered>, u64) {
        let state = self.lock();
        (state.pictures.iter().cloned().collect(), state.n_pictures)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_counts_its_requests_once_it_is_over() {
        let mut traffic = Traffic::new();
        for ms in [1, 2, 9] {
            traffic.count(Duration::from_millis(ms));
        }
        // Of the second that runs, nothing is told yet.
        let n = |traffic: &Traffic| -> u32 { traffic.seconds().iter().map(|s| s.n_requests).sum() };
        assert_eq!(n(&traffic), 0);
        traffic.start -= Duration::from_secs(2);
        let seconds = traffic.seconds();
        let [.., second, empty] = seconds.as_slice() else {
            panic!("{seconds:?}");
        };
        assert_eq!(*empty, Second::default());
        assert_eq!(second.n_requests, 3);
        assert!(
            (second.p50_ms - 2.0).abs() < 1e-9 && second.p99_ms <= 9.0,
            "{second:?}"
        );
        traffic.start -= Duration::from_secs(TRAFFIC_SECONDS as u64);
        assert_eq!(n(&traffic), 0);
    }

    #[test]
    fn only_the_last_pictures_are_kept_and_forgotten_on_demand() {
        let traffic = Traffic::new();
        traffic.keep_pictures(true);
        for n in 0..20_u8 {
            traffic.keep(Answered {
                values: vec![0.0],
                shape: [1, 1, 1],
                answer: n.to_string(),
                probability: 1.0,
            });
        }
        let (pictures, n) = traffic.pictures();
        assert_eq!(
            (pictures.len(), n, pictures[0].answer.as_str()),
            (MAX_PICTURES, 20, "19")
        );
        traffic.keep_pictures(false);
        assert!(traffic.pictures().0.is_empty());
    }
}
