//! A metric's history as one value.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::runs::metric::{Direction, Metric};
use crate::runs::record::Record;

/// Which value represents a metric's whole history.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// The lowest loss, the highest accuracy.
    #[default]
    Best,
    /// The newest.
    Last,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The one at the epoch with the best validation metric.
    AtBest,
}

impl Aggregate {
    /// All of them.
    pub const ALL: [Aggregate; 5] = [
        Aggregate::Best,
        Aggregate::Last,
        Aggregate::Min,
        Aggregate::Max,
        Aggregate::AtBest,
    ];

    /// Returns the name in files and filters.
    pub fn name(self) -> &'static str {
        match self {
            Aggregate::Best => "best",
            Aggregate::Last => "last",
            Aggregate::Min => "min",
            Aggregate::Max => "max",
            Aggregate::AtBest => "at_best",
        }
    }

    /// Returns the label.
    pub fn label(self) -> &'static str {
        match self {
            Aggregate::AtBest => "at best epoch",
            other => other.name(),
        }
    }
}

/// A metric's history as one value, such as the best validation accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SummaryMetric {
    /// The metric.
    pub metric: Metric,
    /// Which value of its history.
    pub aggregate: Aggregate,
}

impl SummaryMetric {
    /// The results that runs are compared by, in the order they are offered.
    pub const RESULTS: [SummaryMetric; 14] = [
        SummaryMetric::best(Metric::TestAccuracy),
        SummaryMetric::best(Metric::TestLoss),
        SummaryMetric::best(Metric::ValAccuracy),
        SummaryMetric::last(Metric::ValAccuracy),
        SummaryMetric::best(Metric::ValLoss),
        SummaryMetric::last(Metric::ValLoss),
        SummaryMetric::best(Metric::SketchAccuracy),
        SummaryMetric::last(Metric::SketchAccuracy),
        SummaryMetric::best(Metric::Epsilon),
        SummaryMetric::best(Metric::TrainAccuracy),
        SummaryMetric::last(Metric::TrainAccuracy),
        SummaryMetric::best(Metric::TrainLoss),
        SummaryMetric::last(Metric::TrainLoss),
        SummaryMetric::best(Metric::TrainSeconds),
    ];

    /// The best value of a metric.
    pub const fn best(metric: Metric) -> SummaryMetric {
        SummaryMetric {
            metric,
            aggregate: Aggregate::Best,
        }
    }

    /// The newest value of a metric.
    pub const fn last(metric: Metric) -> SummaryMetric {
        SummaryMetric {
            metric,
            aggregate: Aggregate::Last,
        }
    }

    /// Returns the label in lists and sentences.
    pub fn label(self) -> String {
        let label = self.metric.label();
        match self.aggregate {
            _ if self.metric.is_single() => label.to_owned(),
            Aggregate::Best => format!("best {label}"),
            Aggregate::Last => format!("last {label}"),
            Aggregate::Min => format!("lowest {label}"),
            Aggregate::Max => format!("highest {label}"),
            Aggregate::AtBest => format!("{label} at the best epoch"),
        }
    }

    /// Returns the value in the summary of a run, NaN if no finite one was measured.
    pub(super) fn of(self, record: &Record) -> Option<f64> {
        let all = record.metrics.get(&self.metric)?;
        match self.aggregate {
            Aggregate::Best if self.metric.is_cumulative() => Some(all.max),
            Aggregate::Best => match self.metric.direction() {
                Some(Direction::Minimize) => Some(all.min),
                _ => Some(all.max),
            },
            Aggregate::Last => Some(all.last),
            Aggregate::Min => Some(all.min),
            Aggregate::Max => Some(all.max),
            Aggregate::AtBest => all.at_best,
        }
    }

    /// Returns the value in the summary of a run, if it has a finite one.
    pub fn finite(self, record: &Record) -> Option<f64> {
        self.of(record).filter(|value| value.is_finite())
    }
}

/// The name on the command line, in filters and in files: `val_accuracy.best`, `test_accuracy`.
impl fmt::Display for SummaryMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.aggregate {
            Aggregate::Best if self.metric.is_single() => f.write_str(self.metric.name()),
            aggregate => write!(f, "{}.{}", self.metric.name(), aggregate.name()),
        }
    }
}

impl Serialize for SummaryMetric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
