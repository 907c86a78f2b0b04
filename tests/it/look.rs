//! Looking closer at training must tell the truth, and must not touch it.

use std::path::Path;
use std::sync::Arc;

use candle_studio::model::{Network, preset};
use candle_studio::runs::{Recorder, RunFolder, Summary};
use candle_studio::train::{
    Checkpoint, Control, Event, Job, LayerPoint, Observer, Optimizer, StepPoint, TrainConfig,
    inspect, train,
};

use crate::support::tiny;

#[derive(Default)]
struct Ear {
    points: Vec<StepPoint>,
    layers: Vec<LayerPoint>,
    checkpoints: Vec<Checkpoint>,
}

impl Observer for Ear {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Steps { points } => self.points.extend_from_slice(points),
            Event::Layers { point } => self.layers.push((**point).clone()),
            _ => {}
        }
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        self.checkpoints.push(checkpoint);
    }
}

fn job(optimizer: Optimizer) -> Job {
    let data = Arc::new(tiny::dataset());
    let preset = preset("deep-cnn").unwrap();
    let mut config = TrainConfig::new(preset, data.image_shape(), tiny::CLASSES, data.train.len());
    // Small enough for 12 × 12 images; dropout must be the same in the copy.
    config.model.layers.drain(5..11);
    config.optimizer = optimizer;
    config.epochs = 2;
    config.batch_size = 16;
    config.n_validation = 13;
    Job::new(config, data).unwrap().with_checkpoints(1)
}

fn run(job: &Job, watches_layers: bool) -> (Network, Ear) {
    let control = Control::default();
    control.watch_layers(watches_layers);
    let mut ear = Ear::default();
    let outcome = train(job, &control, &mut ear).unwrap();
    (outcome.network, ear)
}

fn values(network: &Network) -> Vec<f32> {
    let values = |p: &candle_studio::model::Param| -> Vec<f32> {
        p.var.flatten_all().unwrap().to_vec1().unwrap()
    };
    network.params().iter().flat_map(values).collect()
}

#[test]
fn what_the_inspection_shows_is_what_happens() {
    for optimizer in [Optimizer::SGD, Optimizer::ADAM] {
        let job = job(optimizer);
        let (_, ear) = run(&job, false);
        // In the middle of an epoch, before its last batch, and at the beginning of the next one.
        for step in [5usize, 11, 12, 13] {
            let state = &ear.checkpoints[step - 1];
            assert_eq!(state.step() as usize, step);
            let seen = inspect(&job, state).unwrap();
            let point = &ear.points[step];
            assert_eq!(seen.step, point.step);
            assert_eq!(seen.loss.to_bits(), point.loss.to_bits());
            assert_eq!(seen.learning_rate, point.learning_rate);
            let n = if step == 11 { 14 } else { 16 };
            assert_eq!(seen.images.len(), n);
            let mean = seen.images.iter().map(|i| i.loss_before).sum::<f64>() / n as f64;
            assert!((mean - seen.loss).abs() < 1e-4, "{mean} {}", seen.loss);
            let n_right = seen
                .images
                .iter()
                .filter(|i| i.predicted == Some(i.label))
                .count();
            assert!((n_right as f64 / n as f64 - point.accuracy).abs() < 1e-9);

            // The size of the update is the distance between two full states.
            let network = |state: &Checkpoint| {
                let config = job.config();
                let device = candle_core::Device::Cpu;
                let network =
                    Network::new(&config.model, config.init, config.seed, &device).unwrap();
                state.load_into(&network).unwrap();
                network
            };
            let (before, after) = (network(state), network(&ear.checkpoints[step]));
            for (idx, layer) in seen.layers.iter().enumerate() {
                let of = |network: &Network| -> Vec<f32> {
                    let own = network.weights_of(idx).map(|(_, p)| p);
                    own.flat_map(|p| -> Vec<f32> {
                        p.var.flatten_all().unwrap().to_vec1().unwrap()
                    })
                    .collect()
                };
                let pairs = of(&before).into_iter().zip(of(&after));
                let squares = pairs.map(|(a, b)| f64::from(a - b).powi(2));
                let norm = squares.sum::<f64>().sqrt();
                let shown = layer.update.unwrap_or(0.0);
                assert!(
                    (shown - norm).abs() <= 1e-5 * norm,
                    "layer {idx}: {shown} {norm}"
                );
                assert_eq!(
                    layer.update_ratio().is_some(),
                    layer.reading.gradient.is_some()
                );
            }
        }
    }
}

#[test]
fn measuring_the_layers_tells_of_each_and_changes_nothing() {
    let job = job(Optimizer::ADAM);
    let (plain, ear) = run(&job, false);
    assert_eq!(ear.layers, []);
    let (watched, ear) = run(&job, true);
    assert_eq!(values(&plain), values(&watched));
    let steps: Vec<u64> = ear.layers.iter().map(|p| p.step).collect();
    assert_eq!(steps, [1, 4, 16]);
    for point in &ear.layers {
        let names: Vec<&str> = point.layers.iter().map(|l| l.name.as_str()).collect();
        assert!(names.len() >= 4, "{names:?}");
        for stat in &point.layers {
            if let Some(zeros) = stat.zeros {
                assert!((0.0..=1.0).contains(&zeros) && stat.name.starts_with("relu"));
                continue;
            }
            let ratio = stat.update_ratio.unwrap();
            assert!((1e-5..1.0).contains(&ratio), "{stat:?}");
            assert!(stat.gradient.unwrap() > 0.0 && stat.weights.unwrap() > 0.0);
            let n: u32 = stat.histogram.iter().sum();
            assert!(n > 0 && stat.range > 0.0);
        }
    }
    // The inspection finds the same in the same batch.
    let state = ear.checkpoints.iter().find(|s| s.step() == 3).unwrap();
    let seen = inspect(&job, state).unwrap();
    for stat in ear.layers[1].layers.iter().filter(|l| l.zeros.is_none()) {
        let expected = seen.layers[stat.layer].reading.gradient.unwrap();
        let found = stat.gradient.unwrap();
        assert!((found / expected - 1.0).abs() < 1e-4, "{found} {expected}");
        let ratio = seen.layers[stat.layer].update_ratio().unwrap();
        let found = stat.update_ratio.unwrap();
        assert!((found / ratio - 1.0).abs() < 0.05, "{found} {ratio}");
    }
    let text = serde_json::to_string(&ear.layers[0]).unwrap();
    assert_eq!(
        serde_json::from_str::<LayerPoint>(&text).unwrap(),
        ear.layers[0]
    );
}

#[test]
fn a_full_state_that_cannot_be_written_is_told_and_rescued() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    let job = job(Optimizer::ADAM);
    let mut recorder = Recorder::create(&path, "blocked", &job).unwrap();
    // A file where the folder should be: nobody can write there, not even root.
    std::fs::write(path.join("checkpoints"), b"in the way").unwrap();
    let outcome = train(&job, &Control::default(), &mut recorder).unwrap();
    let mut told = None;
    for _ in 0..500 {
        told = told.or_else(|| recorder.news());
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let told = told.unwrap();
    assert!(
        told.contains("checkpoints") && told.contains("instead"),
        "{told}"
    );
    let rescue = told.split("was written to ").nth(1).unwrap();
    let rescue = Path::new(rescue.split(" instead").next().unwrap());
    let state = RunFolder::open(rescue).unwrap().latest_checkpoint();
    assert_eq!(state.unwrap().step(), 24);
    let model = outcome.into_classifier(&job);
    let summary = Summary::new(&train(&job, &Control::default(), &mut Ear::default()).unwrap());
    let error = recorder.finish(&summary, &model).unwrap_err().to_string();
    assert!(
        error.contains("instead"),
        "a failed write is never called saved: {error}"
    );
    std::fs::remove_dir_all(rescue).unwrap();
}

#[test]
fn the_pictures_of_a_batch_are_its_filters_gradients_and_maps() {
    let job = job(Optimizer::Sgd {
        momentum: 0.0,
        nesterov: false,
        decoupled: false,
    });
    let (_, ear) = run(&job, false);
    let state = &ear.checkpoints[4];
    let seen = inspect(&job, state).unwrap();
    let config = job.config();
    let network = |state: &Checkpoint| {
        let device = candle_core::Device::Cpu;
        let network = Network::new(&config.model, config.init, config.seed, &device).unwrap();
        state.load_into(&network).unwrap();
        network
    };
    let filters = |network: &Network| -> Vec<f32> {
        let weight = network.params()[0].to_pytorch().unwrap();
        weight.flatten_all().unwrap().to_vec1().unwrap()
    };
    let (before, after) = (
        filters(&network(state)),
        filters(&network(&ear.checkpoints[5])),
    );
    let first = &seen.pictures[0];
    let n = first.filters.len();
    assert_eq!(first.filter_size, [3, 3]);
    assert!(n >= 9 && first.gradients.len() == n);
    assert_eq!(first.filters, before[..n]);
    // The update is minus the learning rate times the gradient.
    for idx in 0..n {
        let step = seen.learning_rate * f64::from(first.gradients[idx]);
        let moved = f64::from(before[idx] - after[idx]);
        assert!((step - moved).abs() < 1e-6, "{step} {moved}");
    }
    // Maps of the first image, as the layer before ReLU and after it has them.
    assert_eq!(seen.pictures.len(), config.model.layers.len());
    assert!(first.n_images() > 0 && first.n_images() <= seen.images.len());
    let (conv, relu) = (
        first.map(0, 0).unwrap(),
        seen.pictures[1].map(0, 0).unwrap(),
    );
    assert_eq!(conv.len(), first.map_shape[1] * first.map_shape[2]);
    let expected: Vec<f32> = conv.iter().map(|x| x.max(0.0)).collect();
    assert_eq!(relu, expected);
    assert_eq!(first.map(first.n_images(), 0), None);
}
