//! Private training: what it promises, that it is repeatable, and that it learns.

use std::sync::Arc;

use candle_studio::data::Dataset;
use candle_studio::kernels;
use candle_studio::model::{Network, preset};
use candle_studio::train::{
    Change, Checkpoint, Control, EpochPoint, Event, Job, Observer, Privacy, Schedule, Setting,
    StepPoint, TrainConfig, resume, train,
};

use crate::support::tiny;

#[derive(Default)]
struct Ear {
    checkpoints: Vec<Checkpoint>,
    points: Vec<StepPoint>,
    epochs: Vec<EpochPoint>,
}

impl Observer for Ear {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Steps { points } => self.points.extend_from_slice(points),
            Event::EpochDone { point } => self.epochs.push(*point),
            _ => {}
        }
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        self.checkpoints.push(checkpoint);
    }
}

/// 190 training images in expected batches of 16.
fn config(name: &str, data: &Dataset) -> TrainConfig {
    let preset = preset(name).unwrap();
    let mut config = TrainConfig::new(preset, data.image_shape(), tiny::CLASSES, data.train.len());
    config.epochs = 3;
    config.batch_size = 16;
    config.n_validation = 13;
    config.privacy = Privacy::DP_SGD;
    config
}

fn job(config: TrainConfig, data: &Arc<Dataset>) -> Job {
    Job::new(config, data.clone()).unwrap().with_checkpoints(1)
}

fn run(job: &Job) -> (Network, Ear) {
    let mut ear = Ear::default();
    let outcome = train(job, &Control::default(), &mut ear).unwrap();
    (outcome.network, ear)
}

fn bits(network: &Network) -> Vec<u32> {
    let values = |p: &candle_studio::model::Param| -> Vec<f32> {
        p.var.flatten_all().unwrap().to_vec1().unwrap()
    };
    let all = network.params().iter().flat_map(values);
    all.map(f32::to_bits).collect()
}

#[test]
fn a_run_spends_what_was_planned_and_its_batches_have_different_sizes() {
    let data = Arc::new(tiny::dataset());
    let config = config("mlp", &data);
    let n_train = data.train.len() - 13;
    let planned = config.planned_epsilon(n_train, None).unwrap();
    let (_, ear) = run(&job(config, &data));
    // round(3 · 190 / 16) updates.
    assert_eq!(ear.epochs.last().unwrap().step, 36);
    let spent: Vec<f64> = ear.epochs.iter().map(|e| e.epsilon.unwrap()).collect();
    assert!(spent.is_sorted_by(|a, b| a < b), "{spent:?}");
    assert!((spent[2] - planned).abs() < 1e-12, "{spent:?} {planned}");
    let images: Vec<u64> = ear.points.iter().map(|p| p.images).collect();
    let sizes: Vec<u64> = images.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(
        sizes.iter().any(|n| *n < 16) && sizes.iter().any(|n| *n > 16),
        "{sizes:?}"
    );
}

#[test]
fn the_bits_are_the_same_for_any_number_of_threads_and_another_seed_draws_other_noise() {
    let data = Arc::new(tiny::dataset());
    for name in ["mlp", "keras-cnn"] {
        let config = config(name, &data);
        let all: Vec<Vec<u32>> = [1, 2, 5]
            .into_iter()
            .map(|n| {
                let job = job(config.clone(), &data);
                std::thread::scope(|scope| {
                    let thread = scope.spawn(move || {
                        kernels::use_own_threads(n);
                        bits(&run(&job).0)
                    });
                    thread.join().unwrap()
                })
            })
            .collect();
        assert!(all[0] == all[1] && all[0] == all[2], "{name}");
        let mut other = config.clone();
        other.seed = 2;
        assert!(bits(&run(&job(other, &data)).0) != all[0], "{name}");
    }
}

#[test]
fn a_private_run_resumes_bit_for_bit_from_every_update() {
    let data = Arc::new(tiny::dataset());
    for batch_size in [16, 1] {
        let mut config = config("mlp", &data);
        config.epochs = if batch_size == 1 { 1 } else { 2 };
        config.batch_size = batch_size;
        let job = job(config, &data);
        let (whole, ear) = run(&job);
        assert!(ear.checkpoints.len() > 20);
        for checkpoint in ear.checkpoints.iter().step_by(7) {
            let bytes = checkpoint.to_bytes().unwrap();
            let read = Checkpoint::from_bytes(&bytes).unwrap();
            let mut rest = Ear::default();
            let outcome = resume(&job, read, &Control::default(), &mut rest).unwrap();
            let step = checkpoint.step();
            assert!(
                bits(&outcome.network) == bits(&whole),
                "{batch_size}: update {step}"
            );
            if let (Some(a), Some(b)) = (rest.epochs.last(), ear.epochs.last()) {
                assert_eq!(a.epsilon, b.epsilon);
            }
        }
    }
}

/// How many images were drawn tells something about each of them: nothing else may follow it.
#[test]
fn the_learning_rate_does_not_follow_the_images_that_were_drawn() {
    let data = Arc::new(tiny::dataset());
    let rates = |seed| {
        let mut config = config("softmax", &data);
        config.seed = seed;
        config.schedule = Schedule::Cosine { floor: 0.0 };
        let points = run(&job(config, &data)).1.points;
        let rate = |p: &StepPoint| (p.step, p.learning_rate.to_bits());
        points.iter().map(rate).collect::<Vec<_>>()
    };
    assert_eq!(rates(1), rates(2));
}

#[test]
fn a_batch_may_be_empty_and_still_costs_an_update_with_noise() {
    let data = Arc::new(tiny::dataset());
    let mut config = config("mlp", &data);
    config.batch_size = 1;
    config.epochs = 1;
    let (_, ear) = run(&job(config, &data));
    // A third of the batches: e^-1.
    let (n_updates, n_batches) = (ear.epochs[0].step, ear.points.len());
    assert_eq!(n_updates, 190);
    assert!((90..160).contains(&n_batches), "{n_batches}");
}

/// The whole update by hand: the clipped sum, the noise and the mean over the expected size are what
/// moves the weights. With hardly any noise and no clipping it is plain SGD on the drawn batch.
#[test]
fn without_noise_and_clipping_it_learns_like_plain_training() {
    let data = Arc::new(tiny::dataset());
    let mut plain = config("mlp", &data);
    plain.epochs = 8;
    plain.privacy = Privacy::None;
    let mut private = plain.clone();
    private.privacy = Privacy::DpSgd {
        max_grad_norm: 1e3,
        noise_multiplier: 1e-9,
        delta: 1e-5,
    };
    let accuracy = |config: TrainConfig| {
        let (_, ear) = run(&job(config, &data));
        ear.epochs.last().unwrap().validation.unwrap().accuracy
    };
    let [plain, private] = [plain, private].map(accuracy);
    assert!((plain - private).abs() < 0.16, "{plain} {private}");
}

#[test]
fn branches_go_on_with_what_was_spent_and_with_noise_of_their_own() {
    let data = Arc::new(tiny::dataset());
    let config = config("mlp", &data);
    let parent = job(config.clone(), &data);
    let (whole, ear) = run(&parent);
    let at = &ear.checkpoints[17];

    // The same settings are the same run.
    let same = at.branched(&config).unwrap();
    let outcome = resume(&parent, same, &Control::default(), &mut Ear::default()).unwrap();
    assert!(bits(&outcome.network) == bits(&whole));

    // More noise from here on: each part is accounted with its own.
    let mut quieter = config.clone();
    quieter.set_setting(Setting::NoiseMultiplier, &4.0.into());
    let branch = at.branched(&quieter).unwrap();
    let mut rest = Ear::default();
    let branch_job = job(quieter.clone(), &data);
    resume(&branch_job, branch, &Control::default(), &mut rest).unwrap();
    let n_train = data.train.len() - 13;
    let spent = rest.epochs.last().unwrap().epsilon.unwrap();
    let loud = config.planned_epsilon(n_train, None).unwrap();
    let quiet = quieter.planned_epsilon(n_train, None).unwrap();
    assert!(quiet < spent && spent < loud, "{quiet} {spent} {loud}");

    // Without privacy nothing more is promised, and there is no way back.
    let mut open = config.clone();
    open.privacy = Privacy::None;
    let branch = at.branched(&open).unwrap();
    let mut rest = Ear::default();
    resume(&job(open, &data), branch, &Control::default(), &mut rest).unwrap();
    assert!(rest.epochs.iter().all(|e| e.epsilon.is_none()));
    let after = rest.checkpoints.last().unwrap();
    let error = after.branched(&config).unwrap_err();
    assert!(error.contains("start a new run"), "{error}");
}

/// A batch size that changes while the run goes on changes what each further update costs.
#[test]
fn a_change_while_training_is_accounted_for() {
    let data = Arc::new(tiny::dataset());
    let config = config("mlp", &data);
    let job = job(config.clone(), &data);
    let control = Control::default();
    control.change(Change {
        setting: Setting::BatchSize,
        value: 64.0.into(),
    });
    let mut ear = Ear::default();
    train(&job, &control, &mut ear).unwrap();
    let mut large = config;
    large.batch_size = 64;
    let planned = large.planned_epsilon(data.train.len() - 13, None).unwrap();
    let spent = ear.epochs.last().unwrap().epsilon.unwrap();
    assert!((spent - planned).abs() < 1e-12, "{spent} {planned}");
}

#[test]
fn the_model_does_not_tell_the_seed() {
    let data = Arc::new(tiny::dataset());
    let private = job(config("mlp", &data), &data);
    let model = |job: &Job| {
        let outcome = train(job, &Control::default(), &mut Ear::default()).unwrap();
        outcome.into_classifier(job)
    };
    assert_eq!(model(&private).provenance.config.get("seed"), None);
    let mut plain = config("mlp", &data);
    plain.privacy = Privacy::None;
    let plain = job(plain, &data);
    assert!(model(&plain).provenance.config.get("seed").is_some());
}
