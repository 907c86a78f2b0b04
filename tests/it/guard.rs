//! A run whose loss cannot be trusted: what it says, and what can be done about it.

use std::sync::Arc;

use candle_studio::model::{Conv2d, Dense, Layer, Network, preset};
use candle_studio::train::{
    Anomaly, Change, Checkpoint, Control, Divergence, Event, Finish, Job, Observer, OnDivergence,
    Optimizer, Origin, Outcome, RateRaise, Recovery, RollbackRate, Setting, TrainConfig, resume,
    train,
};

use crate::support::tiny;

/// What a test does about the nth trouble.
type Answer<'a> = &'a dyn Fn(&Control, usize, &Divergence);

/// Hears a run, makes it go wrong at an update, and answers its troubles.
struct Ear<'a> {
    control: &'a Control,
    /// After this many updates the learning rate becomes absurd.
    breaks_at: Option<u64>,
    answer: Answer<'a>,
    troubles: Vec<Divergence>,
    events: Vec<Event>,
    checkpoints: Vec<Checkpoint>,
    snapshots: Vec<Arc<Checkpoint>>,
}

impl Observer for Ear<'_> {
    fn event(&mut self, event: &Event) {
        self.events.push(event.clone());
        if let Event::Diverged { divergence } = event {
            self.troubles.push((**divergence).clone());
            (self.answer)(self.control, self.troubles.len(), divergence);
        }
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        if Some(checkpoint.step()) == self.breaks_at && self.troubles.is_empty() {
            self.control.change(rate(1e4));
        }
        self.checkpoints.push(checkpoint);
    }

    fn snapshot(&mut self, state: &Arc<Checkpoint>) {
        self.snapshots.push(state.clone());
    }
}

fn rate(value: f64) -> Change {
    Change {
        setting: Setting::LearningRate,
        value: value.into(),
    }
}

fn job(learning_rate: f64, what: OnDivergence) -> Job {
    let data = Arc::new(tiny::dataset());
    let preset = preset("mlp").unwrap();
    let mut config = TrainConfig::new(preset, data.image_shape(), tiny::CLASSES, data.train.len());
    config.model.layers = vec![
        Layer::Conv2d(Conv2d::new(4, 3, 0)),
        Layer::BatchNorm,
        Layer::Relu,
        Layer::Flatten,
        Layer::Dense(Dense { units: 16 }),
        Layer::Relu,
        Layer::Dense(Dense {
            units: tiny::CLASSES,
        }),
    ];
    config.optimizer = Optimizer::SGD;
    config.learning_rate = learning_rate;
    config.epochs = 12;
    config.batch_size = 16;
    config.n_validation = 13;
    Job::new(config, data)
        .unwrap()
        .with_checkpoints(1)
        .on_divergence(what)
}

fn run<'a>(
    job: &Job,
    control: &'a Control,
    breaks_at: Option<u64>,
    answer: Answer<'a>,
) -> (Outcome, Ear<'a>) {
    let mut ear = Ear {
        control,
        breaks_at,
        answer,
        troubles: Vec::new(),
        events: Vec::new(),
        checkpoints: Vec::new(),
        snapshots: Vec::new(),
    };
    let outcome = train(job, control, &mut ear).unwrap();
    (outcome, ear)
}

fn bits(network: &Network) -> Vec<u32> {
    let values = |p: &candle_studio::model::Param| -> Vec<f32> {
        p.var.flatten_all().unwrap().to_vec1().unwrap()
    };
    let all = network.params().iter().flat_map(values);
    all.map(f32::to_bits).collect()
}

const BREAK: u64 = 90;

#[test]
fn a_healthy_run_raises_no_alarm() {
    let control = Control::default();
    let (outcome, ear) = run(&job(0.01, OnDivergence::Ask), &control, None, &|_, _, _| {});
    assert_eq!(outcome.finish, Finish::Completed);
    assert_eq!(ear.troubles, []);
}

#[test]
fn a_spike_says_which_batch_which_layer_and_which_images() {
    let control = Control::default();
    let stop = |control: &Control, _, _: &Divergence| control.stop();
    let job = job(0.01, OnDivergence::Ask);
    let (outcome, ear) = run(&job, &control, Some(BREAK), &stop);
    assert_eq!(outcome.finish, Finish::Stopped);
    let divergence = &ear.troubles[0];
    assert!(
        matches!(divergence.anomaly, Anomaly::Spike { usual } if usual < 1.0 && divergence.loss > usual)
    );
    assert_eq!(
        divergence.step,
        BREAK + 2,
        "one update with the absurd rate"
    );
    assert!(
        matches!(&divergence.origin, Origin::Activations { layer: 0, growth: Some(g), name }
        if *g > 3.0 && name == "conv1"),
        "{:?}",
        divergence.origin
    );
    assert!(
        divergence.describe().contains("update 92"),
        "{}",
        divergence.describe()
    );
    assert_eq!(
        divergence.back_to,
        [BREAK, 64, 32, 16, 8],
        "the newest is from before the rate was raised"
    );
    assert_eq!(divergence.default_rollback_step(), Some(32));
    assert_eq!(divergence.worst.len(), 8);
    assert!(divergence.worst.is_sorted_by(|a, b| a.loss >= b.loss));
    let labels = job.dataset().train.labels();
    for image in &divergence.worst {
        assert_eq!(image.label, labels[image.index as usize]);
        assert!(job.split().train.contains(&image.index));
    }
}

#[test]
fn going_back_is_exact_and_divides_the_rate() {
    let control = Control::default();
    let back = |control: &Control, n, divergence: &Divergence| {
        assert_eq!(n, 1, "{divergence:?}");
        control.recovery(Recovery::RollBack {
            step: 7,
            rate: RollbackRate::Current,
        });
        control.change(rate(0.05));
        control.recovery(Recovery::RollBack {
            step: 64,
            rate: RollbackRate::Divided,
        });
    };
    let job = job(0.01, OnDivergence::Ask);
    let (outcome, ear) = run(&job, &control, Some(BREAK), &back);
    assert_eq!(outcome.finish, Finish::Completed);
    assert!(ear.events.iter().any(|e| matches!(
        e,
        Event::RolledBack {
            step: 64,
            from: 91,
            ..
        }
    )));

    // The same from the full state of that step, with the changes it met on the way.
    let state = ear.snapshots.iter().find(|s| s.step() == 64).unwrap();
    let mut state = Checkpoint::clone(state);
    state.config.learning_rate = 0.05;
    let mut deaf = Deaf;
    let other = resume(&job, state, &Control::default(), &mut deaf).unwrap();
    assert_eq!(bits(&outcome.network), bits(&other.network));
    assert_eq!(outcome.test, other.test);

    let mut replayed = candle_studio::runs::RunState::new("x", job.config().clone());
    ear.events.iter().for_each(|e| replayed.apply(e));
    let steps: Vec<u64> = replayed.points.iter().map(|p| p.step).collect();
    assert!(steps.iter().copied().eq(1..=12 * 12), "{steps:?}");
    assert_eq!(replayed.epochs.len(), 12);
    assert_eq!(replayed.config.learning_rate, 0.05);
    let rates: Vec<String> = replayed.changes.iter().map(|c| c.new.to_string()).collect();
    assert_eq!(rates, ["0.05"], "only the rate that was used from there on");
}

struct Deaf;
impl Observer for Deaf {
    fn event(&mut self, _: &Event) {}
}

#[test]
fn a_skipped_batch_leaves_no_trace_but_its_place() {
    // A stop counts more than a recovery, so the batch is skipped in a run that is stopped later.
    let skip_then_stop = |control: &Control, n: usize, _: &Divergence| match n {
        1 => control.recovery(Recovery::SkipBatch),
        _ => control.stop(),
    };
    let job = job(0.01, OnDivergence::Ask);
    let control = Control::default();
    let (outcome, ear) = run(&job, &control, Some(BREAK), &skip_then_stop);
    assert_eq!(outcome.finish, Finish::Stopped);
    assert!(ear.events.iter().any(|e| matches!(
        e,
        Event::Skipped {
            step: 91,
            n_images: 16,
            ..
        }
    )));
    let mut there = ear.checkpoints.iter().filter(|c| c.step() == BREAK + 1);
    let (before, after) = (there.next().unwrap(), there.next().unwrap());
    assert_eq!(after.cursor.n_skipped, 16);
    assert_eq!(after.cursor.n_done, before.cursor.n_done + 16);
    assert_eq!(after.rollback.as_ref().unwrap().n_rollbacks, 1);
    let mut after = after.clone();
    after.cursor = before.cursor.clone();
    after.rollback.clone_from(&before.rollback);
    assert!(
        after == *before,
        "weights, batch norm's estimates or the optimizer moved"
    );
}

#[test]
fn a_raised_rate_is_undone_first_and_leaves_no_trace() {
    let job = job(0.01, OnDivergence::Ask);
    let control = Control::default();
    let undo = |control: &Control, n: usize, divergence: &Divergence| {
        assert_eq!(n, 1, "{divergence:?}");
        let raise = RateRaise {
            from: 0.01,
            step: BREAK,
        };
        assert_eq!(divergence.raise, Some(raise));
        let undo = Recovery::RollBack {
            step: BREAK,
            rate: RollbackRate::Restored,
        };
        assert_eq!(divergence.default_rollback(), Some(undo));
        control.recovery(undo);
    };
    let (outcome, ear) = run(&job, &control, Some(BREAK), &undo);
    let control = Control::default();
    let (undisturbed, _) = run(&job, &control, None, &|_, _, _| {});
    assert_eq!(outcome.finish, Finish::Completed);
    assert_eq!(outcome.config, undisturbed.config);
    assert_eq!(bits(&outcome.network), bits(&undisturbed.network));
    let mut replayed = candle_studio::runs::RunState::new("x", job.config().clone());
    ear.events.iter().for_each(|e| replayed.apply(e));
    assert_eq!(replayed.changes, [], "the rate was never another one");
}

#[test]
fn a_run_stopped_at_an_anomaly_ends_as_it_was_before() {
    let job = job(0.01, OnDivergence::Ask);
    let control = Control::default();
    let stop = |control: &Control, _: usize, _: &Divergence| control.stop();
    let (outcome, ear) = run(&job, &control, Some(BREAK), &stop);
    assert_eq!(outcome.finish, Finish::Stopped);
    assert_eq!(outcome.config.learning_rate, 0.01);
    let sound = ear.snapshots.iter().find(|s| s.step() == BREAK).unwrap();
    let network = outcome.network.deep_copy().unwrap();
    sound.load_into(&network).unwrap();
    assert_eq!(bits(&outcome.network), bits(&network));
    let last = ear.checkpoints.last().unwrap();
    assert_eq!((last.step(), last.config.learning_rate), (BREAK, 0.01));

    let mut replayed = candle_studio::runs::RunState::new("x", job.config().clone());
    ear.events.iter().for_each(|e| replayed.apply(e));
    assert_eq!(replayed.points.last().unwrap().step, BREAK);
    assert_eq!(replayed.test, outcome.test);
    // The test accuracy is that of the sound weights.
    let again = resume(&job, last.clone(), &Control::default(), &mut Deaf).unwrap();
    assert_eq!(again.finish, Finish::Completed);
}

#[test]
fn a_rate_that_is_too_high_is_caught_in_the_first_updates() {
    let data = Arc::new(candle_studio::data::Dataset::mnist().unwrap());
    for (factor, is_caught) in [(1.0, false), (30.0, true), (100.0, true)] {
        let preset = preset("mlp").unwrap();
        let mut config = TrainConfig::new(preset, data.image_shape(), 10, data.train.len());
        config.learning_rate *= factor;
        config.epochs = 1;
        // A hundred updates.
        config.n_validation = data.train.len() - 100 * config.batch_size;
        let job = Job::new(config, data.clone()).unwrap();
        let job = job.on_divergence(OnDivergence::Ask);
        let control = Control::default();
        let stop = |control: &Control, _: usize, _: &Divergence| control.stop();
        let (_, ear) = run(&job, &control, None, &stop);
        let first = ear.troubles.first().map(|d| d.step);
        assert_eq!(
            first.is_some_and(|step| step <= 20),
            is_caught,
            "{factor}: {first:?}"
        );
        assert_eq!(first.is_some(), is_caught, "{factor}: {first:?}");
    }
}

#[test]
fn what_is_no_number_is_found_in_its_layer() {
    let control = Control::default();
    let stop = |control: &Control, _, _: &Divergence| control.stop();
    let (outcome, ear) = run(&job(1e30, OnDivergence::Ask), &control, None, &stop);
    let divergence = &ear.troubles[0];
    assert_eq!(divergence.anomaly, Anomaly::NotFinite);
    assert!(
        !matches!(divergence.origin, Origin::Images),
        "{divergence:?}"
    );
    assert!(
        divergence.origin.describe().contains("layer"),
        "{}",
        divergence.origin.describe()
    );
    for value in bits(&outcome.network) {
        assert!(f32::from_bits(value).is_finite());
    }
}

#[test]
fn without_anybody_to_ask_a_run_goes_back_by_itself() {
    let control = Control::default();
    let job = job(0.01, OnDivergence::Rollback);
    let (outcome, ear) = run(&job, &control, Some(BREAK), &|_, _, _| {});
    assert_eq!(outcome.finish, Finish::Completed);
    assert!(!ear.troubles.is_empty());
    assert!(outcome.config.learning_rate < 1e4);
    for value in bits(&outcome.network) {
        assert!(f32::from_bits(value).is_finite());
    }
}

#[test]
fn leaving_out_batches_gives_up_when_it_does_not_help() {
    let control = Control::default();
    let job = job(0.01, OnDivergence::Skip);
    let (outcome, ear) = run(&job, &control, Some(BREAK), &|_, _, _| {});
    assert!(matches!(outcome.finish, Finish::Diverged { .. }));
    assert_eq!(ear.troubles.len(), 9);
}

#[test]
fn the_average_of_the_weights_goes_back_too() {
    let (data, what) = (Arc::new(tiny::dataset()), OnDivergence::Ask);
    let mut config = job(0.01, what).config().clone();
    config.ema_decay = 0.9;
    let job = Job::new(config, data).unwrap();
    let job = job.with_checkpoints(1).on_divergence(what);
    let control = Control::default();
    let back = |control: &Control, n: usize, divergence: &Divergence| match n {
        1 => {
            control.change(rate(0.01));
            control.recovery(Recovery::RollBack {
                step: divergence.back_to[0],
                rate: RollbackRate::Current,
            });
        }
        _ => control.stop(),
    };
    let (outcome, ear) = run(&job, &control, Some(BREAK), &back);
    assert_eq!(ear.troubles.len(), 1);
    let step = ear.troubles[0].back_to[0];
    // The state that was gone back to, and the one written when the run was there again.
    let mut there = ear.checkpoints.iter().filter(|c| c.step() == step);
    let (first, again) = (there.next().unwrap(), there.next().unwrap());
    assert!(!first.kept.average.is_empty());
    assert_eq!(first.kept.average, again.kept.average);
    let later = ear.checkpoints.iter().find(|c| c.step() == step + 1);
    assert_ne!(first.kept.average, later.unwrap().kept.average);

    // With the rate as it was, the run ends as the one that nothing happened to.
    let control = Control::default();
    let (undisturbed, _) = run(&job, &control, None, &|_, _, _| {});
    assert_eq!(outcome.finish, Finish::Completed);
    assert_eq!(bits(&outcome.network), bits(&undisturbed.network));
}
