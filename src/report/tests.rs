//! A report of made-up predictions.

use candle_core::Device;

use super::*;
use crate::evaluate::Loss;
use crate::model::{Init, Network, Provenance, preset};

/// Four images of two classes, with a name that is not harmless.
fn made(with_images: bool) -> String {
    let spec = preset("softmax").map(|p| p.spec([1, 2, 2], 2)).unwrap();
    let classifier = Classifier {
        network: Network::new(&spec, Init::default(), 1, &Device::Cpu).unwrap(),
        classes: vec!["a<b".to_owned(), "c".to_owned()],
        provenance: Provenance::default(),
    };
    let images = || ImageSet::new([1, 2, 2], (0..16).collect(), vec![0, 1, 0, 1]).unwrap();
    let dataset = Dataset {
        name: "four & more".to_owned(),
        train: images(),
        test: images(),
        classes: classifier.classes.clone(),
        ..Dataset::mnist().unwrap()
    };
    let logits = vec![2.0, 0.0, 0.0, 3.0, 0.0, 1.0, 0.5, 0.0];
    let predictions =
        Predictions::from_logits(logits, vec![0, 1, 0, 1], 2, Loss::CROSS_ENTROPY, None).unwrap();
    html(&Subject {
        name: "<script>alert(1)</script>",
        classifier: &classifier,
        dataset: &dataset,
        split: SplitName::Test,
        set: &dataset.test,
        predictions: &predictions,
        run: None,
        with_images,
    })
}

#[test]
fn names_are_text_and_nothing_is_loaded() {
    let html = made(true);
    assert!(!html.contains("<script"), "{html}");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; on four &amp; more"));
    assert!(html.contains("<th>a&lt;b</th>"));
    for outside in ["src=\"http", "href=", "url(", "@import"] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn the_numbers_and_the_wrong_images_are_there() {
    let html = made(true);
    assert!(
        html.contains("50.00 % of 4 test images are classified correctly"),
        "{html}"
    );
    assert_eq!(html.matches("<img src=\"data:image/png;base64,").count(), 2);
    // The higher loss first: label a<b with the logits 0 and 1.
    let first = html.find("<figcaption>2: a&lt;b → c 73 %").unwrap();
    let second = html.find("<figcaption>3: c → a&lt;b 62 %").unwrap();
    assert!(first < second);
    let without = made(false);
    assert!(!without.contains("<img") && without.contains("<figcaption>2: a&lt;b"));
}
