//! Which of two settings is better, in words.

#[cfg(test)]
mod tests;
mod words;

use serde::Serialize;

use super::seeds::moments;
use super::{Metric, Paired, PairedTest, RunRow, SIGNIFICANCE, SeedTest, seed_test};
use crate::runs::Value;

/// Seeds each of two settings should have before anything is said about them.
const MIN_SEEDS: usize = 3;

/// Decides the draws of the interval over images: the same comparison says the same twice.
const BOOTSTRAP_SEED: u64 = 1;

/// What can be said about the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is better than the baseline, and luck is an unlikely reason.
    Better,
    /// It is worse.
    Worse,
    /// The difference may be luck.
    CannotTell,
    /// Both have the same settings: what differs is the seed.
    SameSettings,
}

/// One of the two settings compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// The name of its first run.
    pub name: String,
    /// The seeds of its runs that have the metric.
    pub seeds: Vec<u64>,
    /// The metric of each.
    pub values: Vec<f64>,
    /// Mean of the metric.
    pub mean: f64,
}

/// Two settings, and what the runs and the images say about them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What they are compared by.
    pub metric: Metric,
    /// What is compared with.
    pub baseline: Side,
    /// What the verdict is about.
    pub candidate: Side,
    /// Over the seeds; `None` with fewer than two each.
    pub seeds: Option<SeedTest>,
    /// The first model of each on the same images, once they were asked.
    pub images: Option<(Paired, PairedTest)>,
    /// Comparisons made at once, which the p value over seeds is corrected for.
    pub n_compared: usize,
    is_same: bool,
}

impl Comparison {
    /// Compares two groups of `rows`, given by index.
    ///
    /// # Errors
    /// One sentence, when a group has no run with the metric.
    pub fn new(
        rows: &[RunRow],
        baseline: &[usize],
        candidate: &[usize],
        metric: Metric,
    ) -> Result<Comparison, String> {
        let is_same = match (baseline.first(), candidate.first()) {
            (Some(&a), Some(&b)) => rows[a].is_same_but_seed(&rows[b]),
            _ => false,
        };
        if metric.is_loss()
            && let (Some(&a), Some(&b)) = (baseline.first(), candidate.first())
            && losses(&rows[a]) != losses(&rows[b])
        {
            return Err(format!(
                "{} and {} were trained with different losses, which are different measures: \
                 compare them by accuracy",
                rows[a].name, rows[b].name
            ));
        }
        let [baseline, candidate] = [baseline, candidate].map(|group| side(rows, group, metric));
        let (baseline, candidate) = (baseline?, candidate?);
        Ok(Comparison {
            metric,
            seeds: seed_test(&baseline.pairs(), &candidate.pairs()),
            images: None,
            n_compared: 1,
            baseline,
            candidate,
            is_same,
        })
    }

    /// Adds what the first model of each says to the same images.
    #[must_use]
    pub fn with_images(mut self, paired: Paired) -> Comparison {
        self.images = Some((paired, paired.test(BOOTSTRAP_SEED)));
        self
    }

    /// What can be said about the candidate's settings. Only seeds can: two models on the same
    /// images say which model is better, not which settings.
    pub fn verdict(&self) -> Verdict {
        if self.is_same {
            return Verdict::SameSettings;
        }
        match self.seeds {
            Some(test) if test.p < SIGNIFICANCE => {
                if (test.difference > 0.0) == self.metric.is_higher_better() {
                    Verdict::Better
                } else {
                    Verdict::Worse
                }
            }
            _ => Verdict::CannotTell,
        }
    }

    /// Seeds to train for each, baseline and candidate, until something can probably be said;
    /// `None` when nothing is open, or the two are so close that it would take too many.
    pub fn seeds_wanted(&self) -> Option<[usize; 2]> {
        if self.verdict() != Verdict::CannotTell {
            return None;
        }
        let have = [&self.baseline, &self.candidate].map(|side| side.seeds.len());
        let wanted = match self.seeds {
            None => MIN_SEEDS,
            // At least one more: with what there is, it was not seen.
            Some(test) => test.n_needed?.max(MIN_SEEDS).max(1 + have[0].min(have[1])),
        };
        Some(have.map(|n| wanted.saturating_sub(n)))
    }
}

/// Corrects the p values over seeds of comparisons made at once: of twenty, one would look
/// significant by luck (Holm 1979).
pub fn correct_for_many(comparisons: &mut [Comparison]) {
    let n = comparisons.iter().filter(|c| c.seeds.is_some()).count();
    let mut tests: Vec<&mut SeedTest> = comparisons
        .iter_mut()
        .filter_map(|c| {
            c.n_compared = n.max(1);
            c.seeds.as_mut()
        })
        .collect();
    tests.sort_by(|a, b| a.p.total_cmp(&b.p));
    let mut least = 0.0_f64;
    for (rank, test) in tests.into_iter().enumerate() {
        least = least.max(test.p * (n - rank) as f64).min(1.0);
        test.p = least;
    }
}

impl Side {
    fn pairs(&self) -> Vec<(u64, f64)> {
        let seeds = self.seeds.iter().copied();
        seeds.zip(self.values.iter().copied()).collect()
    }
}

/// The loss a run was trained with, by its settings.
fn losses(row: &RunRow) -> Vec<(&String, &Value)> {
    let settings = row.settings.iter();
    settings
        .filter(|(key, _)| key.split('.').next() == Some("loss"))
        .collect()
}

fn side(rows: &[RunRow], group: &[usize], metric: Metric) -> Result<Side, String> {
    let name = group.first().map_or("", |&idx| &rows[idx].name).to_owned();
    let measured = group.iter().filter_map(|&idx| {
        let row = &rows[idx];
        Some((row.seed, *row.metrics.get(&metric)?))
    });
    let (seeds, values): (Vec<u64>, Vec<f64>) = measured.unzip();
    if values.is_empty() {
        return Err(format!("{name} has no {} to compare by", metric.label()));
    }
    Ok(Side {
        name,
        mean: moments(&values).0,
        seeds,
        values,
    })
}
