//! Which is better, and is that sure?
//!
//! Pure functions over finished runs: [`RunRow`] is one run as a row of a table; [`Comparison`] puts
//! two groups of them into words; [`importance`] says which setting mattered; [`disagreements`]
//! shows the images on which two models part.

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

/// A difference is believed when luck alone would show one as large less often than this.
pub const SIGNIFICANCE: f64 = 0.05;

/// How sure one wants to be of seeing a difference that is there, when seeds are planned.
pub const POWER: f64 = 0.8;

/// The value below which a share `q` of the sorted `values` lies, between neighbors in proportion
/// (Hyndman and Fan 1996, type 7).
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len().saturating_sub(1)) as f64;
    let (low, share) = (at.floor() as usize, at.fract());
    let high = (low + 1).min(sorted.len().saturating_sub(1));
    sorted[low] + share * (sorted[high] - sorted[low])
}
