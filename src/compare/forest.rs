//! A random forest that predicts a metric from the settings (Breiman 2001), to measure importance.
//!
//! Our own, because the published crates are made for large tables: they bring linear algebra, have
//! no categories or missing values, and do not guarantee the same trees for the same seed.

use rand::Rng as _;
use rand::seq::SliceRandom as _;

use crate::random::{Rng, Stream, rng};
use crate::stats;

/// Number of trees; more only take longer.
const N_TREES: usize = 200;

/// Minimum number of rows per leaf: with one, a prediction would be a single run.
const MIN_LEAF: usize = 2;

/// A column of the table.
#[derive(Clone, Debug)]
pub(super) enum Column {
    /// Numbers; a missing value is below all others.
    Numbers(Vec<f64>),
    /// Categories, as indices.
    Words(Vec<usize>),
}

impl Column {
    /// Returns whether the row at `idx` goes to the left of a split.
    fn is_left(&self, idx: usize, split: Split) -> bool {
        match (self, split) {
            (Column::Numbers(values), Split::Below(edge)) => values[idx] < edge,
            (Column::Words(words), Split::Is(word)) => words[idx] == word,
            _ => false,
        }
    }

    /// Returns the split of `rows` that reduces the squared error most, and by how much: between
    /// neighboring numbers, or one category against the rest. `None` without a gain, or if a side
    /// would be too small.
    fn best_split(&self, target: &[f64], rows: &[usize]) -> Option<(f64, Split)> {
        let sum = rows.iter().map(|&r| target[r]).sum::<f64>();
        let whole = Part { n: rows.len(), sum };
        let mut best: Option<(f64, Split)> = None;
        let mut consider = |left: Part, split: Split| {
            let gain = whole.gain(left);
            if gain > best.map_or(MIN_GAIN, |(most, _)| most) {
                best = Some((gain, split));
            }
        };
        match self {
            Column::Numbers(values) => {
                let mut rows = rows.to_vec();
                rows.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
                let mut left = Part::default();
                for pair in rows.windows(2) {
                    left.add(target[pair[0]]);
                    let (below, above) = (values[pair[0]], values[pair[1]]);
                    if below < above {
                        // There is no middle between a missing value and a number: every number
                        // goes to the other side then.
                        let edge = (below / 2.0 + above / 2.0).max(f64::MIN);
                        consider(left, Split::Below(edge));
                    }
                }
            }
            Column::Words(words) => {
                let mut parts = std::collections::BTreeMap::<usize, Part>::new();
                for &row in rows {
                    parts.entry(words[row]).or_default().add(target[row]);
                }
                for (word, left) in parts {
                    consider(left, Split::Is(word));
                }
            }
        }
        best
    }
}

/// Gains below this are rounding errors.
const MIN_GAIN: f64 = 1e-9;

/// A set of rows: their number and the sum of their targets.
#[derive(Clone, Copy, Default)]
struct Part {
    n: usize,
    sum: f64,
}

impl Part {
    fn add(&mut self, target: f64) {
        self.n += 1;
        self.sum += target;
    }

    /// Returns the reduction of the squared error if `left` is predicted separately from the rest;
    /// 0 if a side would be too small.
    fn gain(self, left: Part) -> f64 {
        let right = Part {
            n: self.n - left.n,
            sum: self.sum - left.sum,
        };
        if left.n < MIN_LEAF || right.n < MIN_LEAF {
            return 0.0;
        }
        let explained = |part: Part| part.sum * part.sum / part.n as f64;
        explained(left) + explained(right) - explained(self)
    }
}

#[derive(Clone, Copy, Debug)]
enum Split {
    Below(f64),
    Is(usize),
}

enum Tree {
    Leaf(f64),
    Node {
        column: usize,
        split: Split,
        sides: Box<[Tree; 2]>,
    },
}

impl Tree {
    fn grow(columns: &[Column], target: &[f64], rows: &[usize], rng: &mut Rng) -> Tree {
        let mean = stats::mean(rows.iter().map(|&r| target[r]));
        let leaf = Tree::Leaf(mean);
        if rows.len() < 2 * MIN_LEAF {
            return leaf;
        }
        // A third of the columns at each node, as Breiman advises for regression, keeps the trees
        // different.
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.shuffle(rng);
        order.truncate(columns.len().div_ceil(3));
        let splits = order.iter().filter_map(|&column| {
            let (gain, split) = columns[column].best_split(target, rows)?;
            Some((gain, column, split))
        });
        let Some((_, column, split)) = splits.max_by(|a, b| a.0.total_cmp(&b.0)) else {
            return leaf;
        };
        let (left, right): (Vec<usize>, Vec<usize>) = rows
            .iter()
            .partition(|&&r| columns[column].is_left(r, split));
        let sides = [left, right].map(|rows| Tree::grow(columns, target, &rows, rng));
        Tree::Node {
            column,
            split,
            sides: Box::new(sides),
        }
    }

    /// Predicts a row whose value in each column is that of the row given by `row`.
    fn guess(&self, columns: &[Column], row: &impl Fn(usize) -> usize) -> f64 {
        match self {
            Tree::Leaf(value) => *value,
            Tree::Node {
                column,
                split,
                sides,
            } => {
                let is_left = columns[*column].is_left(row(*column), *split);
                sides[usize::from(!is_left)].guess(columns, row)
            }
        }
    }
}

/// The result of a forest.
pub(super) struct Found {
    /// For each column, the share of the metric's variance by which the error grows if the column's
    /// values are permuted.
    pub(super) importance: Vec<f64>,
    /// Share of the variance explained out of bag (R²); below 0, predictions are worse than the
    /// mean.
    pub(super) explained: f64,
}

/// Grows a forest that predicts `target` from `columns`, and measures the permutation importance of
/// each column out of bag (Breiman 2001, section 10). The same seed gives the same forest.
pub(super) fn permutation_importance(columns: &[Column], target: &[f64], seed: u64) -> Found {
    let n = target.len();
    let mean = stats::mean(target.iter().copied());
    let deviation = (stats::squared_deviations(target, mean) / n as f64).sqrt();
    if deviation == 0.0 {
        return Found {
            importance: vec![0.0; columns.len()],
            explained: 0.0,
        };
    }
    // In units of the standard deviation: errors are shares of the variance, and sums do not
    // cancel.
    let target: Vec<f64> = target.iter().map(|y| (y - mean) / deviation).collect();
    let target = &target[..];
    let mut harm = vec![0.0; columns.len()];
    let mut out_of_bag = vec![(0.0, 0usize); n];
    let mut n_judged = 0usize;
    for tree_idx in 0..N_TREES {
        let mut rng = rng(seed, Stream::Forest, tree_idx as u64, 0);
        let bag: Vec<usize> = (0..n).map(|_| rng.random_range(0..n)).collect();
        let mut is_inside = vec![false; n];
        bag.iter().for_each(|&row| is_inside[row] = true);
        let outside: Vec<usize> = (0..n).filter(|&row| !is_inside[row]).collect();
        let tree = Tree::grow(columns, target, &bag, &mut rng);
        for &row in &outside {
            let (sum, count) = &mut out_of_bag[row];
            *sum += tree.guess(columns, &|_| row);
            *count += 1;
        }
        if outside.len() < 2 {
            continue;
        }
        n_judged += 1;
        let error = |dealt: Option<(usize, &[usize])>| {
            let error = |(place, &row): (usize, &usize)| {
                let guess = tree.guess(columns, &|column| match dealt {
                    Some((dealt, rows)) if dealt == column => rows[place],
                    _ => row,
                });
                (target[row] - guess).powi(2)
            };
            stats::mean(outside.iter().enumerate().map(error))
        };
        let plain = error(None);
        for (column, harm) in harm.iter_mut().enumerate() {
            let mut rows = outside.clone();
            rows.shuffle(&mut rng);
            *harm += error(Some((column, &rows))) - plain;
        }
    }
    Found {
        importance: harm.iter().map(|h| h / n_judged.max(1) as f64).collect(),
        explained: explained(&out_of_bag, target),
    }
}

/// Returns 1 − mean squared error out of bag, in units of the variance.
fn explained(guesses: &[(f64, usize)], target: &[f64]) -> f64 {
    let judged = guesses.iter().zip(target).filter(|((_, n), _)| *n > 0);
    let errors: Vec<f64> = judged
        .map(|((sum, n), y)| (y - sum / *n as f64).powi(2))
        .collect();
    if errors.is_empty() {
        return 0.0;
    }
    1.0 - stats::mean(errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that matters, a category that matters less, and two columns of noise.
    fn table(n: usize) -> (Vec<Column>, Vec<f64>) {
        let mut rng = rng(3, Stream::Pick, 0, 0);
        let strong: Vec<f64> = (0..n).map(|_| rng.random_range(0.0..1.0)).collect();
        let word: Vec<usize> = (0..n).map(|_| rng.random_range(0..3)).collect();
        let noise: Vec<f64> = (0..n).map(|_| rng.random_range(0.0..1.0)).collect();
        let idle: Vec<usize> = (0..n).map(|_| rng.random_range(0..4)).collect();
        let target = strong
            .iter()
            .zip(&word)
            // Up and down again: a rank correlation would see nothing.
            .map(|(s, &w)| (6.0 * s).sin() + 0.5 * f64::from(w == 1))
            .collect();
        let columns = vec![
            Column::Numbers(strong),
            Column::Words(word),
            Column::Numbers(noise),
            Column::Words(idle),
        ];
        (columns, target)
    }

    #[test]
    fn what_matters_is_found_and_noise_is_not() {
        let (columns, target) = table(80);
        let found = permutation_importance(&columns, &target, 1);
        let [strong, word, noise, idle] = found.importance[..] else {
            panic!("{:?}", found.importance)
        };
        assert!(strong > 3.0 * word && word > 0.03, "{:?}", found.importance);
        assert!(
            noise < 0.3 * word && idle < 0.3 * word,
            "{:?}",
            found.importance
        );
        assert!(found.explained > 0.6, "{}", found.explained);
    }

    #[test]
    fn one_seed_is_one_forest() {
        let (columns, target) = table(30);
        let importance = |seed| permutation_importance(&columns, &target, seed).importance;
        assert_eq!(importance(1), importance(1));
        assert_ne!(importance(1), importance(2));
    }

    #[test]
    fn missing_numbers_are_a_group_of_their_own() {
        let numbers = (0..40).map(|i| {
            if i % 2 == 0 {
                f64::NEG_INFINITY
            } else {
                f64::from(i)
            }
        });
        let columns = [Column::Numbers(numbers.collect())];
        let target: Vec<f64> = (0..40).map(|i| f64::from(i % 2)).collect();
        let found = permutation_importance(&columns, &target, 1);
        assert!(found.importance[0] > 1.0 && found.explained > 0.99);
    }

    #[test]
    fn nothing_to_explain_is_no_division_by_zero() {
        let columns = [Column::Numbers(vec![1.0, 2.0, 3.0])];
        let found = permutation_importance(&columns, &[0.5; 3], 1);
        assert_eq!((found.importance[0], found.explained), (0.0, 0.0));
    }
}
