//! A run as a row of a table: its settings by dotted key, and its metrics.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::Serialize;

use crate::runs::{Record, RunId, Value};

/// A metric of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Share of the test images classified correctly, once at the end.
    TestAccuracy,
    /// Mean loss on the test images.
    TestLoss,
    /// Highest share of the validation images classified correctly after any epoch.
    BestValidation,
    /// The same after the last epoch.
    LastValidation,
    /// Mean loss on the validation images after the last epoch.
    ValidationLoss,
    /// Mean loss over the last epoch of training.
    TrainLoss,
    /// Seconds of training.
    TrainSecs,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 7] = [
        Metric::TestAccuracy,
        Metric::TestLoss,
        Metric::BestValidation,
        Metric::LastValidation,
        Metric::ValidationLoss,
        Metric::TrainLoss,
        Metric::TrainSecs,
    ];

    /// Returns the label.
    pub fn label(self) -> &'static str {
        match self {
            Metric::TestAccuracy => "test accuracy",
            Metric::TestLoss => "test loss",
            Metric::BestValidation => "best validation accuracy",
            Metric::LastValidation => "last validation accuracy",
            Metric::ValidationLoss => "validation loss",
            Metric::TrainLoss => "training loss",
            Metric::TrainSecs => "seconds of training",
        }
    }

    /// Returns the name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Metric::TestAccuracy => "test_accuracy",
            Metric::TestLoss => "test_loss",
            Metric::BestValidation => "best_validation",
            Metric::LastValidation => "last_validation",
            Metric::ValidationLoss => "validation_loss",
            Metric::TrainLoss => "train_loss",
            Metric::TrainSecs => "train_secs",
        }
    }

    /// Returns whether it is a share in `[0, 1]`, shown as a percentage.
    pub fn is_share(self) -> bool {
        matches!(
            self,
            Metric::TestAccuracy | Metric::BestValidation | Metric::LastValidation
        )
    }

    /// Returns whether it is the mean of the training loss function, in its units.
    pub fn is_loss(self) -> bool {
        matches!(
            self,
            Metric::TestLoss | Metric::ValidationLoss | Metric::TrainLoss
        )
    }

    /// Returns whether higher is better.
    pub fn is_higher_better(self) -> bool {
        self.is_share()
    }

    fn of(self, record: &Record) -> Option<f64> {
        let all = |key: &str| record.metrics.get(key);
        let last = |key: &str| all(key).map(|all| all.last);
        let value = match self {
            Metric::TestAccuracy => last("test_accuracy"),
            Metric::TestLoss => last("test_loss"),
            Metric::BestValidation => all("val_accuracy").map(|all| all.max),
            Metric::LastValidation => last("val_accuracy"),
            Metric::ValidationLoss => last("val_loss"),
            Metric::TrainLoss => last("train_loss"),
            Metric::TrainSecs => last("train_seconds"),
        };
        value.filter(|value| value.is_finite())
    }
}

/// A run as a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunRow {
    /// Its id.
    pub id: RunId,
    /// Its color number.
    #[serde(skip)]
    pub color: usize,
    /// Its name.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Its settings by dotted key, such as `optimizer.beta1`, including the seed. The layers are
    /// one value, `model`; changes during training are the value `changed`.
    pub settings: BTreeMap<String, Value>,
    /// Its metrics, without those that are missing or not finite.
    pub metrics: BTreeMap<Metric, f64>,
}

impl RunRow {
    /// Makes the row of a run.
    pub fn new(record: &Record) -> RunRow {
        let measured = |metric: Metric| Some((metric, metric.of(record)?));
        RunRow {
            id: record.id.clone(),
            color: record.color,
            name: record.name.clone(),
            seed: record.config.seed,
            settings: settings(record),
            metrics: Metric::ALL.into_iter().filter_map(measured).collect(),
        }
    }

    /// Returns whether `other` differs only in the seed.
    pub fn is_same_but_seed(&self, other: &RunRow) -> bool {
        self.all_but_seed().eq(other.all_but_seed())
    }

    fn all_but_seed(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.settings.iter().filter(|(key, _)| *key != "seed")
    }

    /// Hashes everything but the seed.
    fn mark(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (key, value) in self.all_but_seed() {
            key.hash(&mut hasher);
            match value {
                // 0 and −0 are equal.
                Value::Number(number) => (number + 0.0).to_bits().hash(&mut hasher),
                Value::Text(text) => text.hash(&mut hasher),
            }
        }
        hasher.finish()
    }
}

/// Runs that differ only in the seed, as indices into the rows.
pub type Group = Vec<usize>;

/// Groups rows that differ only in the seed, in order of appearance.
pub fn groups(rows: &[RunRow]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    // Look groups up by hash: comparing each row with each group takes too long for a window that
    // shows thousands.
    let mut marked: HashMap<u64, Vec<usize>> = HashMap::new();
    for (idx, row) in rows.iter().enumerate() {
        let candidates = marked.entry(row.mark()).or_default();
        let found = candidates
            .iter()
            .find(|&&group| rows[groups[group][0]].is_same_but_seed(row));
        match found {
            Some(&group) => groups[group].push(idx),
            None => {
                candidates.push(groups.len());
                groups.push(vec![idx]);
            }
        }
    }
    groups
}

/// Returns the keys that differ between rows, in order; a key that some rows lack differs. Omits
/// keys that only repeat their parent, such as `optimizer.momentum` if all runs with SGD share it.
pub(super) fn differing<'a>(rows: &[&'a RunRow]) -> Vec<&'a str> {
    let keys: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row.settings.keys().map(String::as_str))
        .collect();
    let values = |key: &str| -> Vec<Option<&Value>> {
        rows.iter().map(|row| row.settings.get(key)).collect()
    };
    let differs = |values: &[Option<&Value>]| values.iter().any(|value| *value != values[0]);
    let repeats_parent = |key: &str, all: &[Option<&Value>]| {
        let there: Vec<Option<&Value>> = all.iter().copied().filter(Option::is_some).collect();
        let parent = key.rsplit_once('.').map(|(parent, _)| values(parent));
        !differs(&there) && parent.is_some_and(|parent| differs(&parent))
    };
    let is_telling = |key: &&str| {
        let all = values(key);
        differs(&all) && !repeats_parent(key, &all)
    };
    keys.into_iter().filter(is_telling).collect()
}

/// Returns what decided a run, by key: its settings, with the layers as one choice, its dataset,
/// and changes during training. Image size and classes belong to the dataset.
fn settings(record: &Record) -> BTreeMap<String, Value> {
    let is_choice = |key: &str| key != "preset" && !key.starts_with("model.");
    let all = record.settings().iter();
    let choices = all.filter(|(key, _)| is_choice(key));
    let mut settings: BTreeMap<String, Value> = choices
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut insert = |key: &str, text: String| {
        settings.insert(key.to_owned(), Value::Text(text));
    };
    let mut named = record.config.clone();
    named.rename_preset();
    let layers = record
        .value("model.layers")
        .filter(|_| named.preset == "custom");
    insert(
        "model",
        layers.map_or(named.preset, |layers| layers.to_string()),
    );
    let changes = record.changes.iter().map(|change| {
        let (name, step) = (change.setting.label(), change.step);
        format!("{name} {} at step {step}", change.new)
    });
    let changes: Vec<String> = changes.collect();
    if !changes.is_empty() {
        insert("changed", changes.join(", "));
    }
    if !record.data.is_empty() {
        insert("data", record.data.clone());
    }
    settings
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::PRESETS;
    use crate::runs::{RunState, RunSummary};
    use crate::train::{Metrics, Optimizer, TrainConfig};

    /// A finished run of the first preset.
    pub(crate) fn run(name: &str, seed: u64, learning_rate: f64, accuracy: f64) -> RunState {
        let mut config = TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000);
        (config.seed, config.learning_rate) = (seed, learning_rate);
        let mut run = RunState::new(name, config);
        run.test = Some(Metrics {
            loss: 1.0 - accuracy,
            accuracy,
        });
        run
    }

    /// Its row.
    pub(crate) fn facts(run: &RunState) -> RunRow {
        let mut record = Record::begun(RunId::new(&run.name), run);
        record.follow(run, &RunSummary::of(run));
        RunRow::new(&record)
    }

    #[test]
    fn settings_are_dotted_keys() {
        let facts = facts(&run("a", 3, 0.01, 0.9));
        let text = |key: &str| facts.settings[key].to_string();
        assert_eq!(text("optimizer"), "adam");
        assert_eq!(text("optimizer.beta1"), "0.9");
        assert_eq!(text("learning_rate"), "0.01");
        assert_eq!(text("model"), PRESETS[0].name);
        assert!(!facts.settings.keys().any(|k| k.contains("layers")));
        assert_eq!(facts.metrics[&Metric::TestAccuracy], 0.9);
        assert!(!facts.metrics.contains_key(&Metric::TrainLoss));
    }

    #[test]
    fn own_layers_are_told_apart() {
        let mut own = run("a", 1, 0.01, 0.9);
        own.config.preset = "custom".to_owned();
        let first = facts(&own);
        own.config.model.layers.remove(0);
        let second = facts(&own);
        assert_ne!(first.settings["model"], second.settings["model"]);
    }

    #[test]
    fn seeds_group_and_everything_else_separates() {
        let mut runs = [
            run("a", 1, 0.01, 0.9),
            run("b", 1, 0.02, 0.9),
            run("c", 2, 0.01, 0.8),
            run("d", 3, 0.01, 0.8),
        ];
        // A run that was changed during training does not repeat one that was not.
        runs[3].changes.push(crate::runs::ChangePoint {
            step: 5,
            epoch: 0.1,
            setting: crate::train::Setting::LearningRate,
            old: 0.1.into(),
            new: 0.01.into(),
        });
        let rows: Vec<RunRow> = runs.iter().map(facts).collect();
        assert_eq!(groups(&rows), [vec![0, 2], vec![1], vec![3]]);
        let all: Vec<&RunRow> = rows.iter().collect();
        assert_eq!(differing(&all), ["changed", "learning_rate", "seed"]);
        let kinds = {
            let mut other = run("e", 1, 0.01, 0.9);
            other.config.optimizer = Optimizer::SGD;
            [rows[0].clone(), facts(&other)]
        };
        let differing = differing(&kinds.iter().collect::<Vec<_>>());
        assert!(differing.contains(&"optimizer"));
        // Momentum comes with SGD, and adds no information.
        assert!(!differing.contains(&"optimizer.momentum"));
    }
}
