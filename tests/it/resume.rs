//! A run that was interrupted goes on as if it had not been: bit for bit.

use std::sync::Arc;
use std::time::Duration;

use candle_studio::data::Dataset;
use candle_studio::model::{Network, PRESETS};
use candle_studio::runs::{Recorder, RunFolder};
use candle_studio::train::{
    Change, Checkpoint, Control, Event, Finish, Job, Metrics, Observer, Optimizer, Outcome,
    Schedule, Setting, StepPoint, TrainConfig, resume, train,
};

use crate::support::tiny;

/// Keeps everything a run tells.
#[derive(Default)]
struct Ear {
    points: Vec<StepPoint>,
    epochs: Vec<(usize, Metrics, Option<Metrics>)>,
    checkpoints: Vec<Checkpoint>,
}

impl Observer for Ear {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Steps { points } => self.points.extend_from_slice(points),
            Event::EpochDone { point } => {
                self.epochs
                    .push((point.epoch, point.train, point.validation));
            }
            _ => {}
        }
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        self.checkpoints.push(checkpoint);
    }
}

/// 203 bars, 13 held out: 190 images in batches of 16 are 12 updates an epoch, the last of 14.
const STEPS_PER_EPOCH: u64 = 12;

fn job(preset: usize, optimizer: Optimizer, data: &Arc<Dataset>) -> Job {
    let preset = &PRESETS[preset];
    let mut config = TrainConfig::new(preset, data.image_shape(), tiny::CLASSES, data.train.len());
    config.optimizer = optimizer;
    config.learning_rate = optimizer.default_learning_rate();
    config.schedule = Schedule::Step {
        every: 0.5,
        factor: 0.7,
    };
    config.epochs = 3;
    config.batch_size = 16;
    config.n_validation = 13;
    Job::new(config, data.clone()).unwrap().with_checkpoints(1)
}

fn weights(network: &Network) -> Vec<u32> {
    let values = |p: &candle_studio::model::Param| -> Vec<f32> {
        p.var.flatten_all().unwrap().to_vec1().unwrap()
    };
    let all = network.params().iter().flat_map(values);
    all.map(f32::to_bits).collect()
}

fn losses(points: &[StepPoint]) -> Vec<(u64, u64, u64)> {
    let bits = |p: &StepPoint| (p.step, p.loss.to_bits(), p.learning_rate.to_bits());
    points.iter().map(bits).collect()
}

fn run(job: &Job) -> (Outcome, Ear) {
    let mut ear = Ear::default();
    let outcome = train(job, &Control::default(), &mut ear).unwrap();
    (outcome, ear)
}

/// Presets whose layers fit 12 × 12 images.
fn presets(data: &Dataset) -> Vec<usize> {
    let fits = |&i: &usize| {
        let spec = PRESETS[i].spec(data.image_shape(), tiny::CLASSES);
        spec.report().is_ok()
    };
    (0..PRESETS.len()).filter(fits).collect()
}

#[test]
fn every_preset_resumes_bit_for_bit_from_anywhere() {
    let data = Arc::new(tiny::dataset());
    let presets = presets(&data);
    assert!(presets.len() >= 3, "{presets:?}");
    for preset in presets {
        for optimizer in [Optimizer::SGD, Optimizer::ADAMW] {
            let job = job(preset, optimizer, &data);
            let (whole, ear) = run(&job);
            // In the middle of an epoch, at a drop of the schedule, before the last batch of an
            // epoch, at an epoch's end, and just after it.
            for step in [
                5,
                6,
                STEPS_PER_EPOCH - 1,
                STEPS_PER_EPOCH,
                STEPS_PER_EPOCH + 1,
            ] {
                let checkpoint = &ear.checkpoints[step as usize - 1];
                assert_eq!(checkpoint.step(), step);
                // Through the file and back.
                let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap()).unwrap();
                let mut rest = Ear::default();
                let resumed = resume(&job, checkpoint, &Control::default(), &mut rest).unwrap();
                let place = format!("{} {} {step}", PRESETS[preset].name, optimizer.name());
                assert_eq!(
                    weights(&resumed.network),
                    weights(&whole.network),
                    "{place}"
                );
                assert_eq!(
                    losses(&rest.points),
                    losses(&ear.points[step as usize..]),
                    "{place}"
                );
                let n_epochs = rest.epochs.len();
                assert_eq!(rest.epochs, ear.epochs[3 - n_epochs..], "{place}");
                assert_eq!(resumed.test, whole.test, "{place}");
                let [last, other] = [&rest, &ear].map(|e| e.checkpoints.last().unwrap());
                assert_eq!(last.optimizer.step, other.optimizer.step);
                assert_eq!(last.optimizer.first.len(), other.optimizer.first.len());
            }
        }
    }
}

/// The same comparison notices when the optimizer's memory is lost.
#[test]
fn without_the_optimizers_memory_the_run_is_another_one() {
    let data = Arc::new(tiny::dataset());
    for optimizer in [Optimizer::SGD, Optimizer::ADAMW] {
        let job = job(0, optimizer, &data);
        let (whole, ear) = run(&job);
        let mut checkpoint = ear.checkpoints[6].clone();
        checkpoint.optimizer.first.iter_mut().for_each(Vec::clear);
        checkpoint.optimizer.second.iter_mut().for_each(Vec::clear);
        let resumed = resume(&job, checkpoint, &Control::default(), &mut Ear::default()).unwrap();
        assert_ne!(weights(&resumed.network), weights(&whole.network));
    }
}

#[test]
fn a_change_made_before_the_interruption_still_holds() {
    let data = Arc::new(tiny::dataset());
    let job = job(0, Optimizer::ADAM, &data);
    let control = Control::default();
    control.change(Change {
        setting: Setting::BatchSize,
        value: 30.0.into(),
    });
    let mut ear = Ear::default();
    let whole = train(&job, &control, &mut ear).unwrap();
    let checkpoint = ear.checkpoints[3].clone();
    assert_eq!(checkpoint.config.batch_size, 30);
    let resumed = resume(&job, checkpoint, &Control::default(), &mut Ear::default()).unwrap();
    assert_eq!(weights(&resumed.network), weights(&whole.network));
    assert_eq!(resumed.config.batch_size, 30);
}

#[test]
fn a_folder_recorded_in_two_sittings_tells_one_story() {
    let data = Arc::new(tiny::dataset());
    let job = job(0, Optimizer::ADAM, &data);
    let (_, whole) = run(&job);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");

    /// Records, and stops the run at a step.
    struct Stopper<'a>(Recorder, &'a Control, u64);
    impl Observer for Stopper<'_> {
        fn event(&mut self, event: &Event) {
            self.0.event(event);
        }
        fn checkpoint(&mut self, checkpoint: Checkpoint) {
            if checkpoint.step() == self.2 {
                self.1.stop();
            }
            self.0.checkpoint(checkpoint);
        }
    }
    let control = Control::default();
    let recorder = Recorder::create(&path, "two sittings", &job).unwrap();
    let mut stopper = Stopper(recorder, &control, 17);
    let first = train(&job, &control, &mut stopper).unwrap();
    assert_eq!(first.finish, Finish::Stopped);
    drop(stopper);

    let folder = RunFolder::open(&path).unwrap();
    let checkpoint = folder.latest_checkpoint().unwrap();
    assert_eq!(checkpoint.step(), 17);
    let mut recorder = Recorder::reopen(&path, Some(&checkpoint), 190).unwrap();
    resume(&job, checkpoint, &Control::default(), &mut recorder).unwrap();
    drop(recorder);
    let state = RunFolder::open(&path).unwrap().replay().unwrap();
    assert_eq!(losses(&state.points), losses(&whole.points));
    assert_eq!(state.epochs.len(), 3);
    assert!(!state.is_live());
}

#[test]
fn a_damaged_checkpoint_is_passed_over_for_the_one_before() {
    let data = Arc::new(tiny::dataset());
    let job = job(0, Optimizer::ADAM, &data);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    let mut recorder = Recorder::create(&path, "damaged", &job).unwrap();
    train(&job, &Control::default(), &mut recorder).unwrap();
    drop(recorder);
    let folder = RunFolder::open(&path).unwrap();
    let newest = folder.latest_checkpoint().unwrap().step();
    assert_eq!(newest, 3 * STEPS_PER_EPOCH);
    let files = std::fs::read_dir(path.join("checkpoints")).unwrap();
    let mut files: Vec<_> = files.map(|f| f.unwrap().path()).collect();
    files.sort();
    let best = files.remove(0);
    assert_eq!(best.file_name().unwrap(), "best.safetensors");
    assert_eq!(files.len(), 3, "the newest three are kept");
    let bytes = std::fs::read(&files[2]).unwrap();
    for n in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&files[2], &bytes[..n]).unwrap();
        assert_eq!(folder.latest_checkpoint().unwrap().step(), newest - 1);
    }
    for file in &files {
        std::fs::write(file, b"nothing").unwrap();
    }
    let message = folder.latest_checkpoint().unwrap_err().to_string();
    assert!(message.contains("safetensors"), "{message}");
}

/// Checkpoints because of the time, here after every update, change neither the bits nor which
/// epochs end with a checkpoint; and a run goes on from each of them.
#[test]
fn checkpoints_because_of_the_time_change_nothing() {
    let data = Arc::new(tiny::dataset());
    // An epoch ends with a checkpoint if the last one was 2 updates before, or more.
    let job = job(0, Optimizer::ADAM, &data).with_checkpoints(11);
    let (plain, told) = run(&job);
    let timed = job.clone().with_checkpoint_time(Duration::ZERO);
    let (outcome, ear) = run(&timed);
    let steps = |ear: &Ear, is_planned: fn(&&Checkpoint) -> bool| -> Vec<u64> {
        let of = ear.checkpoints.iter().filter(is_planned);
        of.map(Checkpoint::step).collect()
    };
    let planned = steps(&told, |_| true);
    assert_eq!(planned, [11, 22, 24, 33, 36]);
    assert_eq!(steps(&ear, |c| c.after.is_none()), planned);
    assert_eq!(
        steps(&ear, |_| true),
        (1..=36).filter(|s| *s != 12).collect::<Vec<_>>()
    );
    assert_eq!(weights(&outcome.network), weights(&plain.network));
    assert_eq!(losses(&ear.points), losses(&told.points));

    for checkpoint in ear.checkpoints {
        let step = checkpoint.step();
        let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap()).unwrap();
        let mut rest = Ear::default();
        let resumed = resume(&job, checkpoint, &Control::default(), &mut rest).unwrap();
        assert_eq!(
            weights(&resumed.network),
            weights(&plain.network),
            "from {step}"
        );
        let later: Vec<u64> = planned.iter().copied().filter(|s| *s > step).collect();
        assert_eq!(steps(&rest, |_| true), later, "from {step}");
    }
    // A run that makes no checkpoints makes none because of the time.
    let mut options = job.options();
    options.checkpoint_every = None;
    let (_, ear) = run(&timed.with_options(options));
    assert!(ear.checkpoints.is_empty());
}
