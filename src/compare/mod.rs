//! Which run is better, and is the difference significant?
//!
//! Pure functions over finished runs: [`RunRow`] is a run as a row of a table; [`Comparison`] tests
//! and describes two groups of them; [`importance`] measures the effect of each setting;
//! [`disagreements`] finds the images on which two models disagree.

mod answers;
mod axis;
mod facts;
mod forest;
mod importance;
mod paired;
mod rank;
mod seeds;
mod verdict;

pub use answers::{Answers, Disagreement, Kind, disagreements};
pub use axis::{Column, Scale};
pub use facts::{Group, Metric, RunRow, groups};
pub use importance::{Importance, KeyImportance, importance};
pub use paired::{Paired, PairedTest};
pub use rank::{Correlation, spearman};
pub use seeds::{SeedMethod, SeedTest, seed_test, seeds_to_add};
pub use verdict::{Comparison, Side, Verdict, correct_for_many};

/// Significance level: a difference counts if chance alone would cause one as large less often.
pub const SIGNIFICANCE: f64 = 0.05;

/// Power for planning seeds: the probability of detecting a real difference.
pub const POWER: f64 = 0.8;
