//! How uncertain a model is about an image: what active learning asks about first.
//!
//! Settles, Active Learning Literature Survey (2009), section 3.1; the names are modAL's.

use super::predictions::Predictions;

/// A measure of uncertainty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Uncertainty {
    /// How little the answer is ahead of the next class.
    #[default]
    Margin,
    /// The entropy of the probabilities, in nats.
    Entropy,
    /// One minus the probability of the answer.
    LeastConfidence,
}

impl Uncertainty {
    /// All of them.
    pub const ALL: [Uncertainty; 3] = [
        Uncertainty::Margin,
        Uncertainty::Entropy,
        Uncertainty::LeastConfidence,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Uncertainty::Margin => "margin",
            Uncertainty::Entropy => "entropy",
            Uncertainty::LeastConfidence => "least-confidence",
        }
    }

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            Uncertainty::Margin => "smallest margin",
            Uncertainty::Entropy => "highest entropy",
            Uncertainty::LeastConfidence => "least confidence",
        }
    }

    /// One sentence that explains it.
    pub fn explanation(self) -> &'static str {
        match self {
            Uncertainty::Margin => {
                "Images whose two most probable classes are closest: where one label decides most."
            }
            Uncertainty::Entropy => {
                "Images whose probabilities are spread over most classes, by their entropy."
            }
            Uncertainty::LeastConfidence => "Images whose most probable class is least probable.",
        }
    }

    /// The uncertainty of probabilities, larger for less certain ones; infinite if there are none,
    /// because the network's output is not finite.
    pub fn of(self, probabilities: &[f32]) -> f64 {
        let mut sorted: Vec<f64> = probabilities.iter().map(|&p| f64::from(p)).collect();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let Some(&first) = sorted.first() else {
            return f64::INFINITY;
        };
        match self {
            Uncertainty::Margin => sorted.get(1).copied().unwrap_or(0.0) - first,
            Uncertainty::LeastConfidence => 1.0 - first,
            Uncertainty::Entropy => {
                let positive = sorted.iter().filter(|p| **p > 0.0);
                -positive.map(|p| p * p.ln()).sum::<f64>()
            }
        }
    }
}

impl Predictions {
    /// The positions of the `n` images that are most uncertain by a measure, the most uncertain
    /// first; equals stay in their order.
    pub fn most_uncertain(&self, by: Uncertainty, n: usize) -> Vec<usize> {
        let of = |at: usize| (at, by.of(self.probabilities(at)));
        let mut all: Vec<(usize, f64)> = (0..self.len()).map(of).collect();
        all.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        all.into_iter().take(n).map(|(at, _)| at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of modAL's documentation, with its results (scipy's entropy, in nats).
    const PROBABILITIES: [[f32; 3]; 3] = [[0.1, 0.85, 0.05], [0.6, 0.3, 0.1], [0.39, 0.61, 0.0]];

    #[test]
    fn measures_are_those_of_modal() {
        let expected = [
            (Uncertainty::LeastConfidence, [0.15, 0.4, 0.39]),
            (Uncertainty::Margin, [-0.75, -0.3, -0.22]),
            (
                Uncertainty::Entropy,
                [0.518_185_75, 0.897_945_74, 0.668_748_08],
            ),
        ];
        for (measure, values) in expected {
            for (row, value) in PROBABILITIES.iter().zip(values) {
                let found = measure.of(row);
                assert!((found - value).abs() < 1e-6, "{measure:?} {row:?}: {found}");
            }
        }
    }

    #[test]
    fn the_most_uncertain_come_first_and_those_without_an_answer_before_all() {
        let predictions = Predictions::of_probabilities(&PROBABILITIES, &[0, 0, 0]);
        let order = |by| predictions.most_uncertain(by, 3);
        assert_eq!(order(Uncertainty::LeastConfidence), [1, 2, 0]);
        assert_eq!(order(Uncertainty::Margin), [2, 1, 0]);
        assert_eq!(order(Uncertainty::Entropy), [1, 2, 0]);
        assert_eq!(predictions.most_uncertain(Uncertainty::Margin, 1), [2]);
        assert_eq!(Uncertainty::Margin.of(&[]), f64::INFINITY);
    }
}
