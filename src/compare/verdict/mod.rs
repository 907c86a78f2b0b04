//! Compares two settings, and describes the result.

#[cfg(test)]
mod tests;
mod words;

pub use words::image_words;

use serde::Serialize;

use super::SIGNIFICANCE;
use super::paired::{Paired, PairedTest};
use super::seeds::{SeedTest, seed_test};
use crate::runs::table::SummaryMetric;
use crate::runs::{Direction, Record, Value};
use crate::stats;

/// Minimum number of seeds each of two settings should have.
const MIN_SEEDS: usize = 3;

/// Seed of the bootstrap over images: the same comparison gives the same interval.
pub const BOOTSTRAP_SEED: u64 = 1;

/// The verdict on the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is significantly better than the baseline.
    Better,
    /// It is significantly worse.
    Worse,
    /// The difference may be chance.
    CannotTell,
    /// Both have the same settings and differ only in the seed.
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

/// Two settings, with their tests over seeds and over images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The metric they are compared by.
    pub metric: SummaryMetric,
    /// The settings to compare with.
    pub baseline: Side,
    /// The settings that the verdict is about.
    pub candidate: Side,
    /// The test over seeds; `None` with fewer than two each.
    pub seeds: Option<SeedTest>,
    /// The test of the first model of each on the same images, once they have run.
    pub images: Option<(Paired, PairedTest)>,
    /// Number of comparisons that the p value over seeds is corrected for.
    pub n_compared: usize,
    is_same: bool,
}

impl PairedTest {
    /// The verdict on the candidate's model.
    pub fn verdict(&self) -> Verdict {
        match (self.p < SIGNIFICANCE, self.difference > 0.0) {
            (true, true) => Verdict::Better,
            (true, false) => Verdict::Worse,
            (false, _) => Verdict::CannotTell,
        }
    }
}

impl Comparison {
    /// Compares two groups of runs; the first of each names it.
    ///
    /// # Errors
    /// One sentence when a group has no run with the metric, or when no direction of the metric is
    /// better.
    pub fn new(
        baseline: &[&Record],
        candidate: &[&Record],
        metric: SummaryMetric,
    ) -> Result<Comparison, String> {
        if metric.metric.direction().is_none() {
            return Err(format!(
                "runs cannot be compared by {metric}: neither direction is better"
            ));
        }
        let firsts = baseline.first().zip(candidate.first());
        if metric.metric.is_loss()
            && let Some((a, b)) = firsts
            && losses(a) != losses(b)
        {
            return Err(format!(
                "{} and {} were trained with different losses, which cannot be compared: compare \
                 them by accuracy",
                a.name, b.name
            ));
        }
        let is_same = firsts.is_some_and(|(a, b)| a.all_but_seed() == b.all_but_seed());
        let (baseline, candidate) = (side(baseline, metric)?, side(candidate, metric)?);
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

    /// Adds the test of the first model of each on the same images.
    #[must_use]
    pub fn with_images(mut self, paired: Paired) -> Comparison {
        self.images = Some((paired, paired.test(BOOTSTRAP_SEED)));
        self
    }

    /// Returns the verdict on the candidate's settings. It depends on the seeds alone: two models
    /// on the same images show which model is better, not which settings.
    pub fn verdict(&self) -> Verdict {
        if self.is_same {
            return Verdict::SameSettings;
        }
        match self.seeds {
            Some(test) if test.p < SIGNIFICANCE => {
                let is_higher = test.difference > 0.0;
                if is_higher == (self.metric.metric.direction() == Some(Direction::Maximize)) {
                    Verdict::Better
                } else {
                    Verdict::Worse
                }
            }
            _ => Verdict::CannotTell,
        }
    }

    /// Returns the verdict on the candidate's model, from the test images alone; `None` until both
    /// models have classified them.
    pub fn model_verdict(&self) -> Option<Verdict> {
        let (_, test) = self.images?;
        Some(test.verdict())
    }

    /// Returns how many seeds to train, for baseline and candidate, to probably detect the
    /// difference; `None` if it is significant already, or too small.
    pub fn seeds_wanted(&self) -> Option<[usize; 2]> {
        if self.verdict() != Verdict::CannotTell {
            return None;
        }
        let have = [&self.baseline, &self.candidate].map(|side| side.seeds.len());
        let wanted = match self.seeds {
            None => MIN_SEEDS,
            // At least one more: the current ones did not suffice.
            Some(test) => test.n_needed?.max(MIN_SEEDS).max(1 + have[0].min(have[1])),
        };
        Some(have.map(|n| wanted.saturating_sub(n)))
    }
}

/// Corrects the p values over seeds for multiple comparisons: of twenty, one would look significant
/// by chance (Holm 1979).
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

/// Returns the settings of a run's loss.
fn losses(record: &Record) -> Vec<(&String, &Value)> {
    let settings = record.settings().iter();
    settings
        .filter(|(key, _)| key.split('.').next() == Some("loss"))
        .collect()
}

fn side(group: &[&Record], metric: SummaryMetric) -> Result<Side, String> {
    let name = group.first().map_or("", |record| &record.name).to_owned();
    let measured = group
        .iter()
        .filter_map(|record| Some((record.config.seed, metric.finite(record)?)));
    let (seeds, values): (Vec<u64>, Vec<f64>) = measured.unzip();
    if values.is_empty() {
        return Err(format!("{name} has no {} to compare by", metric.label()));
    }
    Ok(Side {
        name,
        mean: stats::mean(values.iter().copied()),
        seeds,
        values,
    })
}
