//! What each fuzz target does with its bytes: everything the program does with such a file.
//!
//! The targets in `fuzz_targets/` and the test `tests/it/corpus.rs` share this file, so it uses the
//! public interface only. Whatever the bytes are, nothing may panic, overflow, hang or take more
//! memory than a small multiple of the input; what is accepted must be consistent.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::OnceLock;

use candle_studio::data::sketches::{Sketch, SketchFolder};
use candle_studio::data::{
    DataError, Framing, ImportProgress, ImportRecipe, InputImage, Recipe, Source, idx,
    read_image_bytes,
};
use candle_studio::files::parse_toml;
use candle_studio::import::{NetworkHint, from_bytes};
use candle_studio::model::{Classifier, ModelSpec, read_layers, write_layers};
use candle_studio::predict::classify;
use candle_studio::runs::table::Query;
use candle_studio::runs::{Record, RunFolder, Tail};
use candle_studio::sweep::{Definition, SweepFolder};
use candle_studio::train::{Checkpoint, TrainConfig};
use zip::write::SimpleFileOptions;

/// What is done with the bytes of a file.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its folder in `corpus/`.
pub const TARGETS: [(&str, Target); 15] = [
    ("model", model),
    ("weights", import),
    ("state_dict", state_dict),
    ("onnx", import),
    ("keras", import),
    ("checkpoint", checkpoint),
    ("idx", idx),
    ("picture", picture),
    ("dataset", dataset),
    ("parquet", dataset),
    ("configuration", configuration),
    ("filter", filter),
    ("events", events),
    ("journal", journal),
    ("sketches", sketches),
];

/// Values and multiply-adds of a network that is also run: larger ones are allowed, but slow.
const MAX_VALUES: usize = 1 << 20;
const MAX_MULTIPLY_ADDS: u64 = 1 << 28;

/// A model file. What opens classifies a picture, and is saved and opened again.
pub fn model(bytes: &[u8]) {
    let Ok(model) = Classifier::from_bytes(bytes) else {
        return;
    };
    assert_eq!(model.classes.len(), model.network.spec().classes);
    let saved = model.to_bytes().unwrap();
    let again = Classifier::from_bytes(&saved).unwrap();
    assert_eq!(again.network.spec(), model.network.spec());
    if is_small(model.network.spec()) {
        let picture = read_image_bytes(PICTURE, "a picture").unwrap();
        // The error is an output that is not finite.
        let _ = classify(&model, &picture.into());
    }
}

/// A model of another program, whatever it is recognized as. What opens is a model like ours.
pub fn import(bytes: &[u8]) {
    match from_bytes(bytes, &NetworkHint::None) {
        Ok(opened) => model(&opened.classifier.to_bytes().unwrap()),
        Err(reason) => assert!(!reason.is_empty()),
    }
}

/// A pickle, in an archive as PyTorch writes it: checksums would hide it from the fuzzer.
pub fn state_dict(bytes: &[u8]) {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in [
        ("w/data.pkl", bytes),
        ("w/data/0", &[1; 2560]),
        ("w/data/1", &[2; 40]),
    ] {
        archive.start_file(name, stored).unwrap();
        archive.write_all(content).unwrap();
    }
    import(&archive.finish().unwrap().into_inner());
}

fn is_small(spec: &ModelSpec) -> bool {
    let report = spec.check().0;
    let mut values = report.layers.iter().map(|layer| layer.output.n_values());
    spec.input.iter().product::<usize>() < MAX_VALUES
        && values.all(|n| n < MAX_VALUES)
        && report.multiply_adds() < MAX_MULTIPLY_ADDS
}

/// A picture to classify.
const PICTURE: &[u8] = include_bytes!("corpus/picture/gray-8x8.png");

/// A checkpoint. What opens is saved and opened again.
pub fn checkpoint(bytes: &[u8]) {
    let Ok(checkpoint) = Checkpoint::from_bytes(bytes) else {
        return;
    };
    let _ = checkpoint.epochs(1);
    let saved = checkpoint.to_bytes().unwrap();
    Checkpoint::from_bytes(&saved).unwrap();
}

/// An IDX file, of images and of labels.
pub fn idx(bytes: &[u8]) {
    let is_described = |error: DataError| assert!(error.to_string().contains("the file"));
    match idx::images_from_bytes(bytes, "the file") {
        Ok(images) => {
            let [n, height, width] = [images.count, images.height, images.width];
            assert_eq!(images.pixels.len(), n * height * width);
        }
        Err(error) => is_described(error),
    }
    if let Err(error) = idx::labels_from_bytes(bytes, "the file") {
        is_described(error);
    }
}

/// A picture, made an input of networks of several sizes.
pub fn picture(bytes: &[u8]) {
    let Ok(picture) = read_image_bytes(bytes, "the file") else {
        return;
    };
    let image = InputImage::from(picture);
    for framing in [Framing::Center, Framing::Fit] {
        let recipe = Recipe::new(framing);
        for shape in [[1, 28, 28], [3, 8, 5], [1, 1, 1]] {
            if let Some(input) = recipe.input(&image, shape) {
                assert_eq!(input.len(), shape.iter().product::<usize>());
            }
            let _ = recipe.objects(&image, shape);
        }
    }
}

/// A file that may hold a dataset: an archive, a table, arrays, batches, Parquet.
pub fn dataset(bytes: &[u8]) {
    let path = folder("dataset", &[("file", bytes)]).join("file");
    let source = match Source::open(&path) {
        Ok(source) => source,
        Err(error) => return assert!(error.to_string().contains("file"), "{error}"),
    };
    let classes = source.classes.len();
    if let Ok(imported) = source.import(&ImportRecipe::default(), &ImportProgress::default()) {
        let data = imported.dataset;
        assert_eq!(data.classes.len(), classes);
        assert!(!data.train.is_empty() && !data.test.is_empty());
        let labels = data.train.labels().iter().chain(data.test.labels());
        assert!(labels.max() < Some(&(classes as u32)));
    }
}

/// A text as every hand-written file: a configuration, a sweep, the layers of the editor.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(config) = parse_toml::<TrainConfig>(text) {
        let _ = config.check([1, 28, 28], 10, 60_000);
        let _ = config.training_bytes();
        let _ = config.hints(60_000);
    }
    if let Ok(definition) = Definition::parse(text, "fuzz") {
        let _ = definition.problems();
    }
    if let Ok(read) = read_layers(text) {
        assert_eq!(read.layers.len(), read.lines.len());
        let again = read_layers(&write_layers(&read.layers)).unwrap();
        assert_eq!(again.layers.len(), read.layers.len());
    }
}

/// A filter of runs.
pub fn filter(bytes: &[u8]) {
    static RECORD: OnceLock<Record> = OnceLock::new();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Query::parse(text) {
        Ok(query) => {
            let record = RECORD.get_or_init(|| {
                let run = folder("filter", &[("run.toml", RUN), ("events.jsonl", EVENTS)]);
                Record::read(&run).unwrap()
            });
            let _ = query.check(|column| column.value(record));
            query.passes(record);
        }
        Err(error) => assert!(error.at <= text.chars().count()),
    }
}

/// The events of a run: what lists, curves and `--resume` read.
pub fn events(bytes: &[u8]) {
    let run = folder("events", &[("run.toml", RUN), ("events.jsonl", bytes)]);
    let tail = Tail::new(&run).read();
    let state = RunFolder::open(&run).unwrap().replay();
    assert_eq!(tail.is_ok(), state.is_ok());
    if let Ok(state) = state {
        let _ = (
            state.images_per_second(),
            state.secs_left(),
            state.progress(),
        );
        let _ = (
            state.diverged_at(),
            state.is_live(),
            state.curve_epochs().count(),
        );
    }
    let _ = Record::read(&run);
}

/// The journal of a sweep.
pub fn journal(bytes: &[u8]) {
    let files = [
        ("sweep.toml", SWEEP),
        ("base.toml", BASE),
        ("trials.jsonl", bytes),
    ];
    if let Ok((plan, state, _)) = SweepFolder::read(&folder("journal", &files)) {
        for trial in state.trials.values() {
            let _ = (trial.value(), trial.is_over(), trial.reason());
            let _ = plan.config(&trial.point, trial.repeat);
        }
    }
}

/// The labels of a workspace's sketches. What opens makes inputs; a further sketch is there afterward.
pub fn sketches(bytes: &[u8]) {
    let files = [
        ("sketches/metadata.jsonl", bytes),
        ("sketches/a.png", PICTURE),
        ("sketches/.canvas/a.png", PICTURE),
    ];
    let workspace = folder("sketches", &files);
    let sketches = SketchFolder::of(&workspace);
    let picture = read_image_bytes(PICTURE, "a picture").unwrap();
    let recipe = Recipe::new(Framing::Fit);
    let new = Sketch::new(&picture.into(), "new", recipe, [1, 8, 8]);
    let new = new.unwrap().unwrap();
    if let Ok(found) = sketches.read() {
        for sketch in &found.sketches {
            let _ = sketch.input(Recipe::new(Framing::Center), [1, 28, 28]);
            let _ = sketch.image().unwrap();
        }
        sketches.add(&new).unwrap();
        let after = sketches.read().unwrap().sketches;
        assert!(after.iter().any(|sketch| sketch.id == new.id));
        assert_eq!(after.len(), found.sketches.len() + 1);
        fs::remove_file(sketches.path().join(format!("{}.png", new.id))).unwrap();
    }
}

const RUN: &[u8] = include_bytes!("../tests/fixtures/runs/format-1/run.toml");
const EVENTS: &[u8] = include_bytes!("../tests/fixtures/runs/format-1/events.jsonl");
const SWEEP: &[u8] = include_bytes!("../tests/fixtures/runs/3e90706/workspace/rates/sweep.toml");
const BASE: &[u8] = include_bytes!("../tests/fixtures/runs/3e90706/workspace/rates/base.toml");

/// A folder of this process with these files.
fn folder(name: &str, files: &[(&str, &[u8])]) -> std::path::PathBuf {
    static ROOT: OnceLock<tempfile::TempDir> = OnceLock::new();
    let root = ROOT.get_or_init(|| tempfile::tempdir().unwrap());
    let dir: &Path = &root.path().join(name);
    fs::create_dir_all(dir).unwrap();
    for (file, bytes) in files {
        let path = dir.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir.to_owned()
}
