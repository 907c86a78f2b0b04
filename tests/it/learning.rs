//! Networks learn, and repeatably.

use std::sync::Arc;

use candle_studio::data::{AugmentKind, Dataset, ImageSet};
use candle_studio::kernels;
use candle_studio::model::{Network, PRESETS, Preset, preset};
use candle_studio::train::{
    Change, Control, Event, Finish, Job, Observer, Optimizer, Outcome, Setting, TrainConfig, Value,
    run_guarded, train,
};
use sha2::{Digest, Sha256};

/// Hears nothing.
struct Deaf;

impl Observer for Deaf {
    fn event(&mut self, _event: &Event) {}
}

/// The first images of MNIST, for training and, the same ones, for testing: what was learned by
/// heart shows at once.
fn first_images(n: usize) -> Arc<Dataset> {
    let mnist = Dataset::mnist().unwrap();
    let pixels = (0..n).flat_map(|i| mnist.train.image(i).to_vec()).collect();
    let labels = mnist.train.labels()[..n].to_vec();
    let set = ImageSet::new(mnist.image_shape(), pixels, labels).unwrap();
    Arc::new(Dataset {
        train: set.clone(),
        test: set,
        ..mnist
    })
}

fn job(preset: &Preset, data: &Arc<Dataset>, change: impl FnOnce(&mut TrainConfig)) -> Job {
    let mut config = TrainConfig::new(preset, data.image_shape(), 10, data.train.len());
    config.n_validation = 0;
    change(&mut config);
    Job::new(config, data.clone()).unwrap()
}

fn outcome(job: &Job) -> Outcome {
    train(job, &Control::default(), &mut Deaf).unwrap()
}

fn weights_hash(network: &Network) -> String {
    let mut hash = Sha256::new();
    for param in network.params() {
        let values: Vec<f32> = param.var.flatten_all().unwrap().to_vec1().unwrap();
        values.iter().for_each(|v| hash.update(v.to_le_bytes()));
    }
    format!("{:x}", hash.finalize())
}

#[test]
fn every_preset_learns_a_few_images_by_heart() {
    let data = first_images(100);
    for preset in PRESETS {
        let done = outcome(&job(preset, &data, |c| {
            // Not the preset's own recipe, which may augment so that nothing is learned by heart.
            *c = TrainConfig {
                preset: c.preset.clone(),
                model: c.model.clone(),
                init: c.init,
                n_validation: 0,
                ..TrainConfig::new(&PRESETS[0], c.model.input, c.model.classes, 100)
            };
            c.epochs = 40;
            c.batch_size = 10;
        }));
        let test = done.test.unwrap();
        assert!(test.accuracy > 0.98, "{}: {test:?}", preset.name);
    }
}

#[test]
fn every_optimizer_learns() {
    let data = first_images(100);
    for optimizer in Optimizer::ALL {
        let done = outcome(&job(preset("mlp").unwrap(), &data, |c| {
            c.epochs = 30;
            c.batch_size = 10;
            c.optimizer = optimizer;
            c.learning_rate = optimizer.default_learning_rate();
        }));
        let test = done.test.unwrap();
        assert!(test.accuracy > 0.95, "{}: {test:?}", optimizer.name());
    }
}

/// 200 updates of uneven batches: 395 images in batches of 16 leave 11 for the last one. 50 updates
/// of the presets that cost most, so that the test stays short.
#[test]
fn the_same_seed_gives_the_same_bits_for_any_number_of_threads() {
    let data = first_images(395);
    let n_threads = kernels::threads();
    for preset in PRESETS {
        let hashes: Vec<String> = [1, 2, 3, 5, 8, 2]
            .into_iter()
            .map(|n| {
                kernels::set_threads(n);
                let done = outcome(&job(preset, &data, |c| {
                    let cost = c.model.report().unwrap().multiply_adds();
                    c.epochs = if cost < 1_000_000 { 200 } else { 50 } / 25;
                    c.batch_size = 16;
                }));
                weights_hash(&done.network)
            })
            .collect();
        assert!(
            hashes.iter().all(|h| *h == hashes[0]),
            "{}: {hashes:?}",
            preset.name
        );
    }
    kernels::set_threads(n_threads);
}

/// 130 images are computed in parts of 32, 32, 32 and 34.
#[test]
fn a_batch_in_parts_gives_the_same_bits_for_any_number_of_threads() {
    let data = first_images(130);
    let n_threads = kernels::threads();
    for name in ["lstm", "gru", "vit-tiny"] {
        let hashes = [1, 2, 5].map(|n| {
            kernels::set_threads(n);
            let done = outcome(&job(preset(name).unwrap(), &data, |c| {
                c.epochs = 4;
                c.batch_size = 130;
            }));
            weights_hash(&done.network)
        });
        assert!(hashes.iter().all(|h| *h == hashes[0]), "{name}: {hashes:?}");
    }
    kernels::set_threads(n_threads);
}

#[test]
fn every_image_counts_once_an_epoch() {
    struct Count(Vec<(u64, f64)>);
    impl Observer for Count {
        fn event(&mut self, event: &Event) {
            if let Event::EpochDone { point } = event {
                self.0.push((point.images, point.train.accuracy));
            }
        }
    }
    let data = first_images(101);
    let mut count = Count(Vec::new());
    let job = job(preset("softmax").unwrap(), &data, |c| {
        c.epochs = 2;
        c.batch_size = 32;
    });
    train(&job, &Control::default(), &mut count).unwrap();
    assert_eq!(count.0.iter().map(|e| e.0).collect::<Vec<_>>(), [101, 202]);
    // The mean over images, not over batches: a multiple of 1/101.
    let in_images = count.0[0].1 * 101.0;
    assert!((in_images - in_images.round()).abs() < 1e-6, "{in_images}");
}

#[test]
fn a_panic_becomes_a_failed_run() {
    struct Bomb(Vec<Event>);
    impl Observer for Bomb {
        fn event(&mut self, event: &Event) {
            self.0.push(event.clone());
            assert!(!matches!(event, Event::EpochDone { .. }), "boom");
        }
    }
    let mut bomb = Bomb(Vec::new());
    let job = job(preset("softmax").unwrap(), &first_images(50), |_| {});
    assert!(run_guarded(&job, None, &Control::default(), &mut bomb).is_none());
    let Some(Event::Finished {
        finish: Finish::Failed { message },
        ..
    }) = bomb.0.last()
    else {
        panic!("{:?}", bomb.0.last())
    };
    assert!(message.contains("boom"), "{message}");
    // The next run is not affected.
    assert_eq!(outcome(&job).finish, Finish::Completed);
}

/// What a run tells of changes, and its weights, with `changes` asked for before the first batch.
fn changed(job: &Job, changes: &[(Setting, Value)]) -> (Vec<(Setting, Value, Value)>, Outcome) {
    struct Ear(Vec<(Setting, Value, Value)>);
    impl Observer for Ear {
        fn event(&mut self, event: &Event) {
            if let Event::Changed {
                setting, old, new, ..
            } = event
            {
                self.0.push((*setting, old.clone(), new.clone()));
            }
        }
    }
    let control = Control::default();
    for (setting, value) in changes {
        control.change(Change {
            setting: *setting,
            value: value.clone(),
        });
    }
    let mut ear = Ear(Vec::new());
    let outcome = train(job, &control, &mut ear).unwrap();
    (ear.0, outcome)
}

#[test]
fn dropout_schedule_and_augmentation_change_a_run_and_are_told() {
    let data = first_images(60);
    let job = job(preset("deep-cnn").unwrap(), &data, |c| {
        c.epochs = 1;
        c.batch_size = 20;
    });
    let before = weights_hash(&outcome(&job).network);
    let text = |text: &str| Value::Text(text.to_owned());
    for (setting, old, new) in [
        (Setting::Dropout, text("0.25 0.25 0.5"), text("0.1 0.2 0.6")),
        (
            Setting::Schedule,
            text("constant"),
            text("exponential factor=0.5"),
        ),
        (
            Setting::Augment(AugmentKind::Rotation),
            Value::Number(0.0),
            Value::Number(20.0),
        ),
    ] {
        let (told, done) = changed(&job, &[(setting, new.clone())]);
        assert_eq!(told, [(setting, old, new.clone())]);
        assert_eq!(done.config.setting(setting), new);
        assert_eq!(done.config.model, *done.network.spec());
        assert_ne!(weights_hash(&done.network), before, "{setting:?}");
    }
    // What cannot be is left out and not told.
    let wrong = [
        (Setting::Dropout, text("0.1 0.2 1.5")),
        (Setting::Augment(AugmentKind::Noise), Value::Number(-1.0)),
        (Setting::Schedule, text("zigzag")),
    ];
    let (told, done) = changed(&job, &wrong);
    assert_eq!(told, []);
    assert_eq!(weights_hash(&done.network), before);
}
