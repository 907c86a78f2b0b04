//! How the answers for the same images changed while a model learned.

use super::predictions::Predictions;

/// The answers of one model for the same images at several moments of its training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    labels: Vec<u32>,
    n_classes: usize,
    moments: Vec<Moment>,
}

/// The answers after some number of updates.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Updates before it.
    pub step: u64,
    /// The answer for each image; `None` where the network's output is not finite.
    pub answers: Vec<Option<u32>>,
    /// Share of the images classified correctly.
    pub accuracy: f64,
    /// Share of the images of each class that are classified correctly; NaN for a class without
    /// images.
    pub recall: Vec<f64>,
}

/// How one image was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learned {
    /// Updates before the first moment from which on its answer stayed right; `None` if it is wrong
    /// at the last one.
    pub since: Option<u64>,
    /// How often the answer was right and then wrong at the next moment: the forgetting events of
    /// Toneva et al. (2019), counted over the moments here.
    pub n_forgotten: usize,
    /// Number of moments at which it was wrong.
    pub n_wrong: usize,
}

impl History {
    /// Adds a moment; of one that is there already, the newer predictions count. Predictions for
    /// other images than before start a new history.
    pub fn add(&mut self, step: u64, predictions: &Predictions) {
        if self.labels != predictions.labels() {
            *self = History {
                labels: predictions.labels().to_vec(),
                n_classes: predictions.n_classes(),
                moments: Vec::new(),
            };
        }
        let moment = self.moment(step, predictions.answers().to_vec());
        match self.moments.binary_search_by_key(&step, |m| m.step) {
            Ok(at) => self.moments[at] = moment,
            Err(at) => self.moments.insert(at, moment),
        }
    }

    fn moment(&self, step: u64, answers: Vec<Option<u32>>) -> Moment {
        let mut right = vec![0_u32; self.n_classes];
        let mut all = right.clone();
        for (label, answer) in self.labels.iter().zip(&answers) {
            all[*label as usize] += 1;
            right[*label as usize] += u32::from(*answer == Some(*label));
        }
        let n_right = f64::from(right.iter().sum::<u32>());
        let shares = right.iter().zip(&all);
        Moment {
            step,
            accuracy: n_right / self.labels.len().max(1) as f64,
            recall: shares
                .map(|(n, all)| f64::from(*n) / f64::from(*all))
                .collect(),
            answers,
        }
    }

    /// Removes the moments of which `keeps` returns `false` for the step.
    pub fn retain(&mut self, keeps: impl Fn(u64) -> bool) {
        self.moments.retain(|moment| keeps(moment.step));
    }

    /// The moments, in the order of their steps.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// The moment after `step` updates.
    pub fn at(&self, step: u64) -> Option<&Moment> {
        let at = self.moments.binary_search_by_key(&step, |m| m.step).ok()?;
        self.moments.get(at)
    }

    /// The number of images.
    pub fn n_images(&self) -> usize {
        self.labels.len()
    }

    /// How the image at `position` was learned.
    ///
    /// # Panics
    /// If there are not so many images.
    pub fn learned(&self, position: usize) -> Learned {
        let label = Some(self.labels[position]);
        let mut learned = Learned {
            since: None,
            n_forgotten: 0,
            n_wrong: 0,
        };
        for moment in &self.moments {
            match (moment.answers[position] == label, learned.since) {
                (true, None) => learned.since = Some(moment.step),
                (true, Some(_)) => {}
                (false, since) => {
                    learned.n_wrong += 1;
                    learned.n_forgotten += usize::from(since.is_some());
                    learned.since = None;
                }
            }
        }
        learned
    }

    /// The positions of the images that were wrong most often, the most often first; those that were
    /// never wrong are left out. Of equals, the one forgotten more often comes first, then the first.
    pub fn hardest(&self) -> Vec<usize> {
        let mut found: Vec<(usize, Learned)> = (0..self.n_images())
            .map(|position| (position, self.learned(position)))
            .filter(|(_, learned)| learned.n_wrong > 0)
            .collect();
        found.sort_by_key(|(position, learned)| {
            let Learned {
                n_wrong,
                n_forgotten,
                ..
            } = *learned;
            (std::cmp::Reverse((n_wrong, n_forgotten)), *position)
        });
        found.into_iter().map(|(position, _)| position).collect()
    }

    /// The positions of the images whose answers after `from` and `to` updates differ; none if one of
    /// these moments is missing.
    pub fn flipped(&self, from: u64, to: u64) -> Vec<usize> {
        let (Some(from), Some(to)) = (self.at(from), self.at(to)) else {
            return Vec::new();
        };
        let pairs = from.answers.iter().zip(&to.answers).enumerate();
        pairs
            .filter(|(_, (a, b))| a != b)
            .map(|(at, _)| at)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Loss;

    /// Predictions with these answers for labels 0, 1, 1, 0; 9 is an output that is not finite.
    fn predictions(answers: [u32; 4]) -> Predictions {
        let row = |answer: u32| match answer {
            0 => [1.0, 0.0],
            1 => [0.0, 1.0],
            _ => [f32::NAN, 0.0],
        };
        let logits = answers.into_iter().flat_map(row).collect();
        Predictions::from_logits(logits, vec![0, 1, 1, 0], 2, Loss::CROSS_ENTROPY, None).unwrap()
    }

    fn history() -> History {
        let mut history = History::default();
        // Not in the order of the steps, and one of them again.
        history.add(20, &predictions([0, 1, 0, 9]));
        history.add(0, &predictions([1, 1, 0, 0]));
        history.add(10, &predictions([1, 1, 1, 1]));
        history.add(10, &predictions([0, 0, 1, 0]));
        history
    }

    #[test]
    fn moments_are_ordered_and_have_recall_per_class() {
        let history = history();
        let steps: Vec<u64> = history.moments().iter().map(|m| m.step).collect();
        assert_eq!(steps, [0, 10, 20]);
        let moment = history.at(10).unwrap();
        assert_eq!((moment.accuracy, &*moment.recall), (0.75, &[1.0, 0.5][..]));
        assert_eq!(history.at(20).unwrap().recall, [0.5, 0.5]);
        assert_eq!(history.at(11), None);
    }

    #[test]
    fn when_images_were_learned_and_forgotten() {
        let history = history();
        let learned = |position| {
            let Learned {
                since,
                n_forgotten,
                n_wrong,
            } = history.learned(position);
            (since, n_forgotten, n_wrong)
        };
        assert_eq!(learned(0), (Some(10), 0, 1));
        assert_eq!(learned(1), (Some(20), 1, 1));
        assert_eq!(learned(2), (None, 1, 2));
        assert_eq!(learned(3), (None, 1, 1), "not finite is wrong");
        assert_eq!(history.hardest(), [2, 1, 3, 0]);
    }

    #[test]
    fn what_flipped_between_two_moments() {
        let mut history = history();
        assert_eq!(history.flipped(0, 10), [0, 1, 2]);
        assert_eq!(history.flipped(10, 20), [1, 2, 3]);
        assert_eq!(history.flipped(0, 7), Vec::<usize>::new());
        history.retain(|step| step != 10);
        assert_eq!(history.learned(1).n_forgotten, 0);
        let other = Predictions::from_logits(vec![1.0, 0.0], vec![0], 2, Loss::CROSS_ENTROPY, None);
        history.add(30, &other.unwrap());
        assert_eq!((history.moments().len(), history.n_images()), (1, 1));
    }
}
