//! The confusion matrix, and what is read from it: precision, recall and F1 of each class, the most
//! confused pairs, an order of the classes in which similar ones are neighbors.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::predictions::Predictions;

/// How often images of each class get each answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// `counts[true class][predicted class]`, in images.
    pub counts: Vec<Vec<u64>>,
    /// Number of images of each class: more than the sum of its row if some have no answer.
    pub support: Vec<u64>,
}

/// Precision, recall and F1, each in `[0, 1]`. A share of zero images is 0, as in scikit-learn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Share of the images predicted as the class that have its label.
    pub precision: f64,
    /// Share of the images of the class that are predicted as it.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
}

/// Two classes that are taken for one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ConfusedPair {
    /// The classes, the first one confused more often.
    pub classes: [u32; 2],
    /// Number of images of each that are predicted as the other.
    pub n_images: [u64; 2],
}

fn share(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        _ => part as f64 / whole as f64,
    }
}

impl Confusion {
    /// Counts the answers.
    pub fn new(predictions: &Predictions) -> Confusion {
        let n = predictions.n_classes();
        let mut confusion = Confusion {
            counts: vec![vec![0; n]; n],
            support: vec![0; n],
        };
        for (label, answer) in predictions.labels().iter().zip(predictions.answers()) {
            confusion.support[*label as usize] += 1;
            if let Some(answer) = answer {
                confusion.counts[*label as usize][*answer as usize] += 1;
            }
        }
        confusion
    }

    /// The number of images.
    pub fn n_images(&self) -> u64 {
        self.support.iter().sum()
    }

    /// The number of images classified correctly.
    pub fn n_right(&self) -> u64 {
        (0..self.counts.len()).map(|c| self.counts[c][c]).sum()
    }

    /// The number of images predicted as each class.
    pub fn n_answers(&self) -> Vec<u64> {
        let column = |class| self.counts.iter().map(|row| row[class]).sum();
        (0..self.counts.len()).map(column).collect()
    }

    /// Each cell as a share of the images of its true class.
    pub fn shares_of_labels(&self) -> Vec<Vec<f64>> {
        let rows = self.counts.iter().zip(&self.support);
        rows.map(|(row, support)| row.iter().map(|&n| share(n, *support)).collect())
            .collect()
    }

    /// Each cell as a share of the images predicted as its class.
    pub fn shares_of_answers(&self) -> Vec<Vec<f64>> {
        let n_answers = self.n_answers();
        let of_row = |row: &Vec<u64>| -> Vec<f64> {
            let cells = row.iter().zip(&n_answers);
            cells.map(|(n, all)| share(*n, *all)).collect()
        };
        self.counts.iter().map(of_row).collect()
    }

    /// Precision, recall and F1 of each class.
    pub fn scores(&self) -> Vec<Scores> {
        let scores = |(class, n_answers): (usize, u64)| {
            let (hits, support) = (self.counts[class][class], self.support[class]);
            Scores {
                precision: share(hits, n_answers),
                recall: share(hits, support),
                // 2pr / (p + r) with p and r inserted: no extra division by zero.
                f1: share(2 * hits, support + n_answers),
            }
        };
        self.n_answers()
            .into_iter()
            .enumerate()
            .map(scores)
            .collect()
    }

    /// The mean scores of the classes that are a label or an answer of any image
    /// (`average="macro"` of scikit-learn).
    pub fn macro_scores(&self) -> Scores {
        let n_answers = self.n_answers();
        self.mean_scores(|class| f64::from(self.support[class] + n_answers[class] > 0))
    }

    /// The mean scores of the classes, weighted by their number of images
    /// (`average="weighted"` of scikit-learn).
    pub fn weighted_scores(&self) -> Scores {
        self.mean_scores(|class| self.support[class] as f64)
    }

    /// The mean recall of the classes that have images (`balanced_accuracy_score` of scikit-learn).
    pub fn balanced_accuracy(&self) -> f64 {
        self.mean_scores(|class| f64::from(self.support[class] > 0))
            .recall
    }

    fn mean_scores(&self, weight: impl Fn(usize) -> f64) -> Scores {
        let (mut sum, mut total) = (Scores::default(), 0.0);
        for (class, scores) in self.scores().into_iter().enumerate() {
            let weight = weight(class);
            total += weight;
            sum.precision += weight * scores.precision;
            sum.recall += weight * scores.recall;
            sum.f1 += weight * scores.f1;
        }
        if total == 0.0 {
            return Scores::default();
        }
        Scores {
            precision: sum.precision / total,
            recall: sum.recall / total,
            f1: sum.f1 / total,
        }
    }

    /// The class that most images have, the first of equals, and its number of images: what
    /// answering it always would get right.
    pub fn most_frequent(&self) -> Option<(u32, u64)> {
        let classes = self.support.iter().enumerate().rev();
        let (class, n) = classes.max_by_key(|(_, n)| **n)?;
        Some((class as u32, *n))
    }

    /// The pairs of classes that are confused, most often first.
    pub fn confused_pairs(&self) -> Vec<ConfusedPair> {
        let n = self.counts.len();
        let pair = |a: usize, b: usize| {
            let (ab, ba) = (self.counts[a][b], self.counts[b][a]);
            let (first, second) = if ab >= ba { (a, b) } else { (b, a) };
            ConfusedPair {
                classes: [first as u32, second as u32],
                n_images: [ab.max(ba), ab.min(ba)],
            }
        };
        let all = (0..n).flat_map(|a| (a + 1..n).map(move |b| pair(a, b)));
        let mut pairs: Vec<_> = all.filter(|p| p.n_images[0] > 0).collect();
        // Stable, so that equals stay in the order of their classes.
        pairs.sort_by_key(|p| std::cmp::Reverse(p.n_images[0] + p.n_images[1]));
        pairs
    }

    /// All classes in an order in which those that are often confused are neighbors: a chain that
    /// begins with the most confused pair and grows, at either end, by the class most similar to
    /// that end. Classes that are similar to neither end follow in their own order.
    pub fn order_by_similarity(&self) -> Vec<u32> {
        let shares = self.shares_of_labels();
        let similarity = |a: usize, b: usize| shares[a][b] + shares[b][a];
        let first = self.confused_pairs();
        let similar_pair =
            |p: &ConfusedPair| similarity(p.classes[0] as usize, p.classes[1] as usize);
        let first = first
            .iter()
            .rev()
            .max_by(|a, b| similar_pair(a).total_cmp(&similar_pair(b)));
        let mut chain = VecDeque::from(first.map_or_else(Vec::new, |pair| {
            let [a, b] = pair.classes.map(|class| class as usize);
            vec![a.min(b), a.max(b)]
        }));
        let mut left: Vec<usize> = (0..shares.len()).filter(|c| !chain.contains(c)).collect();
        while let (Some(&front), Some(&back)) = (chain.front(), chain.back()) {
            // Of equals, the first; at the back rather than in front.
            let nearest = |end: usize| {
                let similar = left.iter().map(|&class| similarity(end, class)).enumerate();
                similar.rev().max_by(|a, b| a.1.total_cmp(&b.1))
            };
            match (nearest(back), nearest(front)) {
                (Some((at, most)), Some((_, other))) if most >= other && most > 0.0 => {
                    chain.push_back(left.remove(at));
                }
                (_, Some((at, most))) if most > 0.0 => chain.push_front(left.remove(at)),
                _ => break,
            }
        }
        chain.extend(left);
        chain.into_iter().map(|class| class as u32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confusion<const N: usize>(counts: [[u64; N]; N]) -> Confusion {
        Confusion {
            support: counts.iter().map(|row| row.iter().sum()).collect(),
            counts: counts.iter().map(|row| row.to_vec()).collect(),
        }
    }

    /// Numbers from scikit-learn's definition, worked by hand.
    #[test]
    fn precision_recall_and_f1_of_a_small_matrix() {
        let matrix = confusion([[8, 2, 0], [1, 9, 0], [0, 0, 0]]);
        let r = matrix.scores();
        assert!((r[0].precision - 8.0 / 9.0).abs() < 1e-12);
        assert!((r[0].recall - 0.8).abs() < 1e-12);
        assert!((r[0].f1 - 16.0 / 19.0).abs() < 1e-12);
        assert!((r[1].precision - 9.0 / 11.0).abs() < 1e-12);
        assert_eq!(r[2], Scores::default());
        // The third class is neither a label nor an answer, so it is in no mean.
        assert!((matrix.balanced_accuracy() - 0.85).abs() < 1e-12);
        assert!((matrix.macro_scores().recall - 0.85).abs() < 1e-12);
        assert_eq!(matrix.most_frequent(), Some((0, 10)));
        assert_eq!(matrix.shares_of_labels()[0], [0.8, 0.2, 0.0]);
        assert_eq!(matrix.shares_of_answers()[2], [0.0; 3]);
        assert_eq!(matrix.shares_of_answers()[0], [8.0 / 9.0, 2.0 / 11.0, 0.0]);
    }

    #[test]
    fn an_image_without_an_answer_lowers_recall_and_not_precision() {
        let mut matrix = confusion([[5, 0], [0, 10]]);
        matrix.support = vec![10, 10];
        let r = matrix.scores();
        assert_eq!((r[0].precision, r[0].recall), (1.0, 0.5));
        assert_eq!((matrix.n_right(), matrix.n_images()), (15, 20));
    }

    #[test]
    fn pairs_count_both_directions_and_the_most_confused_comes_first() {
        let matrix = confusion([[9, 1, 0, 0], [0, 9, 2, 0], [0, 2, 9, 0], [3, 0, 0, 9]]);
        let pairs = matrix.confused_pairs();
        let found: Vec<_> = pairs.iter().map(|p| (p.classes, p.n_images)).collect();
        assert_eq!(
            found,
            [([1, 2], [2, 2]), ([3, 0], [3, 0]), ([0, 1], [1, 0])]
        );
    }

    #[test]
    fn similar_classes_are_neighbors_and_every_class_is_there_once() {
        // 0 and 3 are confused, 3 and 1, 2 with nothing.
        let matrix = confusion([[8, 0, 0, 2], [0, 9, 0, 1], [0, 0, 9, 0], [3, 0, 0, 6]]);
        assert_eq!(matrix.order_by_similarity(), [0, 3, 1, 2]);
        assert_eq!(confusion([[1, 0], [0, 1]]).order_by_similarity(), [0, 1]);
        assert_eq!(confusion::<0>([]).order_by_similarity(), [0u32; 0]);
    }
}
