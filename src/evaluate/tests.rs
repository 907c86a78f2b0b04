//! The numbers of scikit-learn, torchmetrics and SciPy; `tests/fixtures/evaluate/metrics.py` made
//! them.

use serde_json::Value;

use super::*;

fn cases() -> Vec<Value> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/evaluate/metrics.json"
    );
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn of<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn predictions(case: &Value) -> Predictions {
    let rows: Vec<Vec<f32>> = of(&case["probabilities"]);
    Predictions::of_probabilities(&rows, &of::<Vec<u32>>(&case["labels"]))
}

fn report(case: &Value) -> Report {
    let predictions = predictions(case);
    let classes = (0..predictions.n_classes()).map(|c| c.to_string());
    Report::new(&predictions, &classes.collect::<Vec<_>>())
}

fn assert_close(found: f64, expected: &Value, tolerance: f64, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, expected {expected}"
    );
}

#[test]
fn metrics_are_those_of_scikit_learn() {
    for case in cases() {
        let (report, expected) = (report(&case), &case["expected"]);
        let check = |found, expected: &Value, what: &str| {
            assert_close(found, expected, 1e-9, &format!("{}: {what}", case["name"]));
        };
        check(report.accuracy, &expected["accuracy"], "accuracy");
        for (found, expected) in report.accuracy_interval.iter().zip(0..) {
            check(*found, &case["expected"]["interval"][expected], "interval");
        }
        let balanced = &expected["balanced_accuracy"];
        check(report.balanced_accuracy, balanced, "balanced accuracy");
        for (scores, average) in [
            (report.macro_scores, "macro"),
            (report.weighted_scores, "weighted"),
        ] {
            let expected = &expected[average];
            check(scores.precision, &expected["precision"], average);
            check(scores.recall, &expected["recall"], average);
            check(scores.f1, &expected["f1"], average);
        }
        let top_k: Vec<String> = report.top_k.keys().map(usize::to_string).collect();
        for (k, share) in top_k.iter().zip(report.top_k.values()) {
            check(*share, &expected["top_k"][k], k);
        }
        assert_eq!(top_k.len(), expected["top_k"].as_object().unwrap().len());
        check(report.brier, &expected["brier"], "Brier score");
        assert_eq!(
            report.confusion.counts,
            of::<Vec<Vec<u64>>>(&expected["confusion"])
        );
        for (c, class) in report.per_class.iter().enumerate() {
            let [precision, recall, f1, support] =
                [0, 1, 2, 3].map(|i| &expected["per_class"][i][c]);
            check(class.scores.precision, precision, "precision");
            check(class.scores.recall, recall, "recall");
            check(class.scores.f1, f1, "F1");
            assert_eq!(class.support, support.as_u64().unwrap());
        }
    }
}

#[test]
fn calibration_is_that_of_torchmetrics() {
    for case in cases() {
        let (report, expected) = (report(&case), &case["expected"]);
        let name = case["name"].as_str().unwrap();
        assert_close(report.calibration.ece(), &expected["ece"], 1e-6, name);
        assert_close(report.calibration.mce(), &expected["mce"], 1e-6, name);
    }
}

#[test]
fn curves_are_those_of_scikit_learn() {
    for case in cases() {
        let predictions = predictions(&case);
        for class in 0..predictions.n_classes() as u32 {
            let what = format!("{} {class}", case["name"]);
            let expected = &case["expected"]["curves"][class as usize];
            let Some(curve) = ClassCurve::new(&predictions, class) else {
                assert!(expected.is_null(), "{what}");
                continue;
            };
            assert_close(curve.roc_auc, &expected["auc"], 1e-9, &what);
            let average = &expected["average_precision"];
            assert_close(curve.average_precision, average, 1e-9, &what);
            for (name, value) in [
                (
                    "false_positive_rate",
                    (|p| p.false_positive_rate) as fn(&CurvePoint) -> f64,
                ),
                ("recall", |p| p.recall),
                ("precision", |p| p.precision),
            ] {
                let Some(points) = expected[name].as_array() else {
                    continue;
                };
                assert_eq!(points.len(), curve.points.len(), "{what}: {name}");
                for (found, expected) in curve.points.iter().zip(points) {
                    assert_close(value(found), expected, 1e-9, &what);
                }
            }
        }
    }
}

#[test]
fn the_temperature_is_that_of_scipy_and_lowers_the_loss() {
    for case in cases() {
        let expected = &case["temperature"];
        let name = case["name"].as_str().unwrap();
        let logits: Vec<Vec<f32>> = of(&expected["logits"]);
        let (labels, n_classes) = (of(&expected["labels"]), logits[0].len());
        let loss = Loss::CROSS_ENTROPY;
        let before = Predictions::from_logits(logits.concat(), labels, n_classes, loss, None);
        let before = before.unwrap();
        let temperature = fit_temperature(&before).unwrap();
        assert_close(temperature, &expected["temperature"], 1e-6, name);
        let after = before.at_temperature(Some(temperature)).unwrap();
        assert_close(before.mean_loss(), &expected["before"], 1e-6, name);
        assert_close(after.mean_loss(), &expected["after"], 1e-6, name);
        assert!(after.mean_loss() < before.mean_loss());
        assert_eq!(after.answers(), before.answers());
    }
}
