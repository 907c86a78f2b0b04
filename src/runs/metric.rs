//! The metrics of a run: one name, label, explanation and direction for tables, comparisons, sweeps
//! and the window.

use serde::{Deserialize, Serialize};

use crate::text;

/// A metric of a run, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Share of the validation images classified correctly.
    ValAccuracy,
    /// Mean loss on the validation images.
    ValLoss,
    /// Share of the test images classified correctly.
    TestAccuracy,
    /// Mean loss on the test images.
    TestLoss,
    /// Share of the user's labeled sketches classified correctly.
    SketchAccuracy,
    /// Mean loss on the user's labeled sketches.
    SketchLoss,
    /// Share of the training images classified correctly, while the weights were changing.
    TrainAccuracy,
    /// Mean loss on the training images, while the weights were changing.
    TrainLoss,
    /// Share of the images of a batch classified correctly.
    BatchAccuracy,
    /// Mean loss on a batch.
    BatchLoss,
    /// ε that private training has spent.
    Epsilon,
    /// Epochs of training.
    EpochsDone,
    /// Updates.
    Steps,
    /// Training images seen.
    Images,
    /// Seconds of training, pauses and evaluation excluded.
    TrainSeconds,
    /// Training images per second.
    ImagesPerSecond,
}

/// Name, label, heading and explanation.
type Words = [&'static str; 4];

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 16] = [
        Metric::ValAccuracy,
        Metric::ValLoss,
        Metric::TestAccuracy,
        Metric::TestLoss,
        Metric::SketchAccuracy,
        Metric::SketchLoss,
        Metric::TrainAccuracy,
        Metric::TrainLoss,
        Metric::BatchAccuracy,
        Metric::BatchLoss,
        Metric::Epsilon,
        Metric::EpochsDone,
        Metric::Steps,
        Metric::Images,
        Metric::TrainSeconds,
        Metric::ImagesPerSecond,
    ];

    #[rustfmt::skip]
    fn words(self) -> Words {
        match self {
            Metric::ValAccuracy => ["val_accuracy", "validation accuracy", "val. accuracy",
                "share of the validation images classified correctly, after every epoch"],
            Metric::ValLoss => ["val_loss", "validation loss", "val. loss",
                "mean loss on the validation images, after every epoch"],
            Metric::TestAccuracy => ["test_accuracy", "test accuracy", "test accuracy",
                "share of the test images classified correctly, once at the end"],
            Metric::TestLoss => ["test_loss", "test loss", "test loss",
                "mean loss on the test images, once at the end"],
            Metric::SketchAccuracy => ["sketch_accuracy", "accuracy on your sketches", "your sketches",
                "share of your labeled sketches classified correctly, after every epoch; it chooses \
                 nothing"],
            Metric::SketchLoss => ["sketch_loss", "loss on your sketches", "sketch loss",
                "mean loss on your labeled sketches, after every epoch"],
            Metric::TrainAccuracy => ["train_accuracy", "training accuracy", "train accuracy",
                "share of the training images classified correctly in an epoch, while the weights \
                 change"],
            Metric::TrainLoss => ["train_loss", "training loss", "train loss",
                "mean loss on the training images in an epoch, while the weights change"],
            Metric::BatchAccuracy => ["batch_accuracy", "batch accuracy", "batch accuracy",
                "share of the images of a batch classified correctly"],
            Metric::BatchLoss => ["batch_loss", "batch loss", "batch loss",
                "mean loss on a batch"],
            Metric::Epsilon => ["epsilon", "privacy spent, ε", "ε",
                "ε that private training has spent, at its δ, after every epoch: for one training image \
                 more or less, not for what is chosen by the validation images"],
            Metric::EpochsDone => ["epochs_done", "epochs done", "epochs done",
                "epochs of training"],
            Metric::Steps => ["steps", "steps", "steps", "updates"],
            Metric::Images => ["images", "images", "images", "training images seen"],
            Metric::TrainSeconds => ["train_seconds", "seconds of training", "time",
                "seconds of training, without pauses and evaluation"],
            Metric::ImagesPerSecond => ["images_per_second", "images per second", "images/s",
                "training images per second"],
        }
    }

    /// Returns the name on the command line, in filters and in files.
    pub fn name(self) -> &'static str {
        self.words()[0]
    }

    /// Returns the metric of this name.
    pub fn named(name: &str) -> Option<Metric> {
        Metric::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Returns the label.
    pub fn label(self) -> &'static str {
        self.words()[1]
    }

    /// Returns the label for narrow columns.
    pub fn heading(self) -> &'static str {
        self.words()[2]
    }

    /// Returns what it is, as part of a sentence.
    pub fn explanation(self) -> &'static str {
        self.words()[3]
    }

    /// Returns which direction is better; `None` for what only says how far training is.
    pub fn direction(self) -> Option<Direction> {
        match self {
            _ if self.is_share() => Some(Direction::Maximize),
            _ if self.is_loss() => Some(Direction::Minimize),
            Metric::ImagesPerSecond => Some(Direction::Maximize),
            Metric::TrainSeconds | Metric::Epsilon => Some(Direction::Minimize),
            _ => None,
        }
    }

    /// Returns whether it is a share in `[0, 1]`, shown as a percentage.
    pub fn is_share(self) -> bool {
        matches!(
            self,
            Metric::ValAccuracy
                | Metric::TestAccuracy
                | Metric::SketchAccuracy
                | Metric::TrainAccuracy
                | Metric::BatchAccuracy
        )
    }

    /// Returns whether it is the mean of the training loss function, in its units.
    pub fn is_loss(self) -> bool {
        matches!(
            self,
            Metric::ValLoss
                | Metric::TestLoss
                | Metric::SketchLoss
                | Metric::TrainLoss
                | Metric::BatchLoss
        )
    }

    /// Returns whether it only grows during training, so that its last value is the only one of
    /// interest.
    pub fn is_cumulative(self) -> bool {
        matches!(
            self,
            Metric::Epsilon
                | Metric::EpochsDone
                | Metric::Steps
                | Metric::Images
                | Metric::TrainSeconds
        )
    }

    /// Returns whether a run has one value of interest instead of a history: it is cumulative, or
    /// measured once.
    pub fn is_single(self) -> bool {
        self.is_cumulative() || matches!(self, Metric::TestAccuracy | Metric::TestLoss)
    }

    /// Formats a value with its unit.
    pub fn format(self, value: f64) -> String {
        match self {
            _ if self.is_share() => text::percent_exact(value),
            _ if self.is_loss() => text::loss(value),
            Metric::TrainSeconds => text::duration(value),
            Metric::Epsilon => format!("{value:.2}"),
            Metric::EpochsDone => text::setting((value * 100.0).round() / 100.0),
            _ => text::thousands(value.max(0.0).round() as u64),
        }
    }

    /// Formats a value like [`Metric::format`], but a loss with four decimals, to rank runs by it.
    pub fn format_exact(self, value: f64) -> String {
        if self.is_loss() || self == Metric::Epsilon {
            format!("{value:.4}")
        } else {
            self.format(value)
        }
    }

    /// Returns whether most runs do not have it: it is measured on the user's sketches, or of private
    /// training.
    pub fn is_rare(self) -> bool {
        matches!(
            self,
            Metric::SketchAccuracy | Metric::SketchLoss | Metric::Epsilon
        )
    }

    /// Returns whether it is measured on the validation images.
    pub fn is_validation(self) -> bool {
        matches!(self, Metric::ValAccuracy | Metric::ValLoss)
    }
}

/// Which direction is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Lower is better.
    Minimize,
    /// Higher is better.
    Maximize,
}

impl Direction {
    /// Returns a cost: lower is better.
    pub fn cost(self, value: f64) -> f64 {
        match self {
            Direction::Minimize => value,
            Direction::Maximize => -value,
        }
    }

    /// Returns whether `a` is better than `b`.
    pub fn is_better(self, a: f64, b: f64) -> bool {
        self.cost(a) < self.cost(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_has_one_name_everywhere() {
        for metric in Metric::ALL {
            assert_eq!(Metric::named(metric.name()), Some(metric));
            let json = serde_json::to_value(metric).unwrap();
            assert_eq!(json, metric.name());
        }
        assert!(Metric::ALL.is_sorted(), "the order of the table");
    }
}
