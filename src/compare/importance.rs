//! The importance of settings for a metric.

use serde::Serialize;

use super::forest::{Column, permutation_importance};
use super::rank::{Correlation, spearman};
use crate::runs::table::{SummaryMetric, differing_choices};
use crate::runs::{Record, Value};
use crate::text::count;

/// Minimum runs per differing setting; with fewer, importance is mostly chance.
const RUNS_PER_KEY: usize = 8;

/// Minimum number of runs.
const MIN_RUNS: usize = 4;

/// Seed of the forest: the same runs give the same importance.
const FOREST_SEED: u64 = 1;

/// The importance of one setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyImportance {
    /// The setting.
    pub key: String,
    /// Share of the metric's variance by which a random forest's error grows without it; around 0,
    /// it has no effect. Not bounded by 1.
    pub importance: f64,
    /// Whether the metric rises or falls with it; only for numbers.
    pub correlation: Option<Correlation>,
}

/// The importance of the settings for a metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importance {
    /// The metric.
    pub metric: SummaryMetric,
    /// Number of runs with the metric.
    pub n_runs: usize,
    /// Settings that differ, the most important first.
    pub keys: Vec<KeyImportance>,
    /// Share of the variance that the forest explains out of bag.
    pub explained: f64,
    /// Why the result is unreliable, in one sentence.
    pub hint: Option<String>,
}

/// Computes the importance of the settings of `records` for `metric`. Runs without a finite value
/// are left out.
///
/// # Errors
/// One sentence when there are too few runs or no setting differs.
pub fn importance(records: &[&Record], metric: SummaryMetric) -> Result<Importance, String> {
    let measured = records.iter().copied();
    let measured = measured.filter_map(|record| Some((record, metric.finite(record)?)));
    let (records, target): (Vec<&Record>, Vec<f64>) = measured.unzip();
    if records.len() < MIN_RUNS {
        return Err(format!(
            "importance needs at least {MIN_RUNS} runs with a {}, found {}",
            metric.label(),
            records.len()
        ));
    }
    let keys = differing_choices(&records);
    if keys.is_empty() {
        return Err("these runs do not differ in any setting".to_owned());
    }
    let values = |key: &&str| records.iter().map(|record| record.value(key)).collect();
    let values: Vec<Vec<Option<Value>>> = keys.iter().map(values).collect();
    let columns: Vec<Column> = values.iter().map(|values| column(values)).collect();
    let found = permutation_importance(&columns, &target, FOREST_SEED);
    let mut keys: Vec<KeyImportance> = keys
        .iter()
        .zip(found.importance)
        .zip(&values)
        .map(|((key, importance), values)| KeyImportance {
            key: (*key).to_owned(),
            importance,
            correlation: correlation(values, &target),
        })
        .collect();
    keys.sort_by(|a, b| b.importance.total_cmp(&a.importance));
    Ok(Importance {
        metric,
        n_runs: records.len(),
        hint: hint(records.len(), keys.len(), found.explained),
        keys,
        explained: found.explained,
    })
}

fn hint(n_runs: usize, n_keys: usize, explained: f64) -> Option<String> {
    let wanted = (RUNS_PER_KEY * n_keys).max(2 * RUNS_PER_KEY);
    if n_runs < wanted {
        return Some(format!(
            "{n_runs} runs are few for {}: about {wanted} would be more reliable",
            count(n_keys, "setting")
        ));
    }
    (explained < 0.2).then(|| {
        "the settings explain little of the variance between these runs: the bars are mostly chance"
            .to_owned()
    })
}

/// Returns the values of a setting: numbers if all of them are, otherwise categories.
fn column(values: &[Option<Value>]) -> Column {
    let number = |v: &Option<Value>| v.as_ref().and_then(Value::number);
    if values.iter().all(|v| v.is_none() || number(v).is_some()) {
        let number = |v: &Option<Value>| number(v).unwrap_or(f64::NEG_INFINITY);
        return Column::Numbers(values.iter().map(number).collect());
    }
    let words: Vec<String> = values
        .iter()
        .map(|v| v.as_ref().map_or_else(String::new, Value::to_string))
        .collect();
    let place = |word: &String| words.iter().position(|w| w == word).unwrap_or(0);
    Column::Words(words.iter().map(place).collect())
}

fn correlation(values: &[Option<Value>], target: &[f64]) -> Option<Correlation> {
    let pairs = values.iter().zip(target);
    let (x, y): (Vec<f64>, Vec<f64>) = pairs
        .filter_map(|(value, y)| Some((value.as_ref()?.number()?, *y)))
        .unzip();
    spearman(&x, &y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::{record, run};
    use crate::runs::Metric;
    use crate::train::Optimizer;

    /// Runs whose accuracy depends on the optimizer and a little on the rate.
    fn records(n: u64) -> Vec<Record> {
        let row = |seed: u64| {
            let rate: f64 = [1e-4, 1e-3, 1e-2][seed as usize % 3];
            let is_sgd = seed.is_multiple_of(2);
            let luck = (seed * 7919 % 13) as f64 * 1e-4;
            let accuracy = 0.9 - 0.05 * f64::from(is_sgd) + 0.005 * rate.log10() + luck;
            let mut run = run("r", seed, rate, accuracy);
            if is_sgd {
                run.config.optimizer = Optimizer::SGD;
            }
            record(&run)
        };
        (1..=n).map(row).collect()
    }

    fn by(metric: Metric, records: &[Record]) -> Result<Importance, String> {
        importance(
            &records.iter().collect::<Vec<_>>(),
            SummaryMetric::best(metric),
        )
    }

    #[test]
    fn the_optimizer_is_seen_to_matter_and_the_seed_not() {
        let found = by(Metric::TestAccuracy, &records(60)).unwrap();
        let place = |key: &str| found.keys.iter().position(|k| k.key == key).unwrap();
        // The optimizer shows in its kind and in the keys only one kind has.
        assert!(found.keys[0].key.starts_with("optimizer"), "{found:?}");
        assert!(place("seed") > place("learning_rate"), "{found:?}");
        let seed = &found.keys[place("seed")];
        assert!(seed.importance < 0.05, "{seed:?}");
        let rate = found.keys[place("learning_rate")].correlation.unwrap();
        assert!(rate.rho > 0.1, "{rate:?}");
        assert_eq!(found.keys[place("optimizer")].correlation, None);
        assert_eq!(found, by(Metric::TestAccuracy, &records(60)).unwrap());
    }

    #[test]
    fn few_runs_are_told() {
        let hint = by(Metric::TestAccuracy, &records(6)).unwrap().hint;
        assert!(hint.unwrap().starts_with("6 runs are few for"));
        let error = by(Metric::TestAccuracy, &records(3)).unwrap_err();
        assert!(error.contains("at least 4 runs"), "{error}");
        let error = by(Metric::TrainSeconds, &records(9)).unwrap_err();
        assert!(error.contains("found 0"), "{error}");
        let same = vec![records(1)[0].clone(); 5];
        let error = by(Metric::TestAccuracy, &same).unwrap_err();
        assert!(error.contains("do not differ"), "{error}");
    }
}
