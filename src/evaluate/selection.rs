//! Which images to look at: a filter and an order, over cached predictions.

use std::ops::Range;
use std::sync::Arc;

use super::predictions::Predictions;

/// Images chosen elsewhere, in an order: by a lasso, or because two models disagree on them.
#[derive(Clone, Debug, PartialEq)]
pub struct Among {
    /// What they are, such as "images that both models answer differently".
    pub what: Arc<str>,
    /// The rank of each image; `None` if it is not one of them.
    ranks: Arc<[Option<u32>]>,
}

impl Among {
    /// The images at `positions`, of `n_images` in all.
    pub fn new(
        what: impl Into<Arc<str>>,
        positions: impl IntoIterator<Item = usize>,
        n_images: usize,
    ) -> Among {
        let mut ranks = vec![None; n_images];
        for (rank, position) in positions.into_iter().enumerate() {
            if let Some(of) = ranks.get_mut(position) {
                *of = Some(rank as u32);
            }
        }
        Among {
            what: what.into(),
            ranks: ranks.into(),
        }
    }

    /// Whether the image at `at` is one of them.
    pub fn contains(&self, at: usize) -> bool {
        self.rank(at).is_some()
    }

    fn rank(&self, at: usize) -> Option<u32> {
        self.ranks.get(at).copied().flatten()
    }
}

/// Which images are selected; a field that is `None` selects all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Only images that are classified correctly, or only those that are not.
    pub is_right: Option<bool>,
    /// Only images of this class.
    pub label: Option<u32>,
    /// Only images predicted as this class.
    pub answer: Option<u32>,
    /// Only images of one of these classes that are predicted as the other.
    pub pair: Option<[u32; 2]>,
    /// Only images with such a confidence, such as
    /// [`Bin::confidences`](super::Bin::confidences). Images whose output is not finite have none.
    pub confidence: Option<Range<f32>>,
    /// Only these images.
    pub among: Option<Among>,
}

impl Filter {
    /// Whether the image at `at` is selected.
    ///
    /// # Panics
    /// If `at` is out of range.
    pub fn selects(&self, predictions: &Predictions, at: usize) -> bool {
        let (label, answer) = (predictions.labels()[at], predictions.answers()[at]);
        let is_pair =
            |[a, b]: [u32; 2]| (label, answer) == (a, Some(b)) || (label, answer) == (b, Some(a));
        let is_within = |range: &Range<f32>| {
            let confidence = predictions.confidence(at);
            confidence.is_some_and(|c| range.contains(&c))
        };
        self.is_right
            .is_none_or(|is_right| is_right == (answer == Some(label)))
            && self.label.is_none_or(|wanted| wanted == label)
            && self.answer.is_none_or(|wanted| Some(wanted) == answer)
            && self.pair.is_none_or(is_pair)
            && self.confidence.as_ref().is_none_or(is_within)
            && self.among.as_ref().is_none_or(|among| among.contains(at))
    }
}

/// What images are sorted by. Ties stay in the order of the data, and images whose output is not
/// finite come where the worst images come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// Their place in the data.
    #[default]
    Data,
    /// Their loss.
    Loss,
    /// The probability of the answer.
    Confidence,
    /// How far the answer is ahead of the next class.
    Margin,
    /// The order in which [`Filter::among`] was chosen.
    Chosen,
}

/// Images to look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Which.
    pub filter: Filter,
    /// Sorted by what.
    pub sort: SortKey,
    /// Whether the largest value comes first.
    pub is_descending: bool,
}

impl Selection {
    /// The positions of the selected images, in order.
    pub fn positions(&self, predictions: &Predictions) -> Vec<usize> {
        let rank = |at: usize| self.filter.among.as_ref().and_then(|among| among.rank(at));
        let value = |at: usize| match self.sort {
            SortKey::Chosen => rank(at).map_or(at as f64, f64::from),
            SortKey::Data => at as f64,
            SortKey::Loss => Some(predictions.losses()[at])
                .filter(|loss| !loss.is_nan())
                .unwrap_or(f64::INFINITY),
            SortKey::Confidence => predictions.confidence(at).map_or(-1.0, f64::from),
            SortKey::Margin => predictions.margin(at).map_or(-1.0, f64::from),
        };
        // Each value once: sixty thousand images are compared a million times.
        let mut found: Vec<(f64, usize)> = (0..predictions.len())
            .filter(|&at| self.filter.selects(predictions, at))
            .map(|at| (value(at), at))
            .collect();
        // Stable, so that ties stay in the order of the data.
        match self.is_descending {
            true => found.sort_by(|a, b| b.0.total_cmp(&a.0)),
            false => found.sort_by(|a, b| a.0.total_cmp(&b.0)),
        }
        found.into_iter().map(|(_, at)| at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Loss;

    /// Right and sure, wrong and sure, not finite, right and unsure, wrong the other way.
    fn predictions() -> Predictions {
        let rows = [
            [5.0, 0.0, 0.0],
            [6.0, 0.0, 0.0],
            [f32::NAN, 0.0, 0.0],
            [0.0, 0.5, 0.0],
            [0.0, 5.0, 4.9],
        ];
        let labels = vec![0, 1, 1, 1, 0];
        Predictions::from_logits(rows.concat(), labels, 3, Loss::CROSS_ENTROPY, None).unwrap()
    }

    fn found(filter: Filter, sort: SortKey, is_descending: bool) -> Vec<usize> {
        let selection = Selection {
            filter,
            sort,
            is_descending,
        };
        selection.positions(&predictions())
    }

    #[test]
    fn filters_are_joined_by_and() {
        let by = |filter: Filter| found(filter, SortKey::Data, false);
        let all = Filter::default;
        assert_eq!(by(all()), [0, 1, 2, 3, 4]);
        let wrong = Filter {
            is_right: Some(false),
            ..all()
        };
        assert_eq!(by(wrong.clone()), [1, 2, 4]);
        assert_eq!(
            by(Filter {
                label: Some(1),
                ..wrong.clone()
            }),
            [1, 2]
        );
        assert_eq!(
            by(Filter {
                answer: Some(0),
                ..wrong
            }),
            [1]
        );
        assert_eq!(
            by(Filter {
                pair: Some([1, 0]),
                ..all()
            }),
            [1, 4]
        );
        assert_eq!(
            by(Filter {
                confidence: Some(0.4..0.9),
                ..all()
            }),
            [3, 4]
        );
        assert_eq!(
            by(Filter {
                confidence: Some(0.0..f32::INFINITY),
                ..all()
            }),
            [0, 1, 3, 4]
        );
    }

    #[test]
    fn images_are_sorted_and_those_without_an_answer_are_with_the_worst() {
        let by = |sort, is_descending| found(Filter::default(), sort, is_descending);
        assert_eq!(by(SortKey::Data, true), [4, 3, 2, 1, 0]);
        assert_eq!(by(SortKey::Loss, true), [2, 1, 4, 3, 0]);
        assert_eq!(by(SortKey::Confidence, false), [2, 3, 4, 0, 1]);
        assert_eq!(by(SortKey::Margin, false), [2, 4, 3, 0, 1]);
    }

    #[test]
    fn chosen_images_are_in_the_order_of_the_choice() {
        let filter = Filter {
            among: Some(Among::new("chosen", [4, 9, 0, 1], 5)),
            ..Filter::default()
        };
        assert_eq!(found(filter.clone(), SortKey::Chosen, false), [4, 0, 1]);
        assert_eq!(found(filter.clone(), SortKey::Data, false), [0, 1, 4]);
        let wrong = Filter {
            is_right: Some(false),
            ..filter
        };
        assert_eq!(found(wrong, SortKey::Chosen, false), [4, 1]);
    }

    #[test]
    fn equals_stay_in_the_order_of_the_data() {
        let same = predictions().subset(&[3, 0, 3, 3]);
        for is_descending in [false, true] {
            let selection = Selection {
                sort: SortKey::Loss,
                is_descending,
                ..Selection::default()
            };
            let threes: Vec<usize> = selection
                .positions(&same)
                .into_iter()
                .filter(|at| *at != 1)
                .collect();
            assert_eq!(threes, [0, 2, 3]);
        }
    }
}
