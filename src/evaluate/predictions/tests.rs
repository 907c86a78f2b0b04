use candle_core::Device;

use super::Predictions;
use crate::data::ImageSet;
use crate::evaluate::error::EvaluateError;
use crate::evaluate::loss::Loss;
use crate::evaluate::measure::measure;
use crate::model::{Classifier, Dense, Init, Layer, ModelSpec, Network, Provenance};

fn three() -> Predictions {
    let logits = vec![3.0, 1.0, 3.0, f32::NAN, 0.0, 1.0, -1.0, 2.0, 0.0];
    let loss = Loss::CROSS_ENTROPY;
    Predictions::from_logits(logits, vec![2, 1, 1], 3, loss, None).unwrap()
}

#[test]
fn many_images_are_told_like_each_alone() {
    let (n, loss) = (1_203, Loss::CROSS_ENTROPY);
    let logits: Vec<f32> = (0..n * 3).map(|i| (i as f32 * 0.7).sin() * 3.0).collect();
    let of = |logits: &[f32], labels| {
        Predictions::from_logits(logits.to_vec(), labels, 3, loss, Some(1.5))
    };
    let all = of(&logits, vec![2; n]).unwrap();
    assert_eq!(all.len(), n);
    for (at, row) in logits.chunks(3).enumerate() {
        let one = of(row, vec![2]).unwrap();
        assert_eq!(all.probabilities(at), one.probabilities(0), "image {at}");
        assert_eq!(
            (all.answers()[at], all.losses()[at]),
            (one.answers()[0], one.losses()[0])
        );
    }
    let error = of(&logits[1..], vec![2; n]).unwrap_err().to_string();
    assert!(
        error.contains("3 logits for each of 1203 images, found 3608"),
        "{error}"
    );
}

/// A network with random weights, and 1,200 images for it: three batches.
fn classifier_and_images() -> (Classifier, ImageSet) {
    let spec = ModelSpec {
        input: [1, 2, 3],
        classes: 3,
        layers: vec![Layer::Flatten, Layer::Dense(Dense { units: 3 })],
    };
    let classifier = Classifier {
        network: Network::new(&spec, Init::HeUniform, 1, &Device::Cpu).unwrap(),
        classes: vec![String::new(); 3],
        provenance: Provenance::default(),
    };
    let pixels = (0..1_200 * 6).map(|i| (i * i % 251) as u8).collect();
    let labels = (0..1_200).map(|i| i % 3).collect();
    (
        classifier,
        ImageSet::new([1, 2, 3], pixels, labels).unwrap(),
    )
}

#[test]
fn predictions_have_the_bits_of_the_training_loop_for_any_number_of_threads() {
    let (mut classifier, set) = classifier_and_images();
    let all: Vec<u32> = (0..1_200).collect();
    let one = Predictions::new(&classifier, &set, &all).unwrap();
    let measured = measure(&classifier.network, one.loss_kind(), &set, &all, |_, _| {
        Ok(())
    });
    assert_eq!(one.mean_loss(), measured.unwrap().loss);
    classifier.provenance.temperature = Some(2.0);
    let other = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            crate::kernels::use_own_threads(3);
            let warm = Predictions::new(&classifier, &set, &all).unwrap();
            assert_ne!(warm.mean_loss(), measured_of(&warm));
            warm.at_temperature(None).unwrap()
        });
        thread.join().unwrap()
    });
    assert_eq!(other, one);
}

fn measured_of(predictions: &Predictions) -> f64 {
    predictions.at_temperature(None).unwrap().mean_loss()
}

#[test]
fn cancelling_ends_it_after_the_batch() {
    let (classifier, set) = classifier_and_images();
    let n_asked = std::cell::Cell::new(0);
    let all: Vec<u32> = (0..1_200).collect();
    let cancelled = Predictions::cancelable(&classifier, &set, &all, || {
        n_asked.set(n_asked.get() + 1);
        n_asked.get() == 2
    });
    assert!(matches!(cancelled, Err(EvaluateError::Cancelled)));
    assert_eq!(n_asked.get(), 2);
}

#[test]
fn images_that_do_not_fit_are_refused() {
    let (classifier, _) = classifier_and_images();
    let error = |shape: [usize; 3], label| {
        let pixels = vec![0; shape.iter().product()];
        let set = ImageSet::new(shape, pixels, vec![label]).unwrap();
        let refused = Predictions::new(&classifier, &set, &[0]);
        refused.unwrap_err().to_string()
    };
    assert!(error([1, 2, 2], 0).contains("images of [1, 2, 3]"));
    assert!(error([1, 2, 3], 7).contains("3 classes, the dataset has label 7"));
}

#[test]
fn of_equal_classes_the_first_is_the_answer_and_first_in_the_top_k() {
    let all = three();
    assert_eq!(all.answers(), [Some(0), None, Some(1)]);
    assert_eq!(all.right().collect::<Vec<_>>(), [false, false, true]);
    let top = [1, 2, 3].map(|k| (3.0 * all.top_k(k)).round());
    assert_eq!(top, [1.0, 2.0, 2.0]);
    assert_eq!(all.margin(0), Some(0.0));
    assert_eq!(all.confidence(1), None);
    assert!(all.mean_loss().is_nan());
    assert_eq!(all.n_not_finite(), 1);
}

#[test]
fn a_subset_keeps_what_is_known_of_its_images() {
    let all = three();
    let some = all.subset(&[2, 0]);
    assert_eq!((some.images(), some.labels()), (&[2, 0][..], &[1, 2][..]));
    assert_eq!(some.probabilities(0), all.probabilities(2));
    assert_eq!(some.mean_loss(), (all.losses()[2] + all.losses()[0]) / 2.0);
}

#[test]
fn a_temperature_changes_probabilities_and_losses_and_no_answer() {
    let all = three();
    let warm = all.at_temperature(Some(4.0)).unwrap();
    assert_eq!(warm.answers(), all.answers());
    assert!(warm.confidence(2) < all.confidence(2));
    assert!(warm.losses()[2] > all.losses()[2]);
    assert_eq!(
        warm.losses()[2],
        Loss::CROSS_ENTROPY.of_image(&[-0.75, 0.0, -0.5], 1)
    );
    // Equality would fail for NaN.
    let back = warm.at_temperature(None).unwrap().subset(&[0, 2]);
    assert_eq!(back, all.subset(&[0, 2]));
}
