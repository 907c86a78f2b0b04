//! What filters match, and the errors of invalid ones.

use super::*;
use crate::model::preset;
use crate::runs::id::RunId;
use crate::runs::state::RunState;
use crate::text::MAX_NESTING;
use crate::train::TrainConfig;

fn record(name: &str, preset_name: &str, rate: f64) -> Record {
    let preset = preset(preset_name).unwrap();
    let mut config = TrainConfig::new(preset, [1, 28, 28], 10, 60_000);
    config.learning_rate = rate;
    let mut record = Record::begun(RunId::new(name), &RunState::new(name, config));
    record.notes.tags = vec!["Paper".to_owned()];
    record.metrics.insert(
        crate::runs::Metric::ValAccuracy,
        crate::runs::Aggregates {
            last: 0.97,
            min: 0.5,
            max: 0.985,
            at_best: Some(0.985),
        },
    );
    record
}

/// Which of three runs `text` finds.
fn found(text: &str) -> String {
    let runs = [
        record("a wide one", "keras-cnn", 0.001),
        record("b", "deep-cnn", 0.1),
        record("c wide", "mlp", 0.001),
    ];
    let query = Query::parse(text).unwrap();
    let names = runs.iter().filter(|run| query.passes(run));
    names.map(|run| &run.name[..1]).collect()
}

#[test]
fn runs_are_found_by_words_and_by_expressions() {
    for (text, names) in [
        ("", "abc"),
        ("wide", "ac"),
        ("WIDE one", "a"),
        ("paper", "abc"),
        ("lr < 0.01", "ac"),
        ("lr<0.01 and model=cnn", "a"),
        ("learning_rate >= 1e-1", "b"),
        ("lr = 0.1 or model = mlp", "bc"),
        ("model = cnn lr = 0.1 or wide model = mlp", "bc"),
        ("model = cnn and (lr = 0.1 or wide)", "ab"),
        ("not model = cnn", "c"),
        ("model != cnn", "c"),
        ("not (wide or lr = 0.1)", ""),
        ("model ~ nn", "ab"),
        ("opt = adam", "abc"),
        ("opt = ad", ""),
        ("val_acc > 98%", "abc"),
        ("val_acc.last > 98%", ""),
        ("val_accuracy.min = 0.5", "abc"),
        ("test_accuracy > 0", ""),
        ("test_accuracy != 0", "abc"),
        ("name = \"c wide\"", "c"),
        ("'one'", "a"),
        ("tag = paper status = starting", "abc"),
        ("epochs = 5", "abc"),
    ] {
        assert_eq!(found(text), names, "{text}");
    }
}

#[test]
fn what_makes_no_sense_is_told_at_its_place() {
    for (text, at, words) in [
        ("lr <", 4, "expected a value, found nothing"),
        ("lr < < 3", 5, "expected a value"),
        ("(lr < 3", 0, "never closed"),
        ("lr < 3)", 6, "expected `and` or `or`, found `)`"),
        ("lr < 3 and", 10, "found nothing"),
        ("and x", 0, "found `and`"),
        ("x or or y", 5, "found `or`"),
        ("name = \"b", 7, "never closed"),
        ("a ! b", 2, "`!` alone"),
        ("not", 3, "found nothing"),
        ("ähm = ", 6, "found nothing"),
    ] {
        let error = Query::parse(text).unwrap_err();
        assert_eq!(error.at, at, "{text}: {error}");
        assert!(error.to_string().contains(words), "{text}: {error}");
        assert!(
            error
                .to_string()
                .ends_with(&format!("at character {}", at + 1))
        );
    }
}

#[test]
fn keys_that_no_run_has_and_values_that_are_no_numbers_are_told() {
    let run = record("a", "mlp", 0.1);
    let check = |text: &str| {
        let query = Query::parse(text).unwrap();
        query.check(|column| column.value(&run))
    };
    for fine in ["lr = 3 and acc > 2 word", "lr ~ e-", "acc > 98%", "tag = 3"] {
        check(fine).unwrap();
    }
    for (text, at, words) in [
        ("word lr = 3 or lrr = 3", 15, "`lrr`"),
        (
            "lr < ,1",
            5,
            "expected a number such as 0.1 for learning_rate, found `,1`",
        ),
        ("word and acc = 0,9", 15, "for val_accuracy, found `0,9`"),
        ("lr = \"0.1\"", 5, "expected a number"),
    ] {
        let error = check(text).unwrap_err();
        assert_eq!(error.at, at, "{text}: {error}");
        assert!(error.message.contains(words), "{text}: {error}");
    }
}

#[test]
fn an_expression_may_be_as_deep_as_the_limit() {
    let nested = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    Query::parse(&nested(MAX_NESTING)).unwrap();
    for deep in [
        nested(MAX_NESTING + 1),
        nested(100_000),
        "not ".repeat(100_000),
    ] {
        let error = Query::parse(&deep).unwrap_err();
        assert!(error.message.contains("at most 80 levels"), "{error}");
    }
}
