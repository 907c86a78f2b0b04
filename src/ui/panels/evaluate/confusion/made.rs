//! What the matrix shows, computed once per evaluation and choice: a thousand classes have a million
//! cells.

use std::sync::Arc;

use crate::evaluate::{ConfusedPair, Confusion};
use crate::studio::Evaluation;

/// Most pairs shown.
const MAX_PAIRS: usize = 8;

/// What a cell says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cells {
    #[default]
    Counts,
    OfLabels,
    OfAnswers,
    /// Counts minus those of another model.
    Difference,
}

impl Cells {
    /// What one model's matrix can say.
    pub(super) const ALL: [Cells; 3] = [Cells::Counts, Cells::OfLabels, Cells::OfAnswers];

    pub(super) fn label(self) -> &'static str {
        match self {
            Cells::Counts => "counts",
            Cells::OfLabels => "% of true class",
            Cells::OfAnswers => "% of predicted class",
            Cells::Difference => "difference",
        }
    }
}

/// The contents of the matrix.
pub(super) struct Made {
    of: Arc<Evaluation>,
    pub(super) cells: Cells,
    is_by_similarity: bool,
    /// The classes, from the top and from the left.
    pub(super) order: Vec<u32>,
    /// `values[true class][predicted class]`
    pub(super) values: Vec<Vec<f64>>,
    /// The largest value beside the diagonal.
    pub(super) most: f64,
    /// The most confused pairs.
    pub(super) pairs: Vec<ConfusedPair>,
}

impl Made {
    pub(super) fn new(of: &Arc<Evaluation>, cells: Cells, is_by_similarity: bool) -> Made {
        let confusion = &of.report.confusion;
        let values = values(confusion, cells);
        let mut pairs = confusion.confused_pairs();
        pairs.truncate(MAX_PAIRS);
        Made {
            of: of.clone(),
            cells,
            is_by_similarity,
            order: match is_by_similarity {
                true => confusion.order_by_similarity(),
                false => (0..confusion.counts.len() as u32).collect(),
            },
            most: most(&values),
            values,
            pairs,
        }
    }

    /// The counts of `of` minus those of `other`.
    pub(super) fn difference(of: &Arc<Evaluation>, other: &Evaluation) -> Made {
        let mut made = Made::new(of, Cells::Difference, false);
        let others = &other.report.confusion.counts;
        for (row, other) in made.values.iter_mut().zip(others) {
            let cells = row.iter_mut().zip(other);
            cells.for_each(|(value, n)| *value -= *n as f64);
        }
        made.most = most(&made.values);
        made
    }

    /// Whether it shows this, in this way.
    pub(super) fn is_of(&self, of: &Arc<Evaluation>, cells: Cells, is_by_similarity: bool) -> bool {
        Arc::ptr_eq(&self.of, of)
            && (self.cells, self.is_by_similarity) == (cells, is_by_similarity)
    }
}

fn values(confusion: &Confusion, cells: Cells) -> Vec<Vec<f64>> {
    match cells {
        Cells::Counts | Cells::Difference => {
            let rows = confusion.counts.iter();
            rows.map(|row| row.iter().map(|&n| n as f64).collect())
                .collect()
        }
        Cells::OfLabels => confusion.shares_of_labels(),
        Cells::OfAnswers => confusion.shares_of_answers(),
    }
}

fn most(values: &[Vec<f64>]) -> f64 {
    let rows = values.iter().enumerate();
    let others = rows.flat_map(|(y, row)| {
        let cells = row.iter().enumerate();
        cells
            .filter(move |(x, _)| *x != y)
            .map(|(_, value)| value.abs())
    });
    others.fold(f64::MIN_POSITIVE, f64::max)
}
