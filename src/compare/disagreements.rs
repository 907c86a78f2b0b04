//! The images on which two models disagree.

use serde::Serialize;

use crate::evaluate::Predictions;

/// Which model is right where two disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Only the baseline.
    OnlyBaseline,
    /// Only the candidate.
    OnlyCandidate,
    /// Neither.
    Neither,
}

/// An image on which two models disagree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Disagreement {
    /// Index of the image in the set.
    pub image: usize,
    /// Its true class.
    pub label: u32,
    /// The class each model predicts: baseline, candidate. `None` if a model's output is not
    /// finite.
    pub classes: [Option<u32>; 2],
    /// Each model's probabilities: baseline, candidate. Empty if its output is not finite.
    pub probabilities: [Vec<f32>; 2],
    /// Which model is right.
    pub kind: Kind,
}

impl Disagreement {
    /// Returns the class a model predicts (0: baseline, 1: candidate), and its confidence.
    pub fn answer(&self, side: usize) -> Option<(u32, f32)> {
        let class = self.classes[side]?;
        Some((class, *self.probabilities[side].get(class as usize)?))
    }

    /// Returns the confidence of the less confident model in its own class.
    fn min_confidence(&self) -> f32 {
        let sure = |side: usize| self.answer(side).map_or(0.0, |(_, sure)| sure);
        sure(0).min(sure(1))
    }
}

/// Returns the images on which two models disagree, sorted by their confidence, highest first.
pub fn disagreements(baseline: &Predictions, candidate: &Predictions) -> Vec<Disagreement> {
    let n = baseline.len().min(candidate.len());
    let classes = |idx: usize| [baseline, candidate].map(|p| p.answers()[idx]);
    let parted = (0..n).filter(|&idx| baseline.answers()[idx] != candidate.answers()[idx]);
    let mut found: Vec<Disagreement> = parted
        .map(|idx| {
            let (label, classes) = (baseline.labels()[idx], classes(idx));
            Disagreement {
                image: idx,
                label,
                classes,
                probabilities: [baseline, candidate].map(|p| p.probabilities(idx).to_vec()),
                kind: match classes.map(|c| c == Some(label)) {
                    [true, _] => Kind::OnlyBaseline,
                    [_, true] => Kind::OnlyCandidate,
                    _ => Kind::Neither,
                },
            }
        })
        .collect();
    // Stable, so that ties stay in the order of the set.
    found.sort_by(|a, b| b.min_confidence().total_cmp(&a.min_confidence()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::paired::Paired;

    fn answers(rows: &[[f32; 3]]) -> Predictions {
        Predictions::of_probabilities(rows, &[0, 1, 2, 0])
    }

    #[test]
    fn disagreements_are_found_and_the_surest_come_first() {
        let a = answers(&[
            [0.9, 0.1, 0.0],
            [0.6, 0.4, 0.0],
            [0.9, 0.1, 0.0],
            [0.8, 0.1, 0.1],
        ]);
        let b = answers(&[
            [0.4, 0.6, 0.0],
            [0.1, 0.9, 0.0],
            [0.0, 0.9, 0.1],
            [0.9, 0.1, 0.0],
        ]);
        let found = disagreements(&a, &b);
        let images: Vec<usize> = found.iter().map(|d| d.image).collect();
        // 2: both at 0.9; then 0 and 1, where the less confident has 0.6 each.
        assert_eq!(images, [2, 0, 1]);
        let kinds: Vec<Kind> = found.iter().map(|d| d.kind).collect();
        assert_eq!(
            kinds,
            [Kind::Neither, Kind::OnlyBaseline, Kind::OnlyCandidate]
        );
        assert_eq!(found[0].probabilities[1], [0.0, 0.9, 0.1]);
        let paired = Paired::of(&a, &b);
        assert_eq!(
            (
                paired.both,
                paired.only_baseline,
                paired.only_candidate,
                paired.neither
            ),
            (1, 1, 1, 1)
        );
    }

    #[test]
    fn an_answer_that_is_not_finite_is_wrong_and_has_no_probabilities() {
        let a = answers(&[
            [f32::NAN; 3],
            [0.1, 0.8, 0.1],
            [f32::NAN; 3],
            [0.9, 0.1, 0.0],
        ]);
        let b = answers(&[[0.9, 0.1, 0.0]; 4]);
        assert_eq!(a.n_not_finite(), 2);
        assert_eq!(a.right().collect::<Vec<_>>(), [false, true, false, true]);
        let found = disagreements(&a, &b);
        // The one with two predictions comes first.
        let images: Vec<usize> = found.iter().map(|d| d.image).collect();
        assert_eq!(images, [1, 0, 2]);
        assert_eq!(found[1].answer(0), None);
        let json = serde_json::to_value(&found[1]).unwrap();
        assert_eq!(json["probabilities"][0], serde_json::json!([]));
        assert_eq!(json["classes"], serde_json::json!([null, 0]));
    }
}
