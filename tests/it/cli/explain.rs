//! `explain`: maps as pictures and as arrays.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use candle_studio::data::unit_values;
use candle_studio::explain::{Attribution, Method, Target, attribute};
use candle_studio::model::Classifier;
use serde_json::Value;

use super::{check_failure, folder, json_lines, lines, run, text, write_png};
use crate::support::tiny::{self, SIDE};

/// A folder with a model of a preset, `m.safetensors`, and an image of class 2, `a.png`.
fn with_model(preset: &str) -> tempfile::TempDir {
    let dir = folder();
    let args = ["--preset", preset, "--save", "m.safetensors", "--no-record"];
    let arguments = ["train", "--data", "data", "--epochs", "2"];
    let output = run(dir.path(), &[&arguments[..], &args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    write_png(&dir.path().join("a.png"), tiny::image(2, 999));
    dir
}

/// Explains `a.png` with more arguments.
fn explain(dir: &Path, more: &str) -> std::process::Output {
    let more: Vec<&str> = more.split_whitespace().collect();
    run(
        dir,
        &[&["explain", "m.safetensors", "a.png"], &more[..]].concat(),
    )
}

fn json(dir: &Path, more: &str) -> Value {
    let mut lines = json_lines(&explain(dir, &format!("{more} --json")));
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

/// What the library says about the image.
fn expected(dir: &Path, method: &Method, target: Target) -> Attribution {
    let model = Classifier::load(&dir.join("m.safetensors")).unwrap();
    let input: Vec<f32> = unit_values(&tiny::image(2, 999)).collect();
    let never = AtomicBool::new(false);
    attribute(&model.network, &input, method, target, &never).unwrap()
}

/// The shape and the values of an array of NumPy.
fn read_npy(path: &Path) -> ([usize; 3], Vec<f32>) {
    let bytes = fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!(end % 64, 0);
    let header = std::str::from_utf8(&bytes[10..end]).unwrap();
    assert!(header.contains("'descr': '<f4'"), "{header}");
    assert!(header.contains("'fortran_order': False"), "{header}");
    let shape = header.split(['(', ')']).nth(1).unwrap();
    let shape: Vec<usize> = shape.split(", ").map(|n| n.parse().unwrap()).collect();
    let (values, rest) = bytes[end..].as_chunks::<4>();
    assert!(rest.is_empty());
    let values = values.iter().map(|v| f32::from_le_bytes(*v)).collect();
    (shape.try_into().unwrap(), values)
}

#[test]
fn every_method_writes_its_map_and_says_what_it_is_of() {
    let dir = with_model("keras-cnn");
    let target = Target {
        class: Some(1),
        against: Some(3),
    };
    for method in Method::all() {
        let name = method.name();
        let args = format!("--method {name} --target 1 --against 3 --out map.npy");
        let line = json(dir.path(), &args);
        let found = expected(dir.path(), &method, target);
        let map = (found.shape, found.map);
        assert_eq!(read_npy(&dir.path().join("map.npy")), map, "{name}");
        assert_eq!([&line["method"], &line["target"]], [name, "1"]);
        assert_eq!([&line["against"], &line["out"]], ["3", "map.npy"]);
        assert_eq!([&line["target_index"], &line["against_index"]], [1, 3]);
        assert_eq!(line["value"].as_f64().unwrap() as f32, found.value);
        let is_integrated = name == "integrated-gradients";
        for key in ["completeness", "convergence_delta"] {
            assert_eq!(line[key].is_f64(), is_integrated, "{name}: {line}");
        }
        let is_cam = name == "grad-cam";
        assert_eq!(line["layer"] == "conv1", is_cam, "{line}");
    }
}

#[test]
fn the_answer_is_explained_by_integrated_gradients_if_nothing_else_is_said() {
    let dir = with_model("mlp");
    let predicted = json_lines(&run(
        dir.path(),
        &["predict", "m.safetensors", "a.png", "--json"],
    ));
    let line = json(dir.path(), "--out map.npy");
    assert_eq!(line["target"], predicted[0]["class"]);
    assert_eq!(line["method"], "integrated-gradients");
    assert_eq!(line["against"], Value::Null);
    let completeness = line["completeness"].as_f64().unwrap();
    assert!((completeness - 1.0).abs() < 0.01, "{completeness}");

    let shown = lines(&explain(dir.path(), "--against 0 --out map.png")).join("\n");
    let words = [
        "a.png: Integrated gradients for ",
        "against 0, difference of the logits ",
        " % of the difference from a black image; wrote map.png",
    ];
    for words in words {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn a_picture_shows_the_map_over_the_input() {
    let dir = with_model("mlp");
    json(
        dir.path(),
        "--method input-x-gradient --target 2 --out map.png",
    );
    let method = Method::InputXGradient;
    let target = Target {
        class: Some(2),
        against: None,
    };
    let map = expected(dir.path(), &method, target).map;
    let picture = image::open(dir.path().join("map.png")).unwrap().to_rgb8();
    let side = 8 * SIDE as u32;
    assert_eq!(picture.dimensions(), (side, side));
    let at = |idx: usize| {
        let (x, y) = ((idx % SIDE) as u32, (idx / SIDE) as u32);
        let corners = [(0, 0), (7, 7)].map(|(dx, dy)| *picture.get_pixel(8 * x + dx, 8 * y + dy));
        assert_eq!(corners[0], corners[1]);
        corners[0].0
    };
    let by_value = |a: &usize, b: &usize| map[*a].total_cmp(&map[*b]);
    let [r, _, b] = at((0..map.len()).max_by(by_value).unwrap());
    assert!(r > b, "what speaks for a class is orange");
    let [r, _, b] = at((0..map.len()).min_by(by_value).unwrap());
    assert!(b > r, "what speaks against it is blue");
}

#[test]
fn layers_and_random_weights_are_chosen() {
    let dir = with_model("resnet-small");
    let map = |more: &str| {
        let args = format!("--method grad-cam --target 2 --out map.npy {more}");
        let line = json(dir.path(), &args);
        (line, read_npy(&dir.path().join("map.npy")).1)
    };
    let (line, last) = map("");
    assert_eq!(line["layer"], "residual3.conv2");
    let (line, first) = map("--layer conv1");
    assert_eq!(line["layer"], "conv1");
    assert_ne!(first, last);
    assert!(last.iter().all(|v| *v >= 0.0));
    let (_, signed) = map("--no-relu");
    assert!(signed.iter().any(|v| *v < 0.0) || signed == last);

    let (_, random) = map("--layer conv1 --random-weights");
    assert_ne!(random, first);
    assert_eq!(map("--layer conv1 --random-weights 0").1, random);
    assert_ne!(map("--layer conv1 --random-weights 1").1, random);
}

#[test]
fn the_map_lies_on_the_input_after_its_recipe() {
    let dir = with_model("mlp");
    // Twice as large: the recipe makes the same input of it.
    let pixels = tiny::image(2, 999);
    let side = 2 * SIDE as u32;
    let large = image::GrayImage::from_fn(side, side, |x, y| {
        image::Luma([pixels[y as usize / 2 * SIDE + x as usize / 2]])
    });
    large.save(dir.path().join("large.png")).unwrap();
    let args =
        "explain m.safetensors large.png --method saliency --target 2 --out large.npy --json";
    let args: Vec<&str> = args.split(' ').collect();
    json_lines(&run(dir.path(), &args));
    json(dir.path(), "--method saliency --target 2 --out small.npy");
    let [large, small] = ["large.npy", "small.npy"].map(|name| read_npy(&dir.path().join(name)));
    assert_eq!(large, small);
}

#[test]
fn what_is_unknown_is_told_with_what_is_expected() {
    let dir = with_model("keras-cnn");
    for (args, code, words) in [
        (
            "--target 9 --out a.npy",
            2,
            "expected one of the classes 0, 1, 2, 3, found `9`",
        ),
        ("--target 1 --against cat --out a.npy", 2, "found `cat`"),
        (
            "--target 1 --against 1 --out a.npy",
            2,
            "class 1 against itself",
        ),
        ("--method lime --out a.npy", 2, "input-x-gradient"),
        (
            "--method grad-cam --layer relu1 --out a.npy",
            2,
            "(conv1), found `relu1`",
        ),
        (
            "--layer conv1 --out a.npy",
            2,
            "--layer is for --method grad-cam",
        ),
        (
            "--no-relu --out a.npy",
            2,
            "--no-relu is for --method grad-cam",
        ),
        ("--out a.jpg", 2, "ending in .png or .npy, found a.jpg"),
        ("--target 1", 2, "--out"),
        ("--out nowhere/a.npy", 1, "nowhere"),
    ] {
        let output = explain(dir.path(), args);
        check_failure(&output, code, words);
        assert_eq!(text(&output.stdout), "", "{args}");
    }
    assert!(!dir.path().join("a.npy").exists());

    let plain = with_model("mlp");
    let output = explain(plain.path(), "--method grad-cam --out a.npy");
    check_failure(&output, 2, "needs a convolution, and this network has none");
}
