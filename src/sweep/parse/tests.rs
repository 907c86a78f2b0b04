//! Valid and invalid sweep files.

use super::*;
use crate::runs::Metric;
use crate::sweep::definition::Prune;

const GOOD: &str = r#"
preset = "mlp"
method = "tpe"
metric = "val_loss"
trials = 20
seeds_per_setting = 2
prune = { rule = "asha" }

[set]
epochs = 4
optimizer.beta1 = 0.8

[[search]]
key = "learning_rate"
log_range = [1e-4, 1e-1]

[[search]]
key = "optimizer"
list = ["adam", "sgd"]

[[search]]
key = "optimizer.momentum"
range = [0, 0.9]
when = { key = "optimizer", is = ["sgd"] }
"#;

#[test]
fn a_file_says_what_it_means_and_survives_being_written() {
    let sweep = Definition::parse(GOOD, "rates").unwrap();
    assert_eq!(sweep.name, "rates");
    assert_eq!(sweep.direction, Direction::Minimize);
    let prune = Prune::Asha {
        epochs: 1,
        factor: 3,
    };
    assert_eq!(sweep.prune, Some(prune));
    assert_eq!(sweep.set["optimizer.beta1"].as_float(), Some(0.8));
    assert_eq!(sweep.search.len(), 3);
    assert_eq!(sweep.search[2].values, Values::Range([0.0, 0.9]));
    let text = toml::to_string(&sweep).unwrap();
    assert_eq!(Definition::parse(&text, "").unwrap(), sweep, "{text}");
}

#[test]
fn metrics_are_named_as_in_the_table() {
    let parse = |metric: &str| {
        let text = format!(
            "metric = \"{metric}\"\nmethod = \"grid\"\n[[search]]\nkey = \"learning_rate\"\nlist = [0.1]"
        );
        Definition::parse(&text, "a").map(|d| (d.metric, d.direction, d.measure))
    };
    let (up, down) = (Direction::Maximize, Direction::Minimize);
    for (name, expected) in [
        ("val_accuracy", (Metric::ValAccuracy, up, Measure::Best)),
        ("val_acc.best", (Metric::ValAccuracy, up, Measure::Best)),
        ("val_loss.last", (Metric::ValLoss, down, Measure::Last)),
    ] {
        assert_eq!(parse(name).unwrap(), expected, "{name}");
    }
    for (name, words) in [
        ("val_loss.max", "best or last epoch"),
        ("steps", "must be one of val_accuracy, "),
        ("test_loss", "test images"),
    ] {
        let problems = parse(name).unwrap_err();
        assert!(problems[0].message.contains(words), "{problems:?}");
    }
}

#[test]
fn every_problem_is_told_at_once_with_its_line() {
    let text = r#"method = "tpe "
metric = "test_accuracy"
trials = "many"
color = 3
[[search]]
key = "learning_rate"
log_range = [0.1, 0.01]
[[search]]
key = "batch_size"
list = []
[[search]]
log_range = [1, 2]
[[search]]
key = "warm_up"
range = [0, 1]
when = { key = "schedule", is = ["step"] }
"#;
    let problems = Definition::parse(text, "a").unwrap_err();
    let reported: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for (line, words) in [
        (1, "must be one of grid, random, sobol, tpe"),
        (2, "choose nothing"),
        (3, "trials must be a whole number"),
        (4, "no key `color`"),
        (5, "from a smaller to a larger"),
        (8, "must not be empty"),
        (11, "must name its key"),
        (13, "`schedule`, which must be searched before"),
    ] {
        let found = reported
            .iter()
            .any(|t| t.starts_with(&format!("line {line}: ")) && t.contains(words));
        assert!(found, "line {line}, {words} in {reported:#?}");
    }
    assert_eq!(reported.len(), 8, "{reported:#?}");
}

#[test]
fn broken_toml_is_told_with_its_line() {
    let problems = Definition::parse("trials = 3\nmethod = \n", "a").unwrap_err();
    assert!(
        problems[0].to_string().starts_with("line 2: "),
        "{problems:?}"
    );
}
