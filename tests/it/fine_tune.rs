//! Fine-tuning: frozen layers, learning rates per layer, and a trained model as the beginning.

use std::path::Path;
use std::sync::Arc;

use candle_studio::data::{Augment, Dataset};
use candle_studio::kernels;
use candle_studio::model::{Classifier, Network, PRESETS, Param, Preset, preset};
use candle_studio::train::{
    Checkpoint, Control, Event, Job, Observer, Optimizer, TrainConfig, resume, train,
};

use crate::support::tiny;

#[derive(Default)]
struct Ear(Vec<Checkpoint>);

impl Observer for Ear {
    fn event(&mut self, _: &Event) {}

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        self.0.push(checkpoint);
    }
}

fn config(name: &str, data: &Dataset, freeze: &[&str]) -> TrainConfig {
    let preset = preset(name).unwrap();
    let mut config = TrainConfig::new(preset, data.image_shape(), tiny::CLASSES, data.train.len());
    config.epochs = 2;
    config.batch_size = 16;
    config.n_validation = 13;
    config.augment = Augment::default();
    config.ema_decay = 0.9;
    config.freeze = freeze.iter().map(|&layer| layer.to_owned()).collect();
    config
}

fn trained(config: &TrainConfig, data: &Arc<Dataset>) -> (Network, Vec<Checkpoint>) {
    let job = Job::new(config.clone(), data.clone())
        .unwrap()
        .with_checkpoints(3);
    let mut ear = Ear::default();
    let outcome = train(&job, &Control::default(), &mut ear).unwrap();
    (outcome.network, ear.0)
}

fn bits(param: &Param) -> Vec<u32> {
    let values = param.var.as_detached_tensor().flatten_all().unwrap();
    let values: Vec<f32> = values.to_vec1().unwrap();
    values.into_iter().map(f32::to_bits).collect()
}

fn all_bits(network: &Network) -> Vec<Vec<u32>> {
    network.params().iter().map(bits).collect()
}

#[test]
fn frozen_weights_keep_their_bits_and_all_others_change() {
    let data = Arc::new(tiny::dataset());
    let fits = |preset: &&Preset| {
        let spec = preset.spec(data.image_shape(), tiny::CLASSES);
        preset.name != "softmax" && spec.report().is_ok()
    };
    for preset in PRESETS.iter().filter(fits) {
        let config = config(preset.name, &data, &["body"]);
        let before = config.network().unwrap();
        let (after, _) = trained(&config, &data);
        assert!(
            before.params().iter().any(|p| p.is_frozen),
            "{}",
            preset.name
        );
        for (before, after) in before.params().iter().zip(after.params()) {
            let is_same = bits(before) == bits(after);
            // Batch norm's statistics and count are among the frozen ones.
            assert_eq!(
                is_same, before.is_frozen,
                "{}: {}",
                preset.name, before.name
            );
        }
    }
}

/// A frozen layer behind one that changes passes the gradient on.
#[test]
fn a_frozen_layer_in_the_middle_passes_gradients_through() {
    let data = Arc::new(tiny::dataset());
    for (name, frozen) in [
        ("lenet-5", "conv2"),
        ("resnet-small", "residual1"),
        ("vit-tiny", "transformer*"),
    ] {
        let config = config(name, &data, &[frozen]);
        let before = config.network().unwrap();
        assert_eq!(before.n_features(), None, "{name}: the first layer changes");
        let (after, _) = trained(&config, &data);
        for (before, after) in before.params().iter().zip(after.params()) {
            // Batch norm takes off the bias of a convolution, which gets no gradient.
            let ends = ["0.bias", "3.bias"];
            let is_taken_off =
                name == "resnet-small" && ends.iter().any(|end| before.name.ends_with(end));
            let is_same = bits(before) == bits(after);
            let expected = before.is_frozen || is_taken_off;
            assert_eq!(is_same, expected, "{name}: {}", before.name);
        }
    }
}

/// The frozen layers run once per image instead of once per batch: nothing else differs.
#[test]
fn features_that_are_kept_train_the_same_network() {
    let data = Arc::new(tiny::dataset());
    let mut kept = config("keras-cnn", &data, &["conv*"]);
    kept.optimizer = Optimizer::SGD;
    kept.learning_rate = 0.05;
    assert!(kept.network().unwrap().n_features().is_some());
    let mut each = kept.clone();
    // Changes no pixel, but the images are not the same each time as far as one can tell.
    each.augment.shift = 1e-9;
    assert!(!each.augment.is_off());
    let [(kept, _), (each, _)] = [&kept, &each].map(|config| trained(config, &data));
    for (kept, each) in kept.params().iter().zip(each.params()) {
        let values = |p: &Param| -> Vec<f32> {
            p.var
                .as_detached_tensor()
                .flatten_all()
                .unwrap()
                .to_vec1()
                .unwrap()
        };
        for (a, b) in values(kept).into_iter().zip(values(each)) {
            assert!((a - b).abs() < 1e-3, "{}: {a} {b}", kept.name);
        }
    }
}

#[test]
fn a_fine_tuned_run_repeats_itself_and_resumes_bit_for_bit() {
    let data = Arc::new(tiny::dataset());
    let mut config = config("keras-cnn", &data, &["conv1"]);
    config.lr_scale = [("dense*".to_owned(), 0.1)].into();
    let (network, checkpoints) = trained(&config, &data);
    let expected = all_bits(&network);
    for threads in [1, 3] {
        let (config, data) = (config.clone(), data.clone());
        let found = std::thread::Builder::new().spawn(move || {
            kernels::use_own_threads(threads);
            all_bits(&trained(&config, &data).0)
        });
        assert!(
            found.unwrap().join().unwrap() == expected,
            "{threads} threads"
        );
    }
    let job = Job::new(config, data).unwrap();
    for checkpoint in checkpoints {
        let step = checkpoint.step();
        let outcome = resume(&job, checkpoint, &Control::default(), &mut Ear::default());
        assert!(
            all_bits(&outcome.unwrap().network) == expected,
            "from {step}"
        );
    }
}

/// One step of plain SGD moves a weight by the learning rate times its gradient.
#[test]
fn a_factor_of_the_learning_rate_scales_the_step() {
    let data = Arc::new(tiny::dataset());
    let mut plain = config("mlp", &data, &[]);
    plain.optimizer = Optimizer::Sgd {
        momentum: 0.0,
        nesterov: false,
        decoupled: false,
    };
    plain.ema_decay = 0.0;
    plain.epochs = 1;
    plain.batch_size = data.train.len() - plain.n_validation;
    let mut scaled = plain.clone();
    scaled.lr_scale = [("body".to_owned(), 0.25)].into();
    let start = plain.network().unwrap();
    let [(plain, _), (scaled, _)] = [&plain, &scaled].map(|config| trained(config, &data));
    let values = |p: &Param| -> Vec<f32> {
        p.var
            .as_detached_tensor()
            .flatten_all()
            .unwrap()
            .to_vec1()
            .unwrap()
    };
    let last = start.spec().head().unwrap().to_string() + ".";
    for ((start, plain), scaled) in start
        .params()
        .iter()
        .zip(plain.params())
        .zip(scaled.params())
    {
        let factor = if start.name.starts_with(&last) {
            1.0
        } else {
            0.25
        };
        let (plain, scaled, start) = (values(plain), values(scaled), values(start));
        let mut moved = 0.0_f32;
        for ((plain, scaled), start) in plain.into_iter().zip(scaled).zip(start) {
            moved = moved.max((plain - start).abs());
            let expected = factor * (plain - start);
            assert!((scaled - start - expected).abs() < 1e-6);
        }
        assert!(moved > 1e-5);
    }
}

/// A model trained on three of the classes, in a file.
fn model_of_three(dir: &Path) -> (Classifier, std::path::PathBuf) {
    let mut data = tiny::dataset();
    for set in [&mut data.train, &mut data.test] {
        let keep: Vec<usize> = (0..set.len()).filter(|&i| set.labels()[i] > 0).collect();
        let pixels = keep.iter().flat_map(|&i| set.image(i)).copied().collect();
        let labels = keep.iter().map(|&i| set.labels()[i] - 1).collect();
        *set = candle_studio::data::ImageSet::new(set.shape(), pixels, labels).unwrap();
    }
    data.classes.remove(0);
    let preset = preset("mlp").unwrap();
    let mut config = TrainConfig::new(preset, data.image_shape(), 3, data.train.len());
    config.epochs = 3;
    config.n_validation = 13;
    let data = Arc::new(data);
    let (network, _) = trained(&config, &data);
    let path = dir.join("three.safetensors");
    config
        .classifier(network, &data, 3.0, None)
        .save(&path)
        .unwrap();
    (Classifier::load(&path).unwrap(), path)
}

#[test]
fn other_classes_get_a_head_that_keeps_the_rows_of_known_ones() {
    let dir = tempfile::tempdir().unwrap();
    let (source, path) = model_of_three(dir.path());
    let data = Arc::new(tiny::dataset());
    let mut config = TrainConfig::fine_tuning(&source, &path, &data).unwrap();
    assert_eq!(config.model.classes, 4);
    config.n_validation = 13;
    config.epochs = 1;
    // So small that nothing moves far: what the run began with is left.
    config.learning_rate = 1e-9;
    let (network, _) = trained(&config, &data);
    let values = |p: &Param| {
        p.to_pytorch()
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap()
    };
    let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    let last = network.spec().head().unwrap().to_string() + ".";
    for (found, old) in network.params().iter().zip(source.network.params()) {
        let (name, found, old) = (&found.name, values(found), values(old));
        let is_kept = match name.starts_with(&last) {
            // The first class is new.
            true => close(&found[found.len() / 4..], &old),
            false => close(&found, &old),
        };
        assert!(is_kept, "{name}");
    }

    // Another file under the same name is not taken for it.
    let other = trained(&self::config("mlp", &data, &[]), &data).0;
    config
        .classifier(other, &data, 1.0, None)
        .save(&path)
        .unwrap();
    let job = Job::new(config, data).unwrap();
    let error = train(&job, &Control::default(), &mut Ear::default()).unwrap_err();
    assert!(error.to_string().contains("has changed since"), "{error}");
}

#[test]
fn names_of_no_layer_and_a_network_that_learns_nothing_are_refused() {
    let data = Arc::new(tiny::dataset());
    let refused = |freeze: &[&str], lr_scale: &[(&str, f64)]| {
        let mut config = config("mlp", &data, freeze);
        config.lr_scale = lr_scale
            .iter()
            .map(|(name, x)| ((*name).to_owned(), *x))
            .collect();
        let errors = Job::new(config, data.clone()).unwrap_err();
        errors[0].to_string()
    };
    assert!(refused(&["conv1"], &[]).contains("no layer matches `conv1`; the layers are"));
    assert!(refused(&["*"], &[]).contains("nothing would be learned"));
    assert!(refused(&[], &[("dense9", 0.1)]).contains("`dense9`"));
    assert!(refused(&[], &[("body", 0.0)]).contains("must be above 0"));
}
