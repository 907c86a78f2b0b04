//! What a training has spent.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::accountant;
use crate::random;

/// Updates of the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// The probability of each training image to be in a batch.
    pub sample_rate: f64,
    /// Standard deviation of the noise, divided by the norm that gradients are clipped to.
    pub noise_multiplier: f64,
    /// The number of updates.
    pub steps: u64,
}

/// What a training has spent, and which noise it draws.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// In the order of training; neighbors differ.
    spent: Vec<Spent>,
    /// The seed of batches and noise.
    key: u64,
}

impl Ledger {
    /// A run's ledger before its first update. Runs that differ in `seed`, settings or data draw other
    /// noise: the difference of two models must not be free of it.
    ///
    /// * `parts`: what decides the run
    pub(in crate::train) fn new(seed: u64, parts: &[&str]) -> Ledger {
        Ledger {
            spent: Vec::new(),
            key: key(seed, parts),
        }
    }

    /// The ledger of a branch, whose noise is its own from here on.
    pub(in crate::train) fn branched(&self, parts: &[&str]) -> Ledger {
        Ledger {
            spent: self.spent.clone(),
            key: key(self.key, parts),
        }
    }

    /// The generator of `stream` for update number `step`, counted from 0.
    pub(in crate::train) fn rng(
        &self,
        stream: random::Stream,
        step: u64,
        counter: u64,
    ) -> random::Rng {
        random::rng(self.key, stream, step, counter)
    }

    /// Adds updates.
    pub(in crate::train) fn spend(&mut self, more: Spent) {
        match self.spent.last_mut() {
            Some(last)
                if last.sample_rate == more.sample_rate
                    && last.noise_multiplier == more.noise_multiplier =>
            {
                last.steps += more.steps;
            }
            _ => self.spent.push(more),
        }
    }

    /// Updates in all.
    pub fn steps(&self) -> u64 {
        self.spent.iter().map(|part| part.steps).sum()
    }

    /// Whether nothing is or will be spent.
    pub(in crate::train) fn is_empty(&self) -> bool {
        *self == Ledger::default()
    }

    /// The ε of all updates at this δ.
    pub fn epsilon(&self, delta: f64) -> f64 {
        accountant::epsilon(&self.spent, delta)
    }
}

/// 64 bits that depend on everything, and from which no seed can be computed.
fn key(seed: u64, parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.finalize()[..8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Spent = Spent {
        sample_rate: 0.01,
        noise_multiplier: 1.1,
        steps: 1,
    };

    #[test]
    fn equal_updates_are_one_part_and_others_are_accounted_with_their_own_numbers() {
        let mut ledger = Ledger::default();
        (0..10).for_each(|_| ledger.spend(PART));
        assert_eq!(ledger.spent, [Spent { steps: 10, ..PART }]);
        let before = ledger.epsilon(1e-5);
        ledger.spend(Spent {
            sample_rate: 0.02,
            ..PART
        });
        assert_eq!((ledger.spent.len(), ledger.steps()), (2, 11));
        assert!(ledger.epsilon(1e-5) > before);
    }

    #[test]
    fn other_seeds_settings_and_branches_draw_other_noise() {
        let base = Ledger::new(1, &["a", "b"]);
        assert_eq!(base, Ledger::new(1, &["a", "b"]));
        for other in [
            Ledger::new(2, &["a", "b"]),
            Ledger::new(1, &["ab", ""]),
            base.branched(&["c"]),
        ] {
            assert_ne!(base.key, other.key);
        }
    }
}
