//! Every kind of network, optimiser and moment to be interrupted at, with and without augmentation:
//! the run that goes on ends with the same bits as the one that was never interrupted.

use std::sync::Arc;

use candle_studio::data::{Augment, Dataset};
use candle_studio::model::{Layer, ModelSpec, Network, PRESETS, TokenChoice};
use candle_studio::train::{
    Checkpoint, Control, EarlyStopping, EpochPoint, Event, Finish, Job, Metrics, Observer,
    Optimizer, Outcome, Schedule, StepPoint, TrainConfig, Watched, resume, train,
};

use crate::tiny;

/// 203 bars, 13 held out: 190 images in batches of 16 are 12 updates an epoch, the last of 14.
const STEPS_PER_EPOCH: u64 = 12;

/// After which update the run is interrupted.
const MOMENTS: [(&str, u64); 4] = [
    ("in the middle of an epoch", 4),
    ("at an epoch's end", STEPS_PER_EPOCH),
    ("on a step of the schedule", STEPS_PER_EPOCH + 6),
    ("inside the patience window", 2 * STEPS_PER_EPOCH + 3),
];

fn networks() -> Vec<(&'static str, Vec<Layer>)> {
    let conv = |channels| Layer::Conv2d {
        channels,
        kernel: 3,
        stride: 1,
        padding: 1,
        groups: 1,
    };
    let pool = Layer::MaxPool2d {
        kernel: 2,
        stride: 2,
    };
    let out = Layer::Dense {
        units: tiny::CLASSES,
    };
    let hidden = Layer::Dense { units: 10 };
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
                Layer::Dropout { rate: 0.25 },
                Layer::Flatten,
                hidden,
                Layer::Relu,
                Layer::Dropout { rate: 0.5 },
                out.clone(),
            ],
        ),
        (
            "LSTM",
            vec![
                Layer::Lstm {
                    units: 8,
                    bidirectional: false,
                },
                out.clone(),
            ],
        ),
        (
            "ViT",
            vec![
                Layer::PatchEmbedding {
                    patch: 4,
                    width: 8,
                    class_token: false,
                },
                Layer::TransformerEncoder {
                    depth: 1,
                    heads: 2,
                    mlp_ratio: 2,
                },
                Layer::LayerNorm,
                Layer::TokenPool {
                    take: TokenChoice::Mean,
                },
                out,
            ],
        ),
    ]
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
    config.learning_rate = optimizer.usual_learning_rate();
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
    config.average = 0.9;
    config.augment = augment;
    config.epochs = 5;
    config.batch_size = 16;
    config.n_validation = 13;
    Job::new(config, data.clone()).unwrap().with_checkpoints(1)
}

#[derive(Default)]
struct Ear {
    points: Vec<StepPoint>,
    epochs: Vec<EpochPoint>,
    checkpoints: Vec<Checkpoint>,
    restored: Option<usize>,
}

impl Observer for Ear {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Steps { points } => self.points.extend_from_slice(points),
            Event::EpochDone { point } => self.epochs.push(*point),
            Event::Restored { epoch } => self.restored = Some(*epoch),
            _ => {}
        }
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
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
    epochs: Vec<(usize, Metrics, Option<Metrics>)>,
    test: Option<Metrics>,
    validation: Option<Metrics>,
    finish: Finish,
    restored: Option<usize>,
    last: Checkpoint,
}

/// What `ear` heard after `step`.
fn rest(outcome: &Outcome, ear: &Ear, step: u64) -> Rest {
    let steps = ear.points.iter().filter(|p| p.step > step).map(|p| {
        let numbers = [p.loss, p.accuracy, p.learning_rate].map(f64::to_bits);
        (p.step, numbers[0], numbers[1], numbers[2])
    });
    let epochs = ear.epochs.iter().filter(|e| e.step > step);
    let mut last = ear.checkpoints.last().unwrap().clone();
    last.cursor.secs = 0.0;
    last.cursor.secs_at_epoch = 0.0;
    last.cursor.epoch_secs.clear();
    Rest {
        weights: bits(&outcome.network),
        steps: steps.collect(),
        epochs: epochs.map(|e| (e.epoch, e.train, e.validation)).collect(),
        test: outcome.test,
        validation: outcome.validation,
        finish: outcome.finish.clone(),
        restored: ear.restored,
        last,
    }
}

/// The run without interruption, with the rests after all [`MOMENTS`].
fn whole(job: &Job) -> (Vec<Rest>, Ear) {
    let mut ear = Ear::default();
    let outcome = train(job, &Control::default(), &mut ear).unwrap();
    let rests = MOMENTS.map(|(_, step)| rest(&outcome, &ear, step));
    (rests.into(), ear)
}

/// Goes on from `checkpoint`, written to a file's bytes and read back.
fn resumed(job: &Job, checkpoint: &Checkpoint) -> Rest {
    let step = checkpoint.step();
    let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap()).unwrap();
    let mut ear = Ear::default();
    let outcome = resume(job, checkpoint, &Control::default(), &mut ear).unwrap();
    rest(&outcome, &ear, step)
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
    for (name, layers) in networks() {
        for optimizer in [Optimizer::SGD, Optimizer::ADAMW] {
            for augment in [Augment::default(), augmented] {
                let job = job(&layers, optimizer, augment, &data);
                let (rests, ear) = whole(&job);
                assert_eq!(rests[0].finish, Finish::EarlyStopped);
                assert_eq!(rests[0].restored, Some(1));
                assert_eq!(ear.epochs.len(), 3);
                for ((moment, step), expected) in MOMENTS.into_iter().zip(&rests) {
                    let place = format!("{name}, {}, {moment}", optimizer.name());
                    let checkpoint = &ear.checkpoints[step as usize - 1];
                    assert_eq!(checkpoint.step(), step, "{place}");
                    assert!(!checkpoint.kept.average.is_empty(), "{place}");
                    assert!(resumed(&job, checkpoint) == *expected, "{place}");
                    n_exact += 1;

                    // The same comparison notices when something is lost.
                    let mut damaged = checkpoint.clone();
                    damaged.optimizer.first.iter_mut().for_each(Vec::clear);
                    damaged.optimizer.second.iter_mut().for_each(Vec::clear);
                    assert!(resumed(&job, &damaged) != *expected, "{place}");
                    n_noticed += 1;
                }
            }
        }
    }
    println!(
        "{n_exact} interrupted runs ended bit for bit as uninterrupted ones; {n_noticed} of \
         {n_exact} comparisons noticed the loss of the optimiser's memory"
    );
    assert_eq!((n_exact, n_noticed), (80, 80));
}

#[test]
fn a_lost_average_or_best_epoch_is_noticed() {
    let data = Arc::new(tiny::dataset());
    let (_, layers) = networks().swap_remove(1);
    let job = job(&layers, Optimizer::ADAMW, Augment::default(), &data);
    let (rests, ear) = whole(&job);
    let checkpoint = &ear.checkpoints[MOMENTS[3].1 as usize - 1];
    let mut without_average = checkpoint.clone();
    without_average.kept.average.clear();
    assert!(resumed(&job, &without_average) != rests[3]);
    let mut without_best = checkpoint.clone();
    without_best.kept.best.clear();
    assert!(resumed(&job, &without_best) != rests[3]);
    let mut without_watch = checkpoint.clone();
    without_watch.cursor.early = Default::default();
    assert!(resumed(&job, &without_watch) != rests[3]);
}
