//! From the canvas to the answer: a digit drawn anywhere, at any size, is the digit it was.

use std::sync::Arc;

use candle_studio::data::{Dataset, GrayImage, ImageSet};
use candle_studio::model::{Classifier, preset};
use candle_studio::predict::classify;
use candle_studio::train::{Control, Event, Job, Loss, Observer, TrainConfig, measure, train};

use crate::data::mnist;
use crate::support::page;

/// Hears nothing.
struct Deaf;

impl Observer for Deaf {
    fn event(&mut self, _event: &Event) {}
}

/// Test images looked at.
const N_TEST: usize = 1_000;

/// A classifier that has seen `n` images once.
pub fn trained(n: usize) -> Classifier {
    let mnist = mnist();
    let part = |set: &ImageSet, n: usize| {
        let pixels = (0..n).flat_map(|i| set.image(i).to_vec()).collect();
        ImageSet::new(set.shape(), pixels, set.labels()[..n].to_vec()).unwrap()
    };
    let data = Arc::new(Dataset {
        train: part(&mnist.train, n),
        test: part(&mnist.test, N_TEST),
        ..mnist.clone()
    });
    let mut config = TrainConfig::new(preset("fast").unwrap(), data.image_shape(), 10, n);
    config.n_validation = 0;
    config.epochs = 2;
    let job = Job::new(config, data.clone()).unwrap();
    let outcome = train(&job, &Control::default(), &mut Deaf).unwrap();
    outcome.into_classifier(&job)
}

fn share(n_right: usize) -> f64 {
    n_right as f64 / N_TEST as f64
}

#[test]
fn test_images_drawn_on_the_page_are_still_recognized() {
    let classifier = trained(12_000);
    let test = &mnist().test;
    let indices: Vec<u32> = (0..N_TEST as u32).collect();
    let direct = measure(
        &classifier.network,
        Loss::CROSS_ENTROPY,
        test,
        &indices,
        |_, _| Ok(()),
    )
    .unwrap();
    assert!(direct.accuracy > 0.96, "{direct:?}");
    for (side, scale) in [(280, 8.0), (280, 10.0), (448, 12.0)] {
        let n_right = (0..N_TEST)
            .filter(|&i| {
                let digit = page::page_with_digit(test.image(i), side, scale, i as u64);
                let answer = classify(&classifier, &digit.into()).unwrap().unwrap();
                answer.class == test.labels()[i] as usize
            })
            .count();
        let lost = direct.accuracy - share(n_right);
        println!(
            "page of {side}, scale {scale}: lost {:.2} points of {:.2} %",
            100.0 * lost,
            100.0 * direct.accuracy
        );
        assert!(lost < 0.005, "page of {side}, scale {scale}: lost {lost}");
    }
}

#[test]
fn a_blank_page_has_no_answer() {
    let classifier = trained(128);
    let blank = GrayImage {
        width: 280,
        height: 280,
        pixels: vec![0; 280 * 280],
    };
    assert!(classify(&classifier, &blank.into()).unwrap().is_none());
}
