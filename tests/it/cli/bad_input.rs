//! Everything that can be wrong with what is typed and what lies on the disk: one sentence each.

use std::fs;
use std::io::Write;
use std::path::Path;

use candle_studio::model::Classifier;
use serde_json::Value;

use super::{check_failure, folder, run, text, train, write_png};
use crate::support::tiny::{
    self, N_TEST, N_TRAIN, SIDE, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, idx,
};

#[test]
fn wrong_usage_has_exit_code_2() {
    let dir = folder();
    for (args, words) in [
        (&["--preset", "resnet-9000"][..], "lenet-5"),
        (&["--optimizer", "adagrad"], "adamw"),
        (&["--lr", "0"], "learning rate: must be above 0, found 0"),
        (&["--lr", "-1"], "must be above 0, found -1"),
        (&["--lr", "nan"], "must be finite and above 0, found NaN"),
        (&["--lr", "fast"], "--lr"),
        (&["--epochs", "0"], "epochs: must be from 1 to"),
        (&["--batch-size", "0"], "batch size: must be between 1"),
        (&["--batch-size", "5000"], "batch size: must be between 1"),
        (&["--val", "203"], "must be fewer than the training images"),
        (&["--threads", "0"], "--threads"),
        (&["--seed", "-3"], "--seed"),
        (&["--color", "blue"], "--color"),
        (&["--preset", "deep-cnn"], "does not fit"),
    ] {
        let args = ["train", "--data", "data", "--json"]
            .iter()
            .chain(args)
            .copied();
        let output = run(dir.path(), &args.collect::<Vec<_>>());
        check_failure(&output, 2, words);
        assert_eq!(text(&output.stdout), "");
    }
    check_failure(&run(dir.path(), &["fly"]), 2, "fly");
    check_failure(&run(dir.path(), &["predict", "m.safetensors"]), 2, "IMAGES");
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_display_the_window_says_what_to_do_instead() {
    let dir = tempfile::tempdir().unwrap();
    let words = match cfg!(feature = "gui") {
        true => "candle-studio train",
        false => "no window",
    };
    check_failure(&run(dir.path(), &[]), 1, words);
}

/// Checks the sentence for a dataset with one file replaced.
fn check_data(name: &str, bytes: &[u8], words: &str) {
    let dir = folder();
    fs::write(dir.path().join("data").join(name), bytes).unwrap();
    let output = train(dir.path(), ["--json"]);
    check_failure(&output, 1, words);
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn a_corrupt_or_lying_dataset_is_refused_in_one_sentence() {
    let pixels = vec![9; N_TRAIN * SIDE * SIDE];
    let labels = vec![1; N_TRAIN];
    let image_dims = [N_TRAIN, SIDE, SIDE];
    check_data(TRAIN_IMAGES, &idx(&image_dims, &pixels[1..]), TRAIN_IMAGES);
    check_data(
        TRAIN_IMAGES,
        &idx(&image_dims, &[&pixels[..], &[0]].concat()),
        TRAIN_IMAGES,
    );
    check_data(
        TRAIN_IMAGES,
        &idx(&[u32::MAX as usize; 3], &pixels),
        TRAIN_IMAGES,
    );
    check_data(TRAIN_IMAGES, &idx(&[N_TRAIN, 0, SIDE], &[]), TRAIN_IMAGES);
    check_data(TRAIN_IMAGES, &idx(&[0, SIDE, SIDE], &[]), TRAIN_IMAGES);
    check_data(
        TRAIN_IMAGES,
        b"not idx at all, but long enough",
        TRAIN_IMAGES,
    );
    check_data(TRAIN_IMAGES, &[0, 0, 8], TRAIN_IMAGES);
    check_data(TRAIN_IMAGES, &[], TRAIN_IMAGES);
    check_data(
        TRAIN_LABELS,
        &idx(&[N_TRAIN - 1], &labels[1..]),
        "one label for each image",
    );
    check_data(TRAIN_LABELS, &idx(&[N_TRAIN], &labels[1..]), TRAIN_LABELS);
    check_data(
        TEST_LABELS,
        &idx(&[N_TEST - 1], &labels[..N_TEST - 1]),
        TEST_IMAGES,
    );
    check_data(
        TEST_IMAGES,
        &idx(&[N_TEST, 8, 8], &vec![0; N_TEST * 64]),
        "test images",
    );
    check_data("classes.txt", b"up\ndown\n", "labels from 0 to 1");
    check_data("classes.txt", b"up\n\ndown\n", "classes.txt");
    let negative = [
        &[0, 0, 0x0c, 1, 0, 0, 0, N_TRAIN as u8][..],
        &[0xff; 4 * N_TRAIN],
    ]
    .concat();
    check_data(TRAIN_LABELS, &negative, "found -1");
}

#[test]
fn a_damaged_gzip_file_is_refused_in_one_sentence() {
    let bytes = idx(&[N_TRAIN, SIDE, SIDE], &[9; N_TRAIN * SIDE * SIDE]);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&bytes).unwrap();
    let gz = gz.finish().unwrap();
    check_data(TRAIN_IMAGES, &gz[..gz.len() / 2], TRAIN_IMAGES);
    let mut flipped = gz.clone();
    flipped[gz.len() - 6] ^= 0x40;
    check_data(TRAIN_IMAGES, &flipped, TRAIN_IMAGES);
    // Far more zeros than the header announces.
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&idx(&[N_TRAIN, SIDE, SIDE], &vec![0; 50_000_000]))
        .unwrap();
    check_data(TRAIN_IMAGES, &bomb.finish().unwrap(), TRAIN_IMAGES);
}

#[test]
fn a_folder_without_the_files_is_refused_in_one_sentence() {
    let dir = folder();
    fs::remove_file(dir.path().join("data").join(TEST_LABELS)).unwrap();
    check_failure(&train(dir.path(), []), 1, TEST_LABELS);
    for data in ["missing", "data/train-labels-idx1-ubyte"] {
        let output = run(dir.path(), &["train", "--data", data]);
        check_failure(&output, 1, data);
    }
}

/// Replaces a piece of text in a file's bytes by another of the same length.
fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes
        .windows(from.len())
        .position(|w| w == from.as_bytes())
        .unwrap();
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

#[test]
fn a_bad_model_file_is_refused_in_one_sentence() {
    let dir = folder();
    train(dir.path(), ["--save", "good"]);
    write_png(&dir.path().join("a.png"), tiny::image(0, 1));
    let good = fs::read(dir.path().join("good")).unwrap();
    let foreign =
        safetensors::serialize(Vec::<(&str, safetensors::tensor::TensorView)>::new(), None);
    for (bytes, words) in [
        (
            good[..good.len() - 1].to_vec(),
            "not a complete safetensors file",
        ),
        (good[..20].to_vec(), "not a complete safetensors file"),
        (Vec::new(), "not a complete safetensors file"),
        (vec![0xff; 64], "not a complete safetensors file"),
        (foreign.unwrap(), "it holds no tensors"),
        (
            replace(&good, r#"\"format_version\":1"#, r#"\"format_version\":9"#),
            "update Candle Studio",
        ),
        (replace(&good, r#""F32""#, r#""I32""#), "F32"),
        (replace(&good, r#"\"dense\""#, r#"\"tense\""#), "tense"),
        (
            replace(&good, r#"\"units\":256"#, r#"\"units\":257"#),
            "should have shape",
        ),
    ] {
        fs::write(dir.path().join("bad"), bytes).unwrap();
        check_failure(
            &run(dir.path(), &["evaluate", "bad", "--data", "data", "--json"]),
            1,
            words,
        );
        check_failure(
            &run(dir.path(), &["predict", "bad", "a.png", "--json"]),
            1,
            words,
        );
    }
    check_failure(
        &run(dir.path(), &["evaluate", "none.safetensors"]),
        1,
        "could not read none.safetensors",
    );
    // The right file for other images.
    let output = run(dir.path(), &["evaluate", "good"]);
    check_failure(&output, 1, "could not evaluate good on MNIST");
}

#[test]
fn a_bad_picture_is_refused_in_one_sentence() {
    let dir = folder();
    train(dir.path(), ["--save", "m"]);
    write_png(&dir.path().join("good.png"), tiny::image(0, 1));
    let good = fs::read(dir.path().join("good.png")).unwrap();
    // A header that claims 2³¹ − 1 pixels a side, with a checksum that fits.
    let mut huge = good.clone();
    huge[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let mut crc = flate2::Crc::new();
    crc.update(&huge[12..29]);
    huge[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    for bytes in [
        &good[..good.len() / 2],
        &good[..10],
        b"",
        b"GIF89a and more",
        &huge,
    ] {
        fs::write(dir.path().join("bad.png"), bytes).unwrap();
        check_failure(&run(dir.path(), &["predict", "m", "bad.png"]), 1, "bad.png");
    }
    write_png(&dir.path().join("blank.png"), vec![77; SIDE * SIDE]);
    for name in ["missing.png", "data"] {
        check_failure(&run(dir.path(), &["predict", "m", name]), 1, name);
    }
    let args = ["predict", "m", "blank.png", "--framing", "center"];
    check_failure(&run(dir.path(), &args), 1, "blank.png is blank");
}

/// Checks that `target` is refused before anything is trained.
fn check_target(dir: &Path, target: &str) {
    for option in ["--save", "--out"] {
        let output = train(dir, ["--json", option, target]);
        check_failure(&output, 1, target);
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_training() {
    let dir = folder();
    check_target(dir.path(), "data/train-images-idx3-ubyte/x");
    let output = train(dir.path(), ["--save", "missing/m.safetensors"]);
    check_failure(&output, 1, "missing/m.safetensors");
    let output = train(dir.path(), ["--save", "data"]);
    check_failure(&output, 1, "not a regular file");
    if cfg!(target_os = "linux") {
        check_target(dir.path(), "/proc/x");
        let output = train(dir.path(), ["--save", "/dev/null"]);
        check_failure(&output, 1, "not a regular file");
    }
}

#[test]
fn a_read_only_folder_is_refused_before_training() {
    let dir = folder();
    let target = dir.path().join("read-only");
    fs::create_dir(&target).unwrap();
    let mut permissions = fs::metadata(&target).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&target, permissions).unwrap();
    if fs::write(target.join("probe"), "").is_ok() {
        // The superuser may write anywhere.
        return;
    }
    check_target(dir.path(), "read-only/x");
}

#[test]
fn a_diverged_run_keeps_its_last_finite_weights() {
    let dir = folder();
    let output = train(
        dir.path(),
        [
            "--optimizer",
            "sgd",
            "--lr",
            "1e18",
            "--save",
            "m",
            "--out",
            "run",
            "--json",
        ],
    );
    check_failure(&output, 1, "became NaN or infinite");
    let last: Value = serde_json::from_str(text(&output.stdout).lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["status"], &last["saved"]),
        (&"diverged".into(), &"m".into())
    );
    // Loading refuses weights that are not finite.
    Classifier::load(&dir.path().join("m")).unwrap();
    Classifier::load(&dir.path().join("run/model.safetensors")).unwrap();
}

#[test]
fn an_error_of_a_file_gives_its_reason_once() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["evaluate", "lost.safetensors"][..],
        &["predict", "lost.safetensors", "lost.png"],
        &["train", "--config", "lost.toml"],
        &["sweep", "lost.toml"],
        &["diagram", "lost.safetensors", "--out", "nodir/x.svg"],
    ] {
        let output = run(dir.path(), args);
        let errors = text(&output.stderr);
        assert_ne!(output.status.code(), Some(0), "{args:?}");
        assert!(errors.contains("lost"), "{args:?}: {errors}");
        assert!(
            errors.matches("os error").count() <= 1,
            "{args:?}: {errors}"
        );
    }
}
