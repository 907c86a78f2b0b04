//! Sketches on the command line: every run is measured on those of its workspace.

use candle_studio::data::sketches::{Sketch, SketchFolder};
use candle_studio::data::{DecodedImage, Framing, Recipe};

use super::*;

/// Puts `n` sketches of class 1 into the workspace `ws` of `dir`.
fn add_sketches(dir: &Path, n: usize) {
    let side = tiny::SIDE;
    for idx in 0..n {
        let image = DecodedImage::from_pixels([1, side, side], &tiny::image(1, 900 + idx));
        let recipe = Recipe::new(Framing::Fit);
        let sketch = Sketch::new(&image.into(), "1", recipe, [1, side, side]);
        let folder = SketchFolder::of(&dir.join("ws"));
        folder.add(&sketch.unwrap().unwrap()).unwrap();
    }
}

fn train(dir: &Path, name: &str, more: &[&str]) -> Vec<Value> {
    let args = [
        "train",
        "--workspace",
        "ws",
        "--data",
        "data",
        "--preset",
        "mlp",
        "--epochs",
        "2",
        "--val",
        "40",
        "--json",
        "--save",
        "m.safetensors",
        "--name",
        name,
    ];
    json_lines(&run(dir, &[&args, more].concat()))
}

fn epochs(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|l| l["event"] == "epoch").collect()
}

#[test]
fn runs_are_measured_on_the_sketches_of_the_workspace() {
    let dir = folder();
    let plain = train(dir.path(), "plain", &[]);
    assert!(
        epochs(&plain)
            .iter()
            .all(|e| e.get("sketch_accuracy").is_none())
    );
    add_sketches(dir.path(), 5);
    let measured = train(dir.path(), "measured", &[]);
    let last = epochs(&measured)[1];
    assert_eq!(last["n_sketches"], 5);
    assert_eq!(last["val_loss"], epochs(&plain)[1]["val_loss"]);

    let told = run(
        dir.path(),
        &[
            "evaluate",
            "m.safetensors",
            "--workspace",
            "ws",
            "--data",
            "data",
            "--split",
            "sketches",
            "--json",
        ],
    );
    let told = &json_lines(&told)[0];
    assert_eq!(told["split"], "sketches");
    assert_eq!(told["n_images"], 5);
    assert_eq!(told["test_loss"], last["sketch_loss"]);
    assert_eq!(told["test_accuracy"], last["sketch_accuracy"]);

    // Tables have the columns only if a run has the numbers.
    let export = |runs: &[&str], file: &str| {
        let args = [
            &["runs", "--workspace", "ws", "export"][..],
            runs,
            &["--points", "--csv", file],
        ];
        lines(&run(dir.path(), &args.concat()));
        fs::read_to_string(dir.path().join(file)).unwrap()
    };
    let header = |text: &str| text.lines().next().unwrap().to_owned();
    let without = export(&["plain"], "a.csv");
    assert!(
        header(&without).ends_with("val_loss,val_accuracy"),
        "{without}"
    );
    let with = export(&["plain", "measured"], "b.csv");
    assert!(
        header(&with).ends_with("val_accuracy,sketch_loss,sketch_accuracy"),
        "{with}"
    );
    let cells: Vec<&str> = with.lines().last().unwrap().split(',').collect();
    let accuracy: f64 = cells[12].parse().unwrap();
    assert_eq!(Some(accuracy), last["sketch_accuracy"].as_f64());
    let compared = run(
        dir.path(),
        &[
            "runs",
            "--workspace",
            "ws",
            "list",
            "--columns",
            "name,sketch_accuracy.last",
        ],
    );
    assert!(compared.status.success(), "{}", text(&compared.stderr));
}

#[test]
fn without_sketches_there_is_no_such_split() {
    let dir = folder();
    train(dir.path(), "plain", &[]);
    let output = run(
        dir.path(),
        &[
            "evaluate",
            "m.safetensors",
            "--workspace",
            "ws",
            "--data",
            "data",
            "--split",
            "sketches",
        ],
    );
    check_failure(&output, 1, "no sketches of this dataset's classes");
}

#[test]
fn damaged_sketches_are_a_warning_and_no_run_fails() {
    let dir = folder();
    add_sketches(dir.path(), 2);
    let metadata = dir.path().join("ws/sketches/metadata.jsonl");
    let mut text_of = fs::read_to_string(&metadata).unwrap();
    text_of.insert_str(0, "{{{\n");
    fs::write(&metadata, text_of).unwrap();
    let output = run(
        dir.path(),
        &[
            "train",
            "--workspace",
            "ws",
            "--data",
            "data",
            "--preset",
            "softmax",
            "--epochs",
            "1",
            "--val",
            "40",
        ],
    );
    assert!(output.status.success());
    let errors = text(&output.stderr);
    assert!(errors.contains("warning: line 1 of "), "{errors}");
    assert!(
        text(&output.stdout).contains("of 2 sketches"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn their_folder_is_data_like_any_other() {
    let dir = folder();
    add_sketches(dir.path(), 3);
    let output = run(dir.path(), &["data", "info", "ws/sketches", "--json"]);
    let info: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    assert_eq!(
        info["train"].as_u64().unwrap() + info["test"].as_u64().unwrap(),
        3,
        "{info}"
    );
    let output = run(
        dir.path(),
        &["data", "export", "ws/sketches", "--to", "folder", "out"],
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(dir.path().join("out/train/1").is_dir());
}
