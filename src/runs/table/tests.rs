//! Columns, order, groups, text and differences of a handful of runs.

use super::*;
use crate::model::preset;
use crate::runs::id::RunId;
use crate::runs::metric::Metric;
use crate::runs::record::Record;
use crate::runs::run_summary::Aggregates;
use crate::runs::state::RunState;
use crate::train::TrainConfig;

/// A run of `preset` with a learning rate, a seed and a best validation accuracy.
fn record(id: &str, preset_name: &str, rate: f64, seed: u64, accuracy: Option<f64>) -> Record {
    let preset = preset(preset_name).unwrap();
    let mut config = TrainConfig::new(preset, [1, 28, 28], 10, 60_000);
    config.learning_rate = rate;
    config.seed = seed;
    let mut record = Record::begun(RunId::new(id), &RunState::new(id, config));
    if let Some(accuracy) = accuracy {
        let all = Aggregates {
            last: accuracy - 0.01,
            min: 0.1,
            max: accuracy,
            at_best: Some(accuracy),
        };
        record.metrics.insert(Metric::ValAccuracy, all);
    }
    record
}

fn names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(Column::name).collect()
}

#[test]
fn the_columns_that_differ_are_chosen() {
    let a = record("a", "mlp", 0.1, 1, Some(0.9));
    let b = record("b", "mlp", 0.2, 1, None);
    let c = record("c", "lenet-5", 0.1, 1, None);
    let same = differing_columns(&[&a, &a]);
    assert_eq!(names(&same), ["status", "val_accuracy.best"]);
    let rates = differing_columns(&[&b, &a]);
    assert_eq!(
        names(&rates),
        ["status", "val_accuracy.best", "learning_rate"]
    );
    let networks = names(&differing_columns(&[&a, &c]));
    assert!(networks.contains(&"preset".to_owned()), "{networks:?}");
    assert!(
        !networks.iter().any(|n| n.starts_with("model.")),
        "{networks:?}"
    );
    let mut sgd = a.clone();
    sgd.config.optimizer = crate::train::Optimizer::SGD;
    sgd.name_settings();
    let optimizers = names(&differing_columns(&[&a, &sgd]));
    for column in ["optimizer", "optimizer.beta1", "optimizer.momentum"] {
        assert!(optimizers.contains(&column.to_owned()), "{optimizers:?}");
    }
}

#[test]
fn choices_that_differ_are_told_once() {
    let a = record("a", "mlp", 0.1, 1, None);
    let mut b = record("b", "mlp", 0.2, 2, None);
    b.changes.push(crate::runs::ChangePoint {
        step: 5,
        epoch: 0.1,
        setting: crate::train::Setting::LearningRate,
        old: 0.1.into(),
        new: 0.01.into(),
    });
    assert_eq!(
        differing_choices(&[&a, &b]),
        ["changed", "learning_rate", "seed"]
    );
    let mut sgd = a.clone();
    sgd.config.optimizer = crate::train::Optimizer::SGD;
    sgd.name_settings();
    // Momentum comes with SGD, and adds no information.
    assert_eq!(differing_choices(&[&a, &sgd]), ["optimizer"]);
    let other = record("c", "lenet-5", 0.1, 1, None);
    assert_eq!(differing_choices(&[&a, &other]), ["preset"]);
    // The same name does not tell different layers apart.
    let mut own = a.clone();
    own.config.model.layers.pop();
    own.name_settings();
    assert_eq!(differing_choices(&[&a, &own]), ["model.layers"]);
}

#[test]
fn what_is_changed_during_training_is_another_group() {
    let runs = [1, 2, 3].map(|seed| record("a", "mlp", 0.1, seed, None));
    let mut changed = runs.clone();
    changed[1].changes.push(crate::runs::ChangePoint {
        step: 5,
        epoch: 0.1,
        setting: crate::train::Setting::LearningRate,
        old: 0.1.into(),
        new: 0.01.into(),
    });
    let members = |runs: &[Record]| -> Vec<Vec<usize>> {
        let runs: Vec<&Record> = runs.iter().collect();
        let groups = group(&runs, &GroupBy::AllButSeed).into_iter();
        groups.map(|group| group.members).collect()
    };
    assert_eq!(members(&runs), [[0, 1, 2]]);
    assert_eq!(members(&changed), [vec![0, 2], vec![1]]);
}

#[test]
fn columns_are_stored_as_before() {
    for (column, json) in [
        (Column::parse("lr"), r#"{"key":"learning_rate"}"#),
        (
            Column::parse("val_loss.at_best"),
            r#"{"key":"val_loss","aggregate":"at_best"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&column).unwrap(), json);
        assert_eq!(serde_json::from_str::<Column>(json).unwrap(), column);
    }
}

#[test]
fn the_best_of_what_only_grows_is_the_last() {
    let mut run = record("a", "mlp", 0.1, 1, None);
    let all = Aggregates {
        last: 9.0,
        min: 1.0,
        max: 9.0,
        at_best: None,
    };
    for metric in [Metric::TrainSeconds, Metric::ValLoss, Metric::ValAccuracy] {
        run.metrics.insert(metric, all);
    }
    let of = |name: &str| Column::parse(name).value(&run).unwrap().number().unwrap();
    let found = ["train_secs", "val_loss", "val_acc", "validation_loss"].map(of);
    assert_eq!(found, [9.0, 1.0, 9.0, 9.0]);
}

#[test]
fn rows_are_sorted_by_several_columns_and_what_is_missing_is_last() {
    let runs = [
        record("a", "mlp", 0.1, 2, None),
        record("b", "mlp", 0.2, 1, Some(0.9)),
        record("c", "mlp", 0.1, 1, Some(0.95)),
    ];
    let runs: Vec<&Record> = runs.iter().collect();
    let order = |keys: &[(&str, bool)]| -> String {
        let key = |&(name, is_descending): &(&str, bool)| SortKey {
            column: Column::parse(name),
            is_descending,
        };
        let keys: Vec<SortKey> = keys.iter().map(key).collect();
        sort(&runs, &keys)
            .iter()
            .map(|&idx| runs[idx].id.as_str())
            .collect()
    };
    assert_eq!(order(&[]), "abc");
    assert_eq!(order(&[("lr", false)]), "acb");
    assert_eq!(order(&[("lr", false), ("seed", false)]), "cab");
    assert_eq!(order(&[("lr", true), ("seed", true)]), "bac");
    assert_eq!(order(&[("val_accuracy", false)]), "bca");
    assert_eq!(order(&[("val_accuracy", true)]), "cba");
}

#[test]
fn groups_have_means_and_standard_deviations() {
    let runs = [
        record("a", "mlp", 0.1, 1, Some(0.9)),
        record("b", "mlp", 0.2, 1, Some(0.5)),
        record("c", "mlp", 0.1, 2, Some(0.92)),
        record("d", "mlp", 0.1, 3, None),
    ];
    let runs: Vec<&Record> = runs.iter().collect();
    let groups = group(&runs, &GroupBy::AllButSeed);
    let members: Vec<&[usize]> = groups.iter().map(|g| g.members.as_slice()).collect();
    assert_eq!(members, [&[0, 2, 3][..], &[1]]);
    let by_rate = group(&runs, &GroupBy::Column(Column::parse("lr")));
    assert_eq!(by_rate[0].name, "learning_rate 0.1");
    let summary = |column: &str| groups[0].summary(|idx| runs[idx], &Column::parse(column));
    let Summary::Spread(spread) = summary("val_accuracy") else {
        panic!("{:?}", summary("val_accuracy"))
    };
    // Mean and sample standard deviation of 0.9 and 0.92, by hand.
    assert_eq!(spread.n, 2);
    assert!((spread.mean - 0.91).abs() < 1e-12);
    assert!((spread.deviation.unwrap() - 0.02 / 2_f64.sqrt()).abs() < 1e-12);
    assert_eq!(
        summary("lr"),
        Summary::Shared(crate::runs::Value::Number(0.1))
    );
    assert_eq!(summary("seed"), Summary::Different);
    assert_eq!(Spread::of([f64::NAN].into_iter()), None);
    assert_eq!(Spread::of([2.0].into_iter()).unwrap().deviation, None);
}

#[test]
fn a_table_is_written_for_a_spreadsheet() {
    let mut a = record("a", "mlp", 1e-5, 1, Some(0.9));
    a.name = "one, \"two\"".to_owned();
    let b = record("b", "mlp", 0.2, 1, None);
    let columns = [Column::parse("lr"), Column::parse("val_accuracy.last")];
    assert_eq!(
        to_csv(&[&a, &b], &columns),
        "id,name,learning_rate,val_accuracy.last\r\na,\"one, \"\"two\"\"\",1e-5,0.89\r\nb,b,0.2,\r\n"
    );
}

#[test]
fn only_what_differs_is_told() {
    let a = record("a", "mlp", 0.1, 1, None);
    let mut b = record("b", "mlp", 0.2, 1, None);
    b.config.model.layers.pop();
    b.name_settings();
    let differences = differences(&[&a, &b]);
    let values = |key: &str| differences.iter().find(|d| d.key == key).map(|d| &d.values);
    assert_eq!(values("batch_size"), None);
    let rates = values("learning_rate").unwrap();
    let rates: Vec<f64> = rates
        .iter()
        .map(|v| v.as_ref().unwrap().number().unwrap())
        .collect();
    assert_eq!(rates, [0.1, 0.2]);
    let n = a.config.model.layers.len();
    let layers = values(&format!("model.layers.{n:02}")).unwrap();
    assert!(layers[0].is_some() && layers[1].is_none());
    assert!(super::differences(&[&a, &a]).is_empty());
}
