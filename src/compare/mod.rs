//! Which run is better, and is the difference significant?
//!
//! Pure functions of records, by the metrics of [`crate::runs::table`]: [`Comparison`] tests and
//! describes two groups of runs; [`importance`] measures the effect of each setting;
//! [`disagreements`] finds the images on which two models disagree.

mod disagreements;
mod forest;
mod importance;
mod paired;
mod rank;
mod scale;
mod seeds;
#[cfg(test)]
mod tests;
mod verdict;

pub use disagreements::{Disagreement, Kind, disagreements};
pub use importance::{Importance, KeyImportance, importance};
pub use paired::{Paired, PairedTest};
pub use rank::{Correlation, spearman};
pub use scale::Scale;
pub use seeds::{SeedMethod, SeedTest, seed_test, seeds_to_add};
pub use verdict::{BOOTSTRAP_SEED, Comparison, Side, Verdict, correct_for_many, image_words};

/// Significance level: a difference counts if chance alone would cause one as large less often.
pub const SIGNIFICANCE: f64 = 0.05;

/// Power for planning seeds: the probability of detecting a real difference.
pub const POWER: f64 = 0.8;
