//! A card of made-up predictions.

use candle_core::Device;

use super::*;
use crate::data::ImageSet;
use crate::evaluate::{Loss, Predictions};
use crate::model::{Classifier, Init, Network, Provenance, preset};

fn classifier() -> Classifier {
    let spec = preset("softmax").map(|p| p.spec([1, 2, 2], 2)).unwrap();
    Classifier {
        network: Network::new(&spec, Init::default(), 1, &Device::Cpu).unwrap(),
        classes: vec!["a|b".to_owned(), "c".to_owned()],
        provenance: Provenance {
            dataset: "four \"more\"".to_owned(),
            config: serde_json::json!({ "n_validation": 1, "optimizer": { "kind": "adam" } }),
            epochs: 2.0,
            ..Provenance::default()
        },
    }
}

fn made(with_evaluation: bool) -> String {
    let classifier = classifier();
    let images = || ImageSet::new([1, 2, 2], (0..16).collect(), vec![0, 1, 0, 1]).unwrap();
    let dataset = Dataset {
        name: "four \"more\"".to_owned(),
        train: images(),
        test: images(),
        classes: classifier.classes.clone(),
        ..Dataset::mnist().unwrap()
    };
    let logits = vec![2.0, 0.0, 0.0, 3.0, 0.0, 1.0, 0.5, 0.0];
    let predictions =
        Predictions::from_logits(logits, vec![0, 1, 0, 1], 2, Loss::CROSS_ENTROPY, None).unwrap();
    let report = Report::new(&predictions, &classifier.classes);
    card(&CardSubject {
        model: ExportedModel {
            name: "one: <b>",
            classifier: &classifier,
            fingerprint: None,
        },
        license: "mit",
        evaluation: with_evaluation.then_some((&dataset, &report)),
    })
}

#[test]
fn names_are_quoted_and_shares_have_intervals() {
    let card = made(true);
    assert!(card.starts_with("---\nlicense: \"mit\"\n"), "{card}");
    assert!(card.contains("- name: \"one: <b>\"\n"));
    assert!(card.contains("name: \"four \\\"more\\\"\""));
    assert!(card.contains(
        "      name: \"accuracy (95 % interval 0.1500 to 0.8500)\"\n      value: 0.500000\n"
    ));
    assert!(card.contains("# one: \\<b\\>\n"));
    assert!(card.contains("| accuracy | 50.00 % | 15.00 % to 85.00 % |"));
    // One of two images of a|b is right.
    assert!(
        card.contains("| a\\|b | 50.00 % | 50.00 % | 9.45 % to 90.55 % | 50.00 % | 2 |"),
        "{card}"
    );
    assert!(card.contains("4 training images (of which 1 set aside for validation)"));
    assert!(card.contains("| optimizer.kind | adam |"));
    assert!(card.contains("| dense1 | Dense 2 | 2 | 10 |"));
}

#[test]
fn without_data_there_are_no_numbers_that_nobody_measured() {
    let card = made(false);
    assert!(!card.contains("model-index") && !card.contains("metrics"));
    assert!(card.contains("It was not evaluated on test images."));
}
