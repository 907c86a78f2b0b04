//! Evaluations of snapshots that were shown before, so that moving along a timeline is instant.

use std::collections::VecDeque;
use std::sync::Arc;

use super::job::Evaluation;
use crate::evaluate::SplitName;
use crate::runs::RunId;

/// The most memory that they take, in values.
const MAX_VALUES: usize = 8 << 20;

/// The newest evaluations of snapshots, the newest last.
#[derive(Default)]
pub(super) struct Kept(VecDeque<Arc<Evaluation>>);

impl Kept {
    pub(super) fn get(
        &self,
        moment: Option<&(RunId, u64)>,
        split: SplitName,
    ) -> Option<Arc<Evaluation>> {
        // There may be more sketches by now.
        let moment = moment.filter(|_| split != SplitName::Sketches)?;
        let is_same = |e: &&Arc<Evaluation>| e.moment.as_ref() == Some(moment) && e.split == split;
        self.0.iter().find(is_same).cloned()
    }

    pub(super) fn keep(&mut self, evaluation: &Arc<Evaluation>) {
        if evaluation.moment.is_none() {
            return;
        }
        self.0.push_back(evaluation.clone());
        // Logits, probabilities, and about as much besides for ten classes.
        let n_values = |e: &Arc<Evaluation>| 3 * e.predictions.len() * e.predictions.n_classes();
        while self.0.iter().map(n_values).sum::<usize>() > MAX_VALUES && self.0.len() > 1 {
            self.0.pop_front();
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
