//! Labeled sketches as training images: half of them, at a share of every epoch; the others stay
//! unseen.

use std::sync::Arc;

use candle_studio::data::sketches::{SharedSketches, unseen_sketches};
use candle_studio::data::{Dataset, ImageSet};
use candle_studio::kernels;
use candle_studio::model::{Network, preset};
use candle_studio::train::{
    Checkpoint, Control, EpochPoint, Event, Job, Observer, Setting, TrainConfig, resume, train,
};

use crate::support::tiny;

/// Hears everything.
#[derive(Default)]
struct Ear {
    epochs: Vec<EpochPoint>,
    checkpoints: Vec<Checkpoint>,
}

impl Observer for Ear {
    fn event(&mut self, event: &Event) {
        if let Event::EpochDone { point } = event {
            self.epochs.push(*point);
        }
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        self.checkpoints.push(checkpoint);
    }
}

/// Sketches of every class, dark where the training images are bright.
fn sketches(n: usize) -> ImageSet {
    let inverted = |idx: usize| tiny::image(idx % tiny::CLASSES, 700 + idx).into_iter();
    let pixels = (0..n).flat_map(|idx| inverted(idx).map(|v| 255 - v));
    let labels = (0..n).map(|idx| (idx % tiny::CLASSES) as u32).collect();
    ImageSet::new([1, tiny::SIDE, tiny::SIDE], pixels.collect(), labels).unwrap()
}

fn data(n: usize) -> Arc<Dataset> {
    let shared = SharedSketches::default();
    shared.set((n > 0).then(|| sketches(n)));
    Arc::new(Dataset {
        sketches: shared,
        ..tiny::dataset()
    })
}

fn config(data: &Dataset, preset_name: &str, share: f64) -> TrainConfig {
    let (shape, n) = (data.image_shape(), data.train.len());
    let mut config = TrainConfig::new(preset(preset_name).unwrap(), shape, tiny::CLASSES, n);
    config.epochs = 4;
    config.batch_size = 16;
    config.n_validation = 13;
    config.sketch_share = share;
    config
}

fn job(data: &Arc<Dataset>, share: f64) -> Job {
    let config = config(data, "mlp", share);
    Job::new(config, data.clone()).unwrap().with_checkpoints(3)
}

fn bits(network: &Network) -> Vec<u32> {
    let values = network.params().iter().flat_map(|param| {
        let values: Vec<f32> = param.var.flatten_all().unwrap().to_vec1().unwrap();
        values
    });
    values.map(f32::to_bits).collect()
}

fn run(job: &Job) -> (Vec<u32>, Ear) {
    let mut ear = Ear::default();
    let outcome = train(job, &Control::default(), &mut ear).unwrap();
    (bits(&outcome.network), ear)
}

#[test]
fn what_is_trained_on_is_learned_and_the_curve_shows_the_unseen_half() {
    let data = data(40);
    let [(_, without), (_, with)] = [0.0, 0.5].map(|share| run(&job(&data, share)));
    let last = |ear: &Ear| ear.epochs.last().unwrap().sketches.unwrap();
    assert_eq!((last(&without).n, last(&with).n), (40, 20));
    let [before, after] = [last(&without), last(&with)].map(|point| point.metrics.accuracy);
    assert!(before < 0.5 && after > 0.9, "{before} {after}");
    let noted = job(&data, 0.5).config().sketches.clone().unwrap();
    assert_eq!(noted.n, 40);
    assert_eq!(job(&data, 0.0).config().sketches, None);
}

#[test]
fn a_run_has_the_same_bits_for_any_number_of_threads_and_after_more_were_drawn() {
    let begun = data(40);
    let first = job(&begun, 0.3);
    let (expected, ear) = run(&first);
    let (other, _) = run(&job(&begun, 0.0));
    assert_ne!(expected, other, "the share changes something");
    for threads in [1, 3] {
        let job = first.clone();
        let found = std::thread::Builder::new().spawn(move || {
            kernels::use_own_threads(threads);
            run(&job).0
        });
        let found = found.unwrap().join().unwrap();
        assert!(found == expected, "{threads} threads");
    }
    // Resumed from the configuration that was recorded, with sketches that came later.
    let more = data(60);
    let later = Job::new(first.config().clone(), more.clone()).unwrap();
    for checkpoint in ear.checkpoints {
        let step = checkpoint.step();
        let mut heard = Ear::default();
        let outcome = resume(&later, checkpoint, &Control::default(), &mut heard).unwrap();
        assert!(bits(&outcome.network) == expected, "from update {step}");
        let point = heard.epochs.last().and_then(|epoch| epoch.sketches);
        let unseen = unseen_sketches(sketches(60).labels(), 40, first.config().seed);
        assert_eq!(point.map_or(unseen.len(), |point| point.n), unseen.len());
    }
}

#[test]
fn frozen_layers_keep_what_they_make_of_sketches_too() {
    let data = data(40);
    let mut kept = config(&data, "keras-cnn", 0.3);
    kept.epochs = 2;
    kept.freeze = vec!["conv*".to_owned()];
    let mut each = kept.clone();
    // Changes no pixel, but the images are not the same each time as far as one can tell.
    each.augment.shift = 1e-9;
    let [(kept, _), (each, _)] =
        [kept, each].map(|config| run(&Job::new(config, data.clone()).unwrap()));
    for (a, b) in kept.iter().zip(&each) {
        let [a, b] = [f32::from_bits(*a), f32::from_bits(*b)];
        assert!((a - b).abs() < 1e-2, "{a} {b}");
    }
}

#[test]
fn without_sketches_or_with_others_there_is_no_run_and_one_sentence() {
    let refused = |config: TrainConfig, data: Arc<Dataset>| {
        let errors = Job::new(config, data).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].setting, Setting::SketchShare);
        errors[0].to_string()
    };
    let none = data(0);
    let told = refused(config(&none, "mlp", 0.3), none);
    assert!(told.contains("labeled sketches"), "{told}");
    let begun = job(&data(40), 0.3).config().clone();
    let told = refused(begun, data(10));
    assert!(told.contains("40 sketches"), "{told}");
}
