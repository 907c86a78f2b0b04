//! `data`, and datasets of all kinds with the other commands.

use std::fs;
use std::path::Path;

use candle_studio::data::{BuiltIn, DataFormat};
use image::{Rgb, RgbImage};
use serde_json::Value;

use super::{check_failure, json_lines, lines, run, text};

/// Photographs of two classes in several sizes: a dark bar across or down a bright, noisy ground.
fn photographs(dir: &Path, n: usize) {
    for i in 0..n {
        let is_down = i % 2 == 0;
        let (width, height) = (30 + (i % 5) as u32 * 4, 36);
        let picture = RgbImage::from_fn(width, height, |x, y| {
            let along = if is_down { x * 36 / width } else { y };
            let noise = ((x * 31 + y * 17 + i as u32 * 101) % 40) as u8;
            let value = if (14..22).contains(&along) { 20 } else { 200 };
            Rgb([value + noise, value + noise / 2, value])
        });
        let folder = dir.join(if is_down { "down" } else { "across" });
        fs::create_dir_all(&folder).unwrap();
        picture.save(folder.join(format!("{i:03}.png"))).unwrap();
    }
}

/// `candle-studio` with the workspace `runs`.
fn studio(dir: &Path, args: &[&str]) -> std::process::Output {
    run(dir, &[&["--workspace", "runs"], args].concat())
}

fn json(dir: &Path, args: &[&str]) -> Value {
    let output = studio(dir, &[args, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_str(text(&output.stdout).lines().last().unwrap()).unwrap()
}

const TRAIN: [&str; 6] = ["train", "--preset", "mlp", "--epochs", "3", "--val"];

#[test]
fn imported_photographs_are_trained_on_and_predicted_as_they_were_evaluated() {
    let dir = tempfile::tempdir().unwrap();
    photographs(&dir.path().join("photos"), 60);
    let import = [
        "data",
        "import",
        "photos",
        "--name",
        "bars",
        "--size",
        "16",
        "--gray",
        "--invert",
        "--transpose",
        "--framing",
        "crop",
    ];
    let told = json(dir.path(), &import);
    assert_eq!(told["shape"], serde_json::json!([1, 16, 16]));
    assert_eq!((&told["train"], &told["test"]), (&50.into(), &10.into()));
    assert_eq!(told["classes"][0]["name"], "across");

    let args = [
        &TRAIN[..],
        &["0", "--data", "bars", "--save", "m.safetensors"],
    ]
    .concat();
    assert_eq!(studio(dir.path(), &args).status.code(), Some(0));
    let evaluated = json(dir.path(), &["evaluate", "m.safetensors", "--data", "bars"]);
    let args = [
        "evaluate",
        "m.safetensors",
        "--data",
        "bars",
        "--split",
        "train",
    ];
    let trained = json(dir.path(), &args);
    let count = |line: &Value| {
        (line["test_accuracy"]
            .as_f64()
            .or(line["accuracy"].as_f64())
            .unwrap()
            * line["n_images"].as_f64().unwrap())
        .round() as usize
    };
    let predicted = json_lines(&run(
        dir.path(),
        &["predict", "m.safetensors", "photos", "--json"],
    ));
    assert_eq!(predicted.len(), 60);
    let is_right = |line: &&Value| {
        line["image"]
            .as_str()
            .unwrap()
            .contains(&format!("/{}/", line["class"].as_str().unwrap()))
    };
    let n_right = predicted.iter().filter(is_right).count();
    assert_eq!(n_right, count(&evaluated) + count(&trained));
}

#[test]
fn a_stored_dataset_is_found_again_by_its_runs() {
    let dir = tempfile::tempdir().unwrap();
    photographs(&dir.path().join("photos"), 60);
    let told = json(dir.path(), &["data", "import", "photos"]);
    let again = studio(dir.path(), &["data", "import", "photos"]);
    check_failure_last(&again, "a name that is not taken, found `photos`");
    let replaced = json(dir.path(), &["data", "import", "photos", "--replace"]);
    assert_eq!(replaced["fingerprint"], told["fingerprint"]);
    for name in ["mnist", "a/b", ".x", ""] {
        let output = studio(dir.path(), &["data", "import", "photos", "--name", name]);
        check_failure(&output, 1, "a name of 1 to 100 letters");
    }

    let args = [&TRAIN[..], &["5", "--data", "photos", "--out", "run"]].concat();
    // The folder stands in the way of the name.
    fs::rename(dir.path().join("photos"), dir.path().join("moved")).unwrap();
    lines(&studio(dir.path(), &args));
    let manifest = fs::read_to_string(dir.path().join("run/run.toml")).unwrap();
    assert!(manifest.contains("datasets/photos"), "{manifest}");
    lines(&studio(
        dir.path(),
        &["data", "rename", "photos", "pictures"],
    ));
    let resume = ["train", "--resume", "run", "--extend", "1"];
    lines(&studio(dir.path(), &resume));

    let listed = json(dir.path(), &["data", "list"]);
    assert_eq!(
        (&listed["name"], &listed["train"]),
        (&"pictures".into(), &50.into())
    );
    assert!(listed["bytes"].as_u64().unwrap() > 60 * 3 * 32 * 32);
    let table = lines(&studio(dir.path(), &["data", "list"])).join("\n");
    assert!(table.contains("3×32×32"), "{table}");
    let removed = lines(&studio(dir.path(), &["data", "rm", "pictures"]));
    assert_eq!(removed, ["moved pictures to the trash"]);
    let trash = lines(&studio(dir.path(), &["data", "trash"]));
    assert!(trash[0].starts_with("pictures  "), "{trash:?}");
    lines(&studio(dir.path(), &["data", "restore", "pictures"]));
    lines(&studio(dir.path(), &resume));
    lines(&studio(dir.path(), &["data", "rm", "pictures"]));
    let emptied = lines(&studio(dir.path(), &["data", "trash", "--empty"]));
    assert_eq!(emptied, ["permanently deleted 1 dataset"]);
    check_failure(
        &studio(dir.path(), &["data", "restore", "pictures"]),
        1,
        "a stored dataset",
    );
    assert_eq!(
        lines(&studio(dir.path(), &["data", "list"])),
        ["no imported datasets"]
    );
    check_failure(
        &studio(dir.path(), &["data", "rm", "pictures"]),
        1,
        "a stored dataset",
    );
    check_failure(&studio(dir.path(), &resume), 1, "datasets/photos");
}

/// The last line of standard error is one sentence with `words`.
fn check_failure_last(output: &std::process::Output, words: &str) {
    assert_eq!(output.status.code(), Some(1));
    let last = text(&output.stderr).lines().last().unwrap();
    assert!(
        last.starts_with("error: ") && last.contains(words),
        "{last}"
    );
}

#[test]
fn changed_sources_and_damaged_files_of_a_stored_dataset_are_told() {
    let dir = tempfile::tempdir().unwrap();
    photographs(&dir.path().join("photos"), 12);
    json(dir.path(), &["data", "import", "photos", "--name", "bars"]);
    let info = ["data", "info", "bars"];
    lines(&studio(dir.path(), &info));
    // Another time alone is no change.
    let file = dir.path().join("photos/down/000.png");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes).unwrap();
    lines(&studio(dir.path(), &info));
    fs::copy(dir.path().join("photos/across/001.png"), &file).unwrap();
    let output = studio(dir.path(), &info);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("1 file that bars was made of has changed"));

    let stored = dir.path().join("runs/datasets/bars");
    let images = fs::read(stored.join("images.bin")).unwrap();
    let mut flipped = images.clone();
    flipped[100] ^= 1;
    for (bytes, words) in [
        (flipped, "the checksum"),
        (images[1..].to_vec(), " bytes, found "),
    ] {
        fs::write(stored.join("images.bin"), bytes).unwrap();
        check_failure(&studio(dir.path(), &info), 1, words);
    }
    fs::write(stored.join("images.bin"), images).unwrap();
    let description = fs::read_to_string(stored.join("dataset.json")).unwrap();
    for (old, new, words) in [
        (
            "\"format_version\":1",
            "\"format_version\":9",
            "a newer program",
        ),
        ("\"n_train\":10", "\"n_train\":99999999999", "found"),
        ("{", "[", "the description of a stored dataset"),
    ] {
        fs::write(
            stored.join("dataset.json"),
            description.replacen(old, new, 1),
        )
        .unwrap();
        check_failure(&studio(dir.path(), &info), 1, words);
    }
}

#[test]
fn duplicates_and_leaks_are_found_and_exported_data_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    for (part, n) in [("data/train", 8), ("data/test", 4)] {
        photographs(&dir.path().join(part), n);
    }
    let told = json(dir.path(), &["data", "info", "data"]);
    assert_eq!(
        (&told["duplicates"], &told["leaks"]),
        (&0.into(), &4.into())
    );
    let checked = json(dir.path(), &["data", "check", "data"]);
    assert_eq!(
        (&checked["leaks"], &checked["contradictions"]),
        (&4.into(), &0.into())
    );
    let table = lines(&studio(dir.path(), &["data", "check", "data"])).join("\n");
    assert!(
        table.contains("same: train 0 (across), test 0 (across)"),
        "{table}"
    );

    lines_without_output(&studio(
        dir.path(),
        &["data", "export", "data", "--to", "npz", "d.npz"],
    ));
    let back = json(dir.path(), &["data", "info", "d.npz"]);
    assert_eq!(back["fingerprint"], told["fingerprint"]);
    for format in DataFormat::ALL {
        let out = format!("out-{}", format.name());
        let args = ["data", "export", "digits", "--to", format.name(), &out];
        lines_without_output(&studio(dir.path(), &args));
        let digits = BuiltIn::Digits.open().unwrap();
        assert_eq!(
            json(dir.path(), &["data", "info", &out])["content"],
            digits.content()
        );
    }
}

fn lines_without_output(output: &std::process::Output) {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn built_in_digits_are_trained_on_and_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let args = [&TRAIN[..], &["100", "--data", "digits", "--out", "run"]].concat();
    lines(&studio(dir.path(), &args));
    lines(&studio(
        dir.path(),
        &["train", "--resume", "run", "--extend", "1"],
    ));
    check_failure(
        &studio(dir.path(), &["evaluate", "run", "--data", "nothing"]),
        1,
        "a folder, a file or the name of a dataset, found none: nothing",
    );
}

#[test]
fn wrong_recipes_are_wrong_usage() {
    let dir = tempfile::tempdir().unwrap();
    photographs(&dir.path().join("photos"), 4);
    for (args, words) in [
        (&["--size", "4"][..], "from 8 to 128"),
        (&["--size", "many"], "a number of pixels"),
        (&["--test-share", "2"], "above 0 and below 1"),
        (&["--per-class", "0"], "at least one image"),
    ] {
        let args = [&["data", "import", "photos"], args].concat();
        check_failure(&studio(dir.path(), &args), 2, words);
    }
}

/// One label of the digits is made wrong, and found.
#[test]
fn a_wrong_label_is_found_by_models_that_did_not_see_it() {
    let dir = tempfile::tempdir().unwrap();
    let export = ["data", "export", "digits", "--to", "folder", "out"];
    let output = studio(dir.path(), &export);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let train = dir.path().join("out/train");
    let first = |class: &str| {
        let mut all: Vec<_> = fs::read_dir(train.join(class)).unwrap().flatten().collect();
        all.sort_by_key(fs::DirEntry::file_name);
        all[0].path()
    };
    fs::rename(first("6"), train.join("1/000000-wrong.png")).unwrap();
    let check = [
        "data", "check", "out", "--labels", "--preset", "mlp", "--epochs", "8", "--json",
    ];
    let output = studio(dir.path(), &check);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let all: Vec<Value> = text(&output.stdout).lines().map(read).collect();
    let found: Vec<&Value> = all.iter().filter(|line| line["event"] == "label").collect();
    let is_it = |line: &&&Value| line["label"] == "1" && line["answer"] == "6";
    assert_eq!(found.iter().filter(is_it).count(), 1, "{found:?}");
    let result = all.last().unwrap();
    assert_eq!(
        result["label_issues"].as_u64().unwrap() as usize,
        found.len()
    );
    assert!(
        found.len() < 60 && result["accuracy"].as_f64().unwrap() > 0.9,
        "{result}"
    );
}

#[test]
fn labels_are_changed_images_left_out_and_the_result_is_a_dataset() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| studio(dir.path(), &[&["data", "edit", "digits"], args].concat());
    let output = run(&[
        "--relabel",
        "train:0=7",
        "--exclude",
        "test:3",
        "--why",
        "seen by eye",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("relabel train:0 0 → 7"));
    let output = run(&["--relabel", "train:1=2", "--save", "mended", "--json"]);
    assert_eq!(
        text(&output.stdout).lines().count(),
        3,
        "all edits are listed"
    );
    let told = json(dir.path(), &["data", "info", "mended"]);
    assert_eq!(
        (told["train"].as_u64(), told["test"].as_u64()),
        (Some(1437), Some(359))
    );
    let output = run(&["--restore", "train:0"]);
    assert!(
        text(&output.stdout).contains("2 changes"),
        "{}",
        text(&output.stdout)
    );

    // What is wrong is said, and changes nothing.
    for (args, said) in [
        (["--relabel", "train:0"], "SPLIT:INDEX=CLASS"),
        (["--relabel", "train:0=ten"], "one of the classes 0, 1"),
        (["--exclude", "train:1437"], "an image before train:1437"),
        (["--exclude", "validation:1"], "train:INDEX or test:INDEX"),
    ] {
        let output = run(&[&["--exclude", "train:9"], &args[..]].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text(&output.stderr).contains(said),
            "{}",
            text(&output.stderr)
        );
    }
    assert!(text(&run(&[]).stdout).contains("2 changes"));
    let taken = run(&["--save", "mended"]);
    assert_eq!(taken.status.code(), Some(1));
}

/// One image of each class is labeled as the next class: they are far from the class they are in.
#[test]
fn odd_ones_out_are_those_far_from_their_class_in_the_space_of_a_model() {
    let dir = tempfile::tempdir().unwrap();
    let digits = BuiltIn::Digits.open().unwrap();
    lines(&studio(
        dir.path(),
        &[
            "train",
            "--data",
            "digits",
            "--preset",
            "mlp",
            "--epochs",
            "8",
            "--val",
            "0",
            "--save",
            "m.safetensors",
            "--no-record",
        ],
    ));
    let mut labels = digits.train.labels().to_vec();
    labels[..10]
        .iter_mut()
        .for_each(|label| *label = (*label + 1) % 10);
    let images = (0..digits.train.len()).map(|idx| digits.train.image(idx));
    let train = images.collect::<Vec<&[u8]>>().concat();
    let set = candle_studio::data::ImageSet::new(digits.image_shape(), train, labels).unwrap();
    let flipped = candle_studio::data::Dataset {
        train: set,
        ..digits
    };
    flipped
        .export(DataFormat::Idx, &dir.path().join("flipped"))
        .unwrap();
    let args = [
        "data",
        "odd",
        "flipped",
        "--model",
        "m.safetensors",
        "-n",
        "30",
        "--json",
    ];
    let found = json_lines(&studio(dir.path(), &args));
    assert_eq!(found.len(), 31);
    let is_flipped = |line: &&Value| line["index"].as_u64().is_some_and(|idx| idx < 10);
    let n = found[..30].iter().filter(is_flipped).count();
    assert!(n >= 8, "{n} of 10 in {found:?}");
    assert!(found[0]["distance"].as_f64().unwrap() > 1.5);
    let text = lines(&studio(
        dir.path(),
        &["data", "odd", "flipped", "--model", "m.safetensors"],
    ));
    assert_eq!(text.len(), 21);
    assert!(text[0].starts_with("odd: train "), "{}", text[0]);
    let wrong = [
        "data",
        "odd",
        "flipped",
        "--model",
        "m.safetensors",
        "--layer",
        "conv7",
    ];
    check_failure(&studio(dir.path(), &wrong), 2, "no layer matches `conv7`");
}

/// A run resumed on the same images in another order is told that it is the order.
#[test]
fn the_same_images_in_another_order_are_told_apart_from_other_images() {
    let dir = tempfile::tempdir().unwrap();
    let digits = BuiltIn::Digits.open().unwrap();
    digits
        .export(DataFormat::Idx, &dir.path().join("a"))
        .unwrap();
    let images = (0..digits.train.len())
        .rev()
        .map(|idx| digits.train.image(idx));
    let pixels = images.collect::<Vec<&[u8]>>().concat();
    let labels = digits.train.labels().iter().rev().copied().collect();
    let set = candle_studio::data::ImageSet::new(digits.image_shape(), pixels, labels).unwrap();
    let turned = candle_studio::data::Dataset {
        train: set,
        ..digits
    };
    turned
        .export(DataFormat::Idx, &dir.path().join("b"))
        .unwrap();
    lines(&studio(
        dir.path(),
        &[
            "train", "--data", "a", "--preset", "softmax", "--epochs", "1", "--out", "run",
        ],
    ));
    let resume = ["train", "--resume", "run", "--extend", "1", "--data"];
    let on = |data| studio(dir.path(), &[&resume[..], &[data]].concat());
    check_failure(&on("b"), 1, "the same images in another order");
    check_failure(&on("mnist"), 1, "a different dataset");
    assert_eq!(on("a").status.code(), Some(0));
}
