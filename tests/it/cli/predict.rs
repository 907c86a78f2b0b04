//! `predict`: the answers of `evaluate`, for files, folders and standard input.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use candle_studio::data::Dataset;
use image::GrayImage;
use serde_json::Value;

use super::{check_failure, command, json_lines, lines, run, text};
use crate::data::recipe::fixture;

/// A network for 8×8 digits, and the folder with its test images as PNG, named by their class.
fn digits8(dir: &Path) -> Dataset {
    let folder = fixture("digits8");
    let data = Dataset::open_folder(&folder).unwrap();
    let [_, height, width] = data.image_shape();
    for i in 0..data.test.len() {
        let class = dir.join("images").join(data.test.labels()[i].to_string());
        fs::create_dir_all(&class).unwrap();
        let pixels = data.test.image(i).to_vec();
        let image = GrayImage::from_raw(width as u32, height as u32, pixels).unwrap();
        image.save(class.join(format!("{i}.png"))).unwrap();
    }
    lines(&run(
        dir,
        &[
            "train",
            "--data",
            folder.to_str().unwrap(),
            "--preset",
            "mlp",
            "--epochs",
            "8",
            "--val",
            "0",
            "--no-record",
            "--save",
            "m.safetensors",
        ],
    ));
    data
}

#[test]
fn a_folder_of_test_images_gets_the_answers_of_evaluate() {
    let dir = tempfile::tempdir().unwrap();
    let data = digits8(dir.path());
    let folder = fixture("digits8");
    let report = json_lines(&run(
        dir.path(),
        &[
            "evaluate",
            "m.safetensors",
            "--data",
            folder.to_str().unwrap(),
            "--json",
        ],
    ));
    let predicted = json_lines(&run(
        dir.path(),
        &["predict", "m.safetensors", "images", "--json"],
    ));
    assert_eq!(predicted.len(), data.test.len());
    let is_right = |line: &&Value| {
        let image = Path::new(line["image"].as_str().unwrap());
        let class = image.parent().unwrap().file_name().unwrap();
        assert_eq!(
            line["class_index"],
            line["class"].as_str().unwrap().parse::<u64>().unwrap()
        );
        line["class"] == class.to_str().unwrap()
    };
    let n_right = predicted.iter().filter(is_right).count();
    let accuracy = n_right as f64 / data.test.len() as f64;
    assert!(accuracy > 0.8, "{accuracy}");
    assert_eq!(report[0]["test_accuracy"].as_f64().unwrap(), accuracy);

    let table = lines(&run(
        dir.path(),
        &["predict", "m.safetensors", "images", "--csv"],
    ));
    assert_eq!(table.len(), data.test.len() + 1);
    assert_eq!(
        table[0],
        "image,object,class,class_index,0,1,2,3,4,5,6,7,8,9"
    );
    let first = &predicted[0];
    let cells: Vec<&str> = table[1].split(',').collect();
    assert_eq!(cells[0], first["image"].as_str().unwrap());
    assert_eq!([cells[1], cells[2]], ["", first["class"].as_str().unwrap()]);
    assert_eq!(
        cells[4].parse::<f64>().unwrap() as f32,
        first["probabilities"][0].as_f64().unwrap() as f32
    );

    // Framed in another way, the same files are other inputs.
    let centered = json_lines(&run(
        dir.path(),
        &[
            "predict",
            "m.safetensors",
            "images",
            "--json",
            "--framing",
            "center",
        ],
    ));
    let n_right = centered.iter().filter(is_right).count();
    assert!((n_right as f64 / data.test.len() as f64) < accuracy - 0.2);
}

#[test]
fn an_image_can_come_from_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    digits8(dir.path());
    let image = dir
        .path()
        .join("images/3")
        .read_dir()
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let predict = |name: &str, bytes: &[u8]| {
        let mut child = command(dir.path())
            .args(["predict", "m.safetensors", name, "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        child.wait_with_output().unwrap()
    };
    let piped = &json_lines(&predict("-", &fs::read(&image).unwrap()))[0];
    let named = &json_lines(&predict(image.to_str().unwrap(), b""))[0];
    assert_eq!(piped["image"], "-");
    assert_eq!(piped["probabilities"], named["probabilities"]);
    check_failure(&predict("-", b"not a picture"), 1, "standard input");
}

#[test]
fn several_objects_are_said_and_can_be_classified_each() {
    let dir = tempfile::tempdir().unwrap();
    lines(&run(
        dir.path(),
        &[
            "train",
            "--preset",
            "softmax",
            "--epochs",
            "1",
            "--no-record",
            "--save",
            "m.safetensors",
        ],
    ));
    let picture = fixture("pictures/two-digits_10.png");
    let picture = picture.to_str().unwrap();
    let together = run(dir.path(), &["predict", "m.safetensors", picture, "--json"]);
    assert_eq!(together.status.code(), Some(0));
    assert_eq!(text(&together.stdout).lines().count(), 1);
    let warning = text(&together.stderr);
    assert!(
        warning.starts_with("warning: ") && warning.contains("shows 2 separate objects"),
        "{warning}"
    );
    assert!(warning.contains("--each"), "{warning}");

    let each = json_lines(&run(
        dir.path(),
        &["predict", "m.safetensors", picture, "--json", "--each"],
    ));
    let classes: Vec<&str> = each
        .iter()
        .map(|line| line["class"].as_str().unwrap())
        .collect();
    assert_eq!(classes, ["1", "0"]);
    let left = |line: &Value| line["object"][0].as_u64().unwrap();
    assert!(left(&each[0]) < left(&each[1]));
    // 16-bit files whose values are 8-bit are not blank.
    let seven = fixture("pictures/16bit-of-8bit_7.png");
    let seven = json_lines(&run(
        dir.path(),
        &[
            "predict",
            "m.safetensors",
            seven.to_str().unwrap(),
            "--json",
        ],
    ));
    assert_eq!(seven[0]["class"], "7");
}

#[test]
fn a_folder_without_images_is_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    digits8(dir.path());
    fs::create_dir(dir.path().join("empty")).unwrap();
    let output = run(dir.path(), &["predict", "m.safetensors", "empty"]);
    check_failure(&output, 1, "expected images, found none: empty");
}
