//! What robustness, ink and unit images promise, for a network trained on MNIST.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use candle_core::Device;

use super::*;
use crate::data::{Dataset, unit_values};
use crate::kernels;
use crate::model::{Classifier, Mode, PRESETS, Provenance, preset};
use crate::stats::argmax;

static NEVER: AtomicBool = AtomicBool::new(false);

const SHAPE: [usize; 3] = [1, 28, 28];

fn lenet() -> Classifier {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window");
    Classifier::load(&fixtures.join("lenet-5.safetensors")).unwrap()
}

fn untrained(name: &str) -> Classifier {
    let preset = preset(name).unwrap();
    let spec = preset.spec(SHAPE, 10);
    Classifier {
        network: Network::new(&spec, preset.init, 7, &Device::Cpu).unwrap(),
        classes: (0..10).map(|c| c.to_string()).collect(),
        provenance: Provenance::default(),
    }
}

fn digit(idx: usize) -> Vec<u8> {
    Dataset::mnist().unwrap().test.image(idx).to_vec()
}

/// The logits of one input.
fn logits_of(classifier: &Classifier, input: &[u8]) -> Vec<f32> {
    let image = probe::images(unit_values(input).collect(), SHAPE).unwrap();
    let logits = classifier.network.forward(&image, Mode::Eval).unwrap();
    logits.flatten_all().unwrap().to_vec1().unwrap()
}

fn ink_of(input: &[u8]) -> f32 {
    input.iter().map(|v| f32::from(*v) / 255.0).sum()
}

#[test]
fn the_center_variant_is_the_input_and_its_answer_the_prediction() {
    let (lenet, input) = (lenet(), digit(3));
    let logits = logits_of(&lenet, &input);
    for sweep in Sweep::ALL {
        assert_eq!(variant(&input, SHAPE, sweep, sweep.center()), input);
        let found = robustness(&lenet, &input, sweep, &NEVER).unwrap();
        assert_eq!(found.answers.len(), sweep.n_variants());
        let answer = found.answer().unwrap();
        assert_eq!(Some(answer.class), argmax(&logits));
        let others = found.answers.iter().filter(|a| a.class != answer.class);
        assert!(others.count() > 0, "{}", sweep.label());
    }
}

#[test]
fn each_answer_is_that_to_its_variant() {
    let (lenet, input) = (lenet(), digit(4));
    let sweep = Sweep::ALL[0];
    let found = robustness(&lenet, &input, sweep, &NEVER).unwrap();
    for idx in [0, 17, 210, 300, 440] {
        let variant = variant(&input, SHAPE, sweep, idx);
        let logits = logits_of(&lenet, &variant);
        let class = argmax(&logits).unwrap();
        let sum: f32 = logits.iter().map(|l| (l - logits[class]).exp()).sum();
        assert_eq!(found.answers[idx].class, class);
        assert!((found.answers[idx].probability - 1.0 / sum).abs() < 1e-4);
    }
}

#[test]
fn variants_are_shifted_rotated_scaled_and_slanted_as_they_say() {
    // A bar of 9 rows and one column, above and right of the center.
    let mut input = vec![0u8; 784];
    (3..12).for_each(|y| input[y * 28 + 16] = 255);
    let center = |image: &[u8]| {
        let mean = |of: fn(usize) -> usize| {
            let all = image.iter().enumerate();
            let sum: f32 = all.map(|(i, v)| f32::from(*v) * of(i) as f32).sum();
            sum / 255.0 / ink_of(image) - 13.5
        };
        [mean(|i| i / 28), mean(|i| i % 28)]
    };
    let before = center(&input);
    let change = |axis: Axis, step: usize| {
        let sweep = Sweep { x: axis, y: None };
        let after = variant(&input, SHAPE, sweep, step);
        let values: Vec<f64> = sweep.values(step, [28, 28]).map(|(_, v)| v).collect();
        (center(&after), ink_of(&after) / ink_of(&input), values[0])
    };
    let ([y, x], _, value) = change(Axis::ShiftRight, 14);
    assert_eq!([y, x, 4.0], [before[0], before[1] + 4.0, value as f32]);
    let ([y, x], ..) = change(Axis::ShiftDown, 7);
    assert_eq!([y, x], [before[0] - 3.0, before[1]]);
    // Clockwise: what is above goes to the right.
    let ([_, x], _, value) = change(Axis::Rotation, 15);
    assert!(x > before[1] + 1.0 && value == 30.0, "{x}");
    let ([_, x], ..) = change(Axis::Slant, 15);
    assert!(x > before[1] + 1.0, "{x}");
    let (_, ink, value) = change(Axis::Scale, 20);
    assert!(value == 2.0 && (2.0..4.5).contains(&ink), "{ink}");
    let (_, thicker, _) = change(Axis::Thickness, 20);
    let (_, thinner, _) = change(Axis::Thickness, 8);
    assert!(thicker > 2.5 && thinner < 0.8, "{thicker} {thinner}");
}

#[test]
fn the_least_ink_makes_the_class_the_answer_and_removes_nothing() {
    let lenet = lenet();
    let mut n_reached = 0;
    for (idx, class) in [(2, 7), (3, 6), (4, 9), (0, 2), (1, 2), (9, 8)] {
        let input = digit(idx);
        let found = match least_ink(&lenet, &input, class, &NEVER) {
            Ok(found) => found,
            Err(ExplainError::NotReached { .. }) => continue,
            Err(error) => panic!("{error}"),
        };
        n_reached += 1;
        assert_eq!(argmax(&logits_of(&lenet, &found.input)), Some(class));
        let added = ink_of(&found.input) - ink_of(&input);
        assert!((found.ink - added).abs() < 1e-2, "{} {added}", found.ink);
        assert!((found.share.unwrap() - added / ink_of(&input)).abs() < 1e-3);
        let pairs = found.input.iter().zip(&input);
        assert!(pairs.clone().all(|(after, before)| after >= before));
        // Strokes, not scattered pixels: all that a dab covers changed, unless there was ink.
        let n_changed = pairs.filter(|(after, before)| after > before).count();
        assert!(n_changed >= 3 * found.n_dabs.min(1), "{n_changed}");
        assert_eq!(least_ink(&lenet, &input, class, &NEVER).unwrap(), found);
    }
    assert!(n_reached >= 4, "{n_reached}");
    // What already is the class needs no ink.
    let answer = argmax(&logits_of(&lenet, &digit(0))).unwrap();
    let none = least_ink(&lenet, &digit(0), answer, &NEVER).unwrap();
    assert_eq!((none.ink, none.n_dabs, none.input), (0.0, 0, digit(0)));
}

#[test]
fn ink_that_is_not_enough_is_told_in_one_sentence() {
    // With zero weights, no ink changes anything.
    let classifier = untrained("softmax");
    for param in classifier.network.params() {
        let zeros = param.to_pytorch().unwrap().zeros_like().unwrap();
        param.set_from_pytorch(&zeros).unwrap();
    }
    let error = least_ink(&classifier, &digit(0), 9, &NEVER).unwrap_err();
    assert!(error.to_string().contains("did not make the answer 9"));
    let error = least_ink(&classifier, &digit(0), 10, &NEVER).unwrap_err();
    assert!(error.to_string().contains("10 classes"), "{error}");
}

#[test]
fn the_ink_map_is_what_a_dab_does_and_is_silent_where_nothing_can_be_done() {
    let lenet = lenet();
    let input = digit(4);
    let map = ink_map(&lenet.network, &input, Some(9), &NEVER).unwrap();
    let logits = logits_of(&lenet, &input);
    assert_eq!(map.lead, logits[9] - logits[map.rival]);
    let best = |sign: f32| {
        let all = map.values.iter().enumerate();
        all.max_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)))
    };
    // A little ink where the map says most raises the lead, and erasing where it says least.
    let raises = |at: usize, change: fn(u8) -> u8| {
        let mut changed = input.clone();
        changed[at] = change(changed[at]);
        let after = logits_of(&lenet, &changed);
        after[9] - after[map.rival] > map.lead
    };
    let (at, value) = best(1.0).unwrap();
    assert!(*value > 0.0 && raises(at, |v| v.saturating_add(24)));
    let (at, value) = best(-1.0).unwrap();
    assert!(*value < 0.0 && raises(at, |v| v.saturating_sub(24)));
    let all_ink = vec![255u8; 784];
    let full = ink_map(&lenet.network, &all_ink, Some(9), &NEVER).unwrap();
    assert!(full.values.iter().all(|v| *v <= 0.0), "nothing to draw");
    let blank = ink_map(&lenet.network, &[0u8; 784], Some(9), &NEVER).unwrap();
    assert!(blank.values.iter().all(|v| *v >= 0.0), "nothing to erase");
    let next = ink_map(&lenet.network, &input, None, &NEVER).unwrap();
    assert_eq!((map.answer, next.answer), (4, 4));
    assert!(next.class != 4 && next.rival == 4 && next.lead < 0.0);
}

#[test]
fn a_unit_answers_to_its_image_more_than_to_noise() {
    let lenet = lenet();
    let ascent = Ascent { steps: 64, seed: 3 };
    let layers = unit_layers(lenet.network.spec());
    let mut units = vec![Unit::Class(3)];
    units.extend(layers.into_iter().map(|each| Unit::Channel {
        channel: each.n_units - 1,
        layer: each.layer,
    }));
    let mut n_alive = 0;
    for unit in units {
        let mut shares = Vec::new();
        let seek = |ascent| unit_image(&lenet.network, &unit, ascent, &NEVER, |_, _| {});
        let found = unit_image(&lenet.network, &unit, ascent, &NEVER, |_, share| {
            shares.push(share);
        });
        let found = match found {
            Ok(found) => found,
            Err(ExplainError::DeadUnit) => continue,
            Err(error) => panic!("{unit:?}: {error}"),
        };
        n_alive += 1;
        assert!(found.value > found.start, "{unit:?}: {found:?}");
        assert!(found.image.iter().all(|v| (0.0..=1.0).contains(v)));
        assert_eq!(shares.last(), Some(&1.0));
        assert_eq!(seek(ascent).unwrap(), found);
        let other = seek(Ascent { seed: 4, ..ascent }).unwrap();
        assert_ne!(other.image, found.image, "{unit:?}");
    }
    assert!(n_alive > 6, "{n_alive}");
    // An image of a class is one of it.
    let class = unit_image(&lenet.network, &Unit::Class(3), ascent, &NEVER, |_, _| {});
    let bytes: Vec<u8> = class
        .unwrap()
        .image
        .iter()
        .map(|v| (v * 255.0) as u8)
        .collect();
    assert_eq!(argmax(&logits_of(&lenet, &bytes)), Some(3));
}

#[test]
fn every_layer_of_every_preset_has_its_units() {
    for preset in PRESETS {
        let network = untrained(preset.name).network;
        let layers = unit_layers(network.spec());
        assert_eq!(layers.len(), network.spec().layer_names().len());
        for each in layers {
            let unit = |channel| Unit::Channel {
                layer: each.layer.clone(),
                channel,
            };
            let seek = |channel| {
                let ascent = Ascent { steps: 1, seed: 1 };
                unit_image(&network, &unit(channel), ascent, &NEVER, |_, _| {})
            };
            let last = seek(each.n_units - 1);
            let is_fine = matches!(last, Ok(_) | Err(ExplainError::DeadUnit));
            assert!(is_fine, "{}: {}", preset.name, each.layer.name);
            let error = seek(each.n_units).unwrap_err().to_string();
            assert!(error.contains("there is no unit"), "{error}");
        }
    }
}

#[test]
fn what_is_canceled_ends_and_what_does_not_fit_is_told() {
    let (lenet, canceled) = (lenet(), AtomicBool::new(true));
    let sweep = Sweep::ALL[0];
    let input = digit(0);
    let errors = [
        robustness(&lenet, &input, sweep, &canceled).err(),
        ink_map(&lenet.network, &input, Some(3), &canceled).err(),
        least_ink(&lenet, &input, 3, &canceled).err(),
        unit_image(
            &lenet.network,
            &Unit::Class(3),
            Ascent::default(),
            &canceled,
            |_, _| {},
        )
        .err(),
    ];
    for error in errors {
        assert!(matches!(error, Some(ExplainError::Canceled)), "{error:?}");
    }
    let error = robustness(&lenet, &input[1..], sweep, &NEVER).unwrap_err();
    assert!(error.to_string().contains("783 values"), "{error}");
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let (lenet, input) = (lenet(), digit(4));
    let n_threads = kernels::threads();
    let all = [1, 3].map(|n| {
        kernels::set_threads(n);
        let ascent = Ascent { steps: 9, seed: 1 };
        (
            robustness(&lenet, &input, Sweep::ALL[2], &NEVER).unwrap(),
            ink_map(&lenet.network, &input, Some(9), &NEVER).unwrap(),
            unit_image(&lenet.network, &Unit::Class(1), ascent, &NEVER, |_, _| {}).unwrap(),
        )
    });
    kernels::set_threads(n_threads);
    assert!(all[0] == all[1]);
}

/// `cargo test --release --lib explain::tests::time -- --ignored --nocapture`
#[test]
#[ignore = "measures, and checks nothing"]
#[expect(clippy::print_stdout, reason = "prints what it measures")]
fn time_of_robustness_ink_and_units() {
    let input = digit(4);
    for name in ["keras-cnn", "deep-cnn", "vit-tiny"] {
        let classifier = untrained(name);
        let time = |what: &str, work: &dyn Fn()| {
            let once = || {
                let start = Instant::now();
                work();
                1e3 * start.elapsed().as_secs_f64()
            };
            let fastest = (0..8).map(|_| once()).fold(f64::INFINITY, f64::min);
            println!("{name:10} {what:28} {fastest:8.2} ms");
        };
        for sweep in Sweep::ALL {
            let map = || drop(robustness(&classifier, &input, sweep, &NEVER).unwrap());
            time(&sweep.label(), &map);
            let variants = || {
                for idx in 0..sweep.n_variants() {
                    std::hint::black_box(variant(&input, SHAPE, sweep, idx));
                }
            };
            time("  its variants alone", &variants);
        }
        let network = &classifier.network;
        time("ink map", &|| {
            drop(ink_map(network, &input, Some(9), &NEVER))
        });
        time("least ink", &|| {
            drop(least_ink(&classifier, &input, 9, &NEVER))
        });
        let unit = Unit::Class(9);
        time("unit image", &|| {
            drop(unit_image(
                network,
                &unit,
                Ascent::default(),
                &NEVER,
                |_, _| {},
            ));
        });
    }
}
