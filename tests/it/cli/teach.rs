//! Teaching new classes and active learning on the command line.

use super::*;
use crate::support::tiny;

fn studio(dir: &Path, args: &[&str]) -> Output {
    let output = run(dir, &[&["--workspace", "ws"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    output
}

/// Pictures of a class that the dataset `data` does not have: bars on both sides.
fn write_examples(dir: &Path, n: usize) {
    let folder = dir.join("examples/sides");
    std::fs::create_dir_all(&folder).unwrap();
    for idx in 0..n {
        let pixels = tiny::image(0, 300 + idx);
        let turned = |at: usize| {
            let (y, x) = (at / tiny::SIDE, at % tiny::SIDE);
            pixels[x * tiny::SIDE + y]
        };
        let all = (0..tiny::SIDE * tiny::SIDE).map(turned).collect();
        write_png(&folder.join(format!("{idx}.png")), all);
    }
}

#[test]
fn a_folder_of_examples_is_joined_with_the_old_classes_and_taught() {
    let dir = folder();
    let dir = dir.path();
    let old = [
        "train",
        "--data",
        "data",
        "--preset",
        "mlp",
        "--epochs",
        "6",
        "--val",
        "40",
        "--no-record",
        "--save",
        "old.safetensors",
    ];
    studio(dir, &old);
    write_examples(dir, 12);
    let import = [
        "data", "import", "examples", "--join", "data:8", "--name", "five", "--json",
    ];
    let imported = studio(dir, &import);
    let told: Value = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!(
        told["shape"],
        serde_json::json!([1, tiny::SIDE, tiny::SIDE])
    );
    assert_eq!(told["train"], 4 * 8 + 10);
    assert_eq!(told["test"], tiny::N_TEST + 2);
    assert_eq!(told["classes"][4]["name"], "sides");
    let note = "8 training images of each class of data are mixed in";
    assert!(
        text(&imported.stderr).contains(note),
        "{}",
        text(&imported.stderr)
    );

    let teach = [
        "train",
        "--data",
        "five",
        "--from",
        "old.safetensors",
        "--freeze",
        "body",
        "--balanced",
        "--val",
        "0",
        "--epochs",
        "40",
        "--batch-size",
        "16",
        "--save",
        "new.safetensors",
        "--json",
    ];
    let taught = json_lines(&studio(dir, &teach));
    let accuracy = taught.last().unwrap()["test_accuracy"].as_f64().unwrap();
    assert!(accuracy > 0.8, "{accuracy}");
    let predict = [
        "predict",
        "new.safetensors",
        "examples/sides/3.png",
        "--json",
    ];
    let answer = &json_lines(&studio(dir, &predict))[0];
    assert_eq!(answer["class"], "sides", "{answer}");
}

#[test]
fn joining_nothing_or_other_shapes_is_one_sentence() {
    let dir = folder();
    write_examples(dir.path(), 12);
    let import = |join: &str, more: &[&str]| {
        let args = [
            "--workspace",
            "ws",
            "data",
            "import",
            "examples",
            "--join",
            join,
        ];
        run(dir.path(), &[&args, more].concat())
    };
    check_failure(&import("data:0", &[]), 2, "at least one image per class");
    check_failure(&import("nowhere", &[]), 1, "nowhere");
    let other = import("data", &["--size", "20"]);
    check_failure(&other, 1, "1×12×12");
    assert!(!dir.path().join("ws/datasets").exists());
}

#[test]
fn labeling_is_simulated_repeatably() {
    let dir = folder();
    let args = [
        "data",
        "active",
        "data",
        "--preset",
        "mlp",
        "--query",
        "entropy,random",
        "--start",
        "4",
        "--per-round",
        "8",
        "--rounds",
        "2",
        "--csv",
    ];
    let first = studio(dir.path(), &args);
    let rows = lines(&first);
    assert_eq!(rows[0], "query,seed,labels,accuracy,loss");
    let labels: Vec<&str> = rows[1..]
        .iter()
        .map(|row| row.split(',').nth(2).unwrap())
        .collect();
    assert_eq!(labels, ["4", "12", "20", "4", "12", "20"]);
    let accuracy = |at: usize| -> f64 { rows[at].split(',').nth(3).unwrap().parse().unwrap() };
    // Both begin with the same labels, and more of them help.
    assert_eq!(accuracy(1), accuracy(4));
    assert!(accuracy(3) > accuracy(1) && accuracy(3) > 0.5, "{rows:?}");
    let threads = studio(dir.path(), &args);
    assert_eq!(text(&threads.stdout), text(&first.stdout));
    let told = json_lines(&studio(
        dir.path(),
        &[&args[..11], &["--rounds", "1", "--json"]].concat(),
    ));
    assert_eq!(
        (told.len(), &told[0]["event"]),
        (4, &Value::from("labeled"))
    );
    let wrong = run(
        dir.path(),
        &["data", "active", "data", "--query", "loudest"],
    );
    check_failure(&wrong, 2, "loudest");
}
