//! Every kind of network, optimizer, guard and moment to be interrupted at, with and without
//! augmentation: the run that goes on ends with the same bits as the one that was never interrupted.

use std::sync::Arc;

use candle_studio::data::{Augment, Dataset};
use candle_studio::model::{
    Conv2d, Dense, Dropout, Dropout2d, Layer, Lstm, MaxPool2d, ModelSpec, Network, PRESETS,
    PatchEmbedding, TokenChoice, TokenPool, TransformerEncoder,
};
use candle_studio::runs::{Recorder, RunFolder};
use candle_studio::train::{
    Change, Checkpoint, Control, EarlyStopping, EpochPoint, Event, Finish, Job, Metrics, Observer,
    OnDivergence, Optimizer, Outcome, RollbackStates, Schedule, Setting, StepPoint, TrainConfig,
    Watched, resume, train,
};

use crate::support::tiny;

/// 203 bars, 13 held out: 190 images in batches of 16 are 12 updates an epoch, the last of 14.
const STEPS_PER_EPOCH: u64 = 12;

/// After which update the run is interrupted.
const MOMENTS: [(&str, u64); 4] = [
    ("in the middle of an epoch", 4),
    ("at an epoch's end", STEPS_PER_EPOCH),
    ("on a step of the schedule", STEPS_PER_EPOCH + 6),
    ("inside the patience window", 2 * STEPS_PER_EPOCH + 3),
];

/// After this update the learning rate of a guarded run becomes absurd: its loss is wrong two updates
/// later.
const BREAK: u64 = 22;

fn networks() -> Vec<(&'static str, Vec<Layer>)> {
    let conv = |channels| Layer::Conv2d(Conv2d::new(channels, 3, 1));
    let pool = Layer::MaxPool2d(MaxPool2d::new(2));
    let out = Layer::Dense(Dense {
        units: tiny::CLASSES,
    });
    let hidden = Layer::Dense(Dense { units: 10 });
    vec![
        (
            "MLP",
            vec![Layer::Flatten, hidden.clone(), Layer::Relu, out.clone()],
        ),
        (
            "CNN",
            vec![
                conv(3),
                Layer::Relu,
                pool.clone(),
                Layer::Flatten,
                out.clone(),
            ],
        ),
        (
            "CNN with batch norm and dropout",
            vec![
                conv(3),
                Layer::BatchNorm,
                Layer::Relu,
                pool,
                Layer::Dropout(Dropout { rate: 0.25 }),
                Layer::Flatten,
                hidden,
                Layer::Relu,
                Layer::Dropout(Dropout { rate: 0.5 }),
                out.clone(),
            ],
        ),
        (
            "LSTM",
            vec![
                Layer::Lstm(Lstm {
                    units: 8,
                    bidirectional: false,
                }),
                out.clone(),
            ],
        ),
        (
            "ViT",
            vec![
                Layer::PatchEmbedding(PatchEmbedding {
                    patch: 4,
                    width: 8,
                    class_token: false,
                }),
                Layer::TransformerEncoder(TransformerEncoder {
                    depth: 1,
                    heads: 2,
                    mlp_ratio: 2,
                }),
                Layer::LayerNorm,
                Layer::TokenPool(TokenPool {
                    take: TokenChoice::Mean,
                }),
                out,
            ],
        ),
    ]
}

fn with_dropped_channels() -> (&'static str, Vec<Layer>) {
    let layers = vec![
        Layer::Conv2d(Conv2d::new(6, 3, 1)),
        Layer::Relu,
        Layer::Dropout2d(Dropout2d { rate: 0.25 }),
        Layer::Flatten,
        Layer::Dense(Dense {
            units: tiny::CLASSES,
        }),
    ];
    ("CNN with dropped channels", layers)
}

/// No accuracy is an improvement after the first one: the run waits for two epochs, ends after the
/// third of five, and gets the first one's weights back.
fn job(layers: &[Layer], optimizer: Optimizer, augment: Augment, data: &Arc<Dataset>) -> Job {
    let n_images = data.train.len();
    let input = data.image_shape();
    let mut config = TrainConfig::new(&PRESETS[0], input, tiny::CLASSES, n_images);
    config.model = ModelSpec {
        input,
        classes: tiny::CLASSES,
        layers: layers.to_vec(),
    };
    config.optimizer = optimizer;
    config.learning_rate = optimizer.default_learning_rate();
    config.weight_decay = 0.01;
    config.schedule = Schedule::Step {
        every: 0.5,
        factor: 0.7,
    };
    config.early_stopping = EarlyStopping {
        patience: 2,
        min_delta: 2.0,
        metric: Watched::Accuracy,
    };
    config.ema_decay = 0.9;
    config.augment = augment;
    config.epochs = 5;
    config.batch_size = 16;
    config.n_validation = 13;
    Job::new(config, data.clone()).unwrap().with_checkpoints(1)
}

/// Hears a run and, if that is wanted, breaks it.
struct Ear<'a> {
    control: &'a Control,
    /// Whether the learning rate is still to become absurd.
    breaks: bool,
    points: Vec<StepPoint>,
    epochs: Vec<EpochPoint>,
    checkpoints: Vec<Checkpoint>,
    /// How many points and epochs there were at each checkpoint.
    heard: Vec<(usize, usize)>,
    /// How many checkpoints there were at each trouble.
    troubles: Vec<usize>,
    restored: Option<usize>,
}

impl Ear<'_> {
    fn new(control: &Control, breaks: bool) -> Ear<'_> {
        Ear {
            control,
            breaks,
            points: Vec::new(),
            epochs: Vec::new(),
            checkpoints: Vec::new(),
            heard: Vec::new(),
            troubles: Vec::new(),
            restored: None,
        }
    }
}

impl Observer for Ear<'_> {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Steps { points } => self.points.extend_from_slice(points),
            Event::EpochDone { point } => self.epochs.push(*point),
            Event::Diverged { .. } => self.troubles.push(self.checkpoints.len()),
            Event::Restored { epoch } => self.restored = Some(*epoch),
            _ => {}
        }
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        if self.breaks && checkpoint.step() == BREAK {
            self.breaks = false;
            self.control.change(Change {
                setting: Setting::LearningRate,
                value: 1e4.into(),
            });
        }
        self.heard.push((self.points.len(), self.epochs.len()));
        self.checkpoints.push(checkpoint);
    }
}

fn bits(network: &Network) -> Vec<u32> {
    let values = |p: &candle_studio::model::Param| -> Vec<f32> {
        p.var.flatten_all().unwrap().to_vec1().unwrap()
    };
    let all = network.params().iter().flat_map(values);
    all.map(f32::to_bits).collect()
}

/// Everything about a run's rest that must not depend on the interruption, with the seconds left
/// out.
#[derive(Debug, PartialEq)]
struct Rest {
    weights: Vec<u32>,
    steps: Vec<(u64, u64, u64, u64)>,
    epochs: Vec<(usize, MetricBits, Option<MetricBits>)>,
    test: Option<MetricBits>,
    validation: Option<MetricBits>,
    finish: Finish,
    restored: Option<usize>,
    /// The bytes of the last checkpoint, and of its states to go back to.
    last: Vec<Vec<u8>>,
}

/// Loss and accuracy: a NaN differs from itself, its bits do not.
type MetricBits = [u64; 2];

fn metric_bits(metrics: Metrics) -> MetricBits {
    [metrics.loss, metrics.accuracy].map(f64::to_bits)
}

fn checkpoint_bytes(checkpoint: &Checkpoint) -> Vec<Vec<u8>> {
    let states = checkpoint.rollback.iter().flat_map(|r| &r.states);
    let all = std::iter::once(checkpoint).chain(states.map(Arc::as_ref));
    all.map(|state| state.to_bytes().unwrap()).collect()
}

/// The checkpoint without the seconds that were measured, in its way back too.
fn timeless(mut checkpoint: Checkpoint) -> Checkpoint {
    checkpoint.cursor.secs = 0.0;
    checkpoint.cursor.secs_at_epoch = 0.0;
    checkpoint.cursor.epoch_secs.clear();
    if let Some(RollbackStates { states, .. }) = &mut checkpoint.rollback {
        for state in states {
            *state = Arc::new(timeless(Checkpoint::clone(state)));
        }
    }
    checkpoint
}

/// What `ear` heard after `n_points` updates and `n_epochs` epochs.
fn rest(outcome: &Outcome, ear: &Ear<'_>, (n_points, n_epochs): (usize, usize)) -> Rest {
    let steps = ear.points[n_points..].iter().map(|p| {
        let numbers = [p.loss, p.accuracy, p.learning_rate].map(f64::to_bits);
        (p.step, numbers[0], numbers[1], numbers[2])
    });
    let epochs = ear.epochs[n_epochs..].iter();
    Rest {
        weights: bits(&outcome.network),
        steps: steps.collect(),
        epochs: epochs
            .map(|e| (e.epoch, metric_bits(e.train), e.validation.map(metric_bits)))
            .collect(),
        test: outcome.test.map(metric_bits),
        validation: outcome.validation.map(metric_bits),
        finish: outcome.finish.clone(),
        restored: ear.restored,
        last: checkpoint_bytes(&timeless(ear.checkpoints.last().unwrap().clone())),
    }
}

/// The run without interruption, and what it was after each of its checkpoints.
fn whole<'a>(job: &Job, control: &'a Control, breaks: bool) -> (Outcome, Ear<'a>) {
    let mut ear = Ear::new(control, breaks);
    let outcome = train(job, control, &mut ear).unwrap();
    (outcome, ear)
}

/// Goes on from `checkpoint`.
fn resumed(job: &Job, checkpoint: Checkpoint, breaks: bool) -> Rest {
    let control = Control::default();
    let mut ear = Ear::new(&control, breaks);
    let outcome = resume(job, checkpoint, &control, &mut ear).unwrap();
    rest(&outcome, &ear, (0, 0))
}

/// The checkpoint, written to the folder of a run and read back.
fn through_a_folder(job: &Job, checkpoint: &Checkpoint) -> Checkpoint {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    let mut recorder = Recorder::create(&path, "run", job).unwrap();
    recorder.checkpoint(checkpoint.clone());
    drop(recorder);
    let read = RunFolder::open(&path).unwrap().latest_checkpoint().unwrap();
    let n_states = |c: &Checkpoint| c.rollback.as_ref().unwrap().states.len();
    assert_eq!(n_states(&read), n_states(checkpoint));
    read
}

#[test]
fn every_interruption_is_forgotten_bit_for_bit() {
    let data = Arc::new(tiny::dataset());
    let augmented = Augment {
        noise: 0.1,
        erasing: 0.2,
        brightness: 0.2,
        ..Augment::GENTLE
    };
    let (mut n_exact, mut n_noticed) = (0, 0);
    for (name, layers) in networks().into_iter().chain([with_dropped_channels()]) {
        for optimizer in [Optimizer::SGD, Optimizer::ADAMW, Optimizer::LION] {
            for augment in [Augment::default(), augmented] {
                let job = job(&layers, optimizer, augment, &data);
                let control = Control::default();
                let (outcome, ear) = whole(&job, &control, false);
                assert_eq!(outcome.finish, Finish::EarlyStopped);
                assert_eq!(ear.restored, Some(1));
                assert_eq!(ear.epochs.len(), 3);
                for (moment, step) in MOMENTS {
                    let place = format!("{name}, {}, {moment}", optimizer.name());
                    let at = step as usize - 1;
                    let expected = rest(&outcome, &ear, ear.heard[at]);
                    let checkpoint = through_a_folder(&job, &ear.checkpoints[at]);
                    assert_eq!(checkpoint.step(), step, "{place}");
                    assert!(!checkpoint.kept.average.is_empty(), "{place}");
                    let mut damaged = checkpoint.clone();
                    assert!(resumed(&job, checkpoint, false) == expected, "{place}");
                    n_exact += 1;

                    // The same comparison notices when something is lost.
                    damaged.optimizer.first.iter_mut().for_each(Vec::clear);
                    damaged.optimizer.second.iter_mut().for_each(Vec::clear);
                    assert!(resumed(&job, damaged, false) != expected, "{place}");
                    n_noticed += 1;
                }
            }
        }
    }
    println!(
        "{n_exact} interrupted runs ended bit for bit as uninterrupted ones; {n_noticed} of \
         {n_exact} comparisons noticed the loss of the optimizer's memory"
    );
    assert_eq!((n_exact, n_noticed), (144, 144));
}

/// A run whose loss cannot be trusted any more goes back, or leaves batches out: as before.
#[test]
fn a_guarded_run_takes_the_same_way_after_every_interruption() {
    let data = Arc::new(tiny::dataset());
    let (mut n_exact, mut n_noticed) = (0, 0);
    for (name, layers) in networks().into_iter().chain([with_dropped_channels()]) {
        for optimizer in [Optimizer::SGD, Optimizer::ADAMW] {
            for guard in [OnDivergence::Rollback, OnDivergence::Skip] {
                let job = job(&layers, optimizer, Augment::GENTLE, &data).on_divergence(guard);
                let control = Control::default();
                let (outcome, ear) = whole(&job, &control, true);
                let after_trouble = ear.troubles[0];
                let moments = [
                    ("in the middle of an epoch", 3),
                    ("just before the rate becomes absurd", BREAK as usize - 2),
                    ("between that and the first trouble", BREAK as usize),
                    ("after the first trouble", after_trouble),
                    ("later", after_trouble + 3),
                ];
                for (moment, at) in moments {
                    let place = format!("{name}, {}, {guard:?}, {moment}", optimizer.name());
                    let expected = rest(&outcome, &ear, ear.heard[at]);
                    let breaks = at < BREAK as usize;
                    let checkpoint = through_a_folder(&job, &ear.checkpoints[at]);
                    let mut damaged = checkpoint.clone();
                    assert!(resumed(&job, checkpoint, breaks) == expected, "{place}");
                    n_exact += 1;

                    // Before the rate is raised, nothing older is needed: a state is kept then.
                    if guard == OnDivergence::Rollback && breaks {
                        continue;
                    }
                    // As a run was resumed that knew no way back any more.
                    damaged.rollback = None;
                    let other = resumed(&job, damaged, breaks);
                    assert!(other != expected, "{place}");
                    if guard == OnDivergence::Rollback && at < after_trouble {
                        assert!(other.weights != expected.weights, "{place}");
                    }
                    n_noticed += 1;
                }
            }
        }
    }
    println!(
        "{n_exact} interrupted runs took the way of uninterrupted ones; {n_noticed} of {n_exact} \
         comparisons noticed the loss of the states to go back to"
    );
    assert_eq!((n_exact, n_noticed), (120, 96));
}

#[test]
fn a_lost_average_or_best_epoch_is_noticed() {
    let data = Arc::new(tiny::dataset());
    let (_, layers) = networks().swap_remove(1);
    let job = job(&layers, Optimizer::ADAMW, Augment::default(), &data);
    let control = Control::default();
    let (outcome, ear) = whole(&job, &control, false);
    let at = MOMENTS[3].1 as usize - 1;
    let expected = rest(&outcome, &ear, ear.heard[at]);
    let checkpoint = &ear.checkpoints[at];
    let mut without_average = checkpoint.clone();
    without_average.kept.average.clear();
    assert!(resumed(&job, without_average, false) != expected);
    let mut without_best = checkpoint.clone();
    without_best.kept.best.clear();
    assert!(resumed(&job, without_best, false) != expected);
    let mut without_watch = checkpoint.clone();
    without_watch.cursor.early = Default::default();
    assert!(resumed(&job, without_watch, false) != expected);
}
