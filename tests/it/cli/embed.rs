//! `embed`: embeddings as a table, and TensorBoard's projector files.

use std::fs;
use std::path::Path;

use candle_studio::embed::{embed, layer_named};
use candle_studio::evaluate::{Predictions, SplitName};
use candle_studio::model::Classifier;

use super::{check_failure, folder, json_lines, lines, run, text};
use crate::support::tiny;

/// A folder with a model, `m.safetensors`.
fn with_model() -> tempfile::TempDir {
    let dir = folder();
    let args = [
        "train",
        "--data",
        "data",
        "--preset",
        "keras-cnn",
        "--epochs",
        "2",
        "--save",
        "m.safetensors",
        "--no-record",
    ];
    let output = run(dir.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    dir
}

fn embed_in(dir: &Path, more: &str) -> std::process::Output {
    let args = ["embed", "m.safetensors", "--data", "data"];
    let more: Vec<&str> = more.split_whitespace().collect();
    run(dir, &[&args[..], &more].concat())
}

/// The cells of a tab-separated file.
fn cells(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    let row = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().map(row).collect()
}

fn values(cells: &[String]) -> Vec<f32> {
    cells.iter().map(|cell| cell.parse().unwrap()).collect()
}

#[test]
fn a_table_holds_a_header_and_a_row_per_image() {
    let dir = with_model();
    let model = Classifier::load(&dir.path().join("m.safetensors")).unwrap();
    // As it is read from the folder.
    let mut dataset = tiny::dataset();
    dataset.classes = model.classes.clone();
    for (split, layer) in [
        ("test", None),
        ("validation", None),
        ("train", Some("conv1")),
    ] {
        let flag = layer.map_or(String::new(), |layer| format!("--layer {layer}"));
        let line = json_lines(&embed_in(
            dir.path(),
            &format!("--split {split} {flag} --out e.tsv --json"),
        ));
        let name = SplitName::ALL
            .into_iter()
            .find(|s| s.name() == split)
            .unwrap();
        let (set, indices) = name.images(&dataset, &model).unwrap();
        let layer = layer_named(model.network.spec(), layer).unwrap();
        let expected = embed(&model.network, &layer, &set, &indices, &false.into()).unwrap();
        let predictions = Predictions::new(&model, &set, &indices).unwrap();
        assert_eq!(line[0]["layer"], layer.name.as_str());
        assert_eq!(line[0]["n_images"], indices.len());
        assert_eq!(line[0]["n_values"], expected.n_dims());

        let table = cells(&dir.path().join("e.tsv"));
        let numbers = (0..expected.n_dims()).map(|i| i.to_string());
        let header = ["index", "label", "answer"].map(str::to_owned).into_iter();
        assert_eq!(table[0], header.chain(numbers).collect::<Vec<_>>());
        assert_eq!(table.len(), indices.len() + 1);
        for (at, row) in table[1..].iter().enumerate() {
            let class = |class: u32| model.classes[class as usize].clone();
            let about = [
                indices[at].to_string(),
                class(predictions.labels()[at]),
                class(predictions.answers()[at].unwrap()),
            ];
            assert_eq!(row[..3], about);
            assert_eq!(values(&row[3..]), expected.row(at));
        }
    }
}

#[test]
fn the_default_layer_and_the_files_are_told_and_threads_change_no_bit() {
    let dir = with_model();
    let said = lines(&embed_in(dir.path(), "--out a.tsv --threads 1")).join("\n");
    for words in ["61 test images", "of relu2 each", "wrote a.tsv"] {
        assert!(said.contains(words), "{said}");
    }
    lines(&embed_in(dir.path(), "--out b.tsv --threads 3"));
    let bytes = |name: &str| fs::read(dir.path().join(name)).unwrap();
    assert_eq!(bytes("a.tsv"), bytes("b.tsv"));
}

#[test]
fn the_projector_finds_tensors_metadata_and_sprite() {
    let dir = with_model();
    let said = lines(&embed_in(dir.path(), "--projector tb --out e.tsv")).join("\n");
    assert!(said.contains("wrote e.tsv and tb"), "{said}");
    let at = |name: &str| dir.path().join("tb").join(name);
    let config = fs::read_to_string(at("projector_config.pbtxt")).unwrap();
    assert_eq!(
        config,
        "embeddings {\n  tensor_name: \"relu2\"\n  tensor_path: \"tensors.tsv\"\n  \
         metadata_path: \"metadata.tsv\"\n  sprite {\n    image_path: \"sprite.png\"\n    \
         single_image_dim: 12\n    single_image_dim: 12\n  }\n}\n"
    );
    let table = cells(&dir.path().join("e.tsv"));
    let (tensors, metadata) = (cells(&at("tensors.tsv")), cells(&at("metadata.tsv")));
    assert_eq!(metadata[0], ["index", "label", "answer", "correct", "loss"]);
    assert_eq!(
        (tensors.len(), metadata.len()),
        (tiny::N_TEST, tiny::N_TEST + 1)
    );
    for (at, row) in table[1..].iter().enumerate() {
        assert_eq!(tensors[at], row[3..]);
        let about = &metadata[at + 1];
        assert_eq!(about[..3], row[..3]);
        assert_eq!(about[3] == "yes", about[1] == about[2]);
        assert!(about[4].parse::<f64>().unwrap() >= 0.0);
    }
    let sprite = image::open(at("sprite.png")).unwrap().to_rgb8();
    assert_eq!(sprite.dimensions(), (8 * 12, 8 * 12));
    let dataset = tiny::dataset();
    for (at, pixel) in [(0, 30), (9, 77), (60, 143)] {
        let [x, y] = [at % 8 * 12 + pixel % 12, at / 8 * 12 + pixel / 12];
        let value = dataset.test.image(at)[pixel];
        assert_eq!(sprite.get_pixel(x as u32, y as u32).0, [value; 3]);
    }
}

#[test]
fn wrong_usage_is_told_before_anything_is_written() {
    let dir = with_model();
    let names = "no layer matches `conv9`; the layers are conv1, relu1, ";
    check_failure(&embed_in(dir.path(), "--layer conv9 --out e.tsv"), 2, names);
    let several = "found `relu*`, which matches relu1, relu2";
    check_failure(
        &embed_in(dir.path(), "--layer relu* --out e.tsv"),
        2,
        several,
    );
    check_failure(&embed_in(dir.path(), ""), 2, "--out <FILE>");
    check_failure(&embed_in(dir.path(), "--out missing/e.tsv"), 1, "missing");
    check_failure(
        &embed_in(dir.path(), "--projector a/b"),
        1,
        "the folder a/b",
    );
    assert!(!dir.path().join("e.tsv").exists());
    let mnist = run(dir.path(), &["embed", "m.safetensors", "--out", "e.tsv"]);
    check_failure(&mnist, 1, "expects images of [1, 12, 12]");
}
