//! What is typed wrong is told with what was expected: numbers, filters, columns, hand-written files.

use std::fs;

use super::{check_failure, folder, json_lines, lines, run, text, train};
use crate::support::tiny::TRAIN_LABELS;

#[test]
fn a_number_that_is_none_is_told_with_its_argument() {
    let dir = folder();
    let whole = "expected a whole number of at least 0, found";
    for (args, words) in [
        (
            &["train", "--batch-size", "-3"][..],
            format!("--batch-size <N>: {whole} -3"),
        ),
        (
            &["train", "--epochs", "-1"],
            format!("--epochs <N>: {whole} -1"),
        ),
        (&["train", "--val", "-5"], format!("--val <N>: {whole} -5")),
        (
            &["lr-find", "--steps", "-4"],
            format!("--steps <N>: {whole} -4"),
        ),
        (
            &["train", "--epochs", "1.5"],
            format!("--epochs <N>: {whole} 1.5"),
        ),
        (
            &["train", "--epochs", "99999999999999999999"],
            "expected a smaller number".to_owned(),
        ),
        (
            &["train", "--lr", "fast"],
            "--lr <X>: expected a number such as 0.001, found fast".to_owned(),
        ),
        (&["train", "--threads", "-1"], "--threads".to_owned()),
        (
            &["train", "--lr", "inf"],
            "learning rate: must be finite and above 0, found inf".to_owned(),
        ),
        (
            &["train", "--lr", "-1e300"],
            "must be above 0, found -1e300".to_owned(),
        ),
        (
            &["lr-find", "--from", "inf"],
            "must be above 0 and rise by a finite factor".to_owned(),
        ),
        (
            &["lr-find", "--steps", "999999999999999999"],
            "10 to 10,000 batches are needed, found 1.0e18".to_owned(),
        ),
        (
            &["train", "--batch-size", "18446744073709551615"],
            "found 1.8e19".to_owned(),
        ),
    ] {
        let args = [args, &["--data", "data"]].concat();
        let output = run(dir.path(), &args);
        check_failure(&output, 2, &words);
        assert!(text(&output.stderr).len() < 400, "{}", text(&output.stderr));
    }
}

#[test]
fn names_of_columns_and_values_in_filters_are_checked() {
    let dir = folder();
    let dir = dir.path();
    let trained = train(dir, ["--workspace", "w"]);
    assert_eq!(trained.status.code(), Some(0), "{trained:?}");
    let list = |args: &[&str]| run(dir, &[&["runs", "--workspace", "w", "list"], args].concat());
    for (args, words) in [
        (
            &["--sort", "learnin_rate"][..],
            "no run has a setting or metric `learnin_rate`; did you mean `learning_rate`?",
        ),
        (
            &["--sort", "-nothing"],
            "no run has a setting or metric `nothing`",
        ),
        (&["--columns", "status,lrr"], "`lrr`; did you mean `lr`?"),
        (
            &["lr < ,1"],
            "expected a number such as 0.1 for learning_rate, found `,1` at character 6",
        ),
        (&["val_accuracy > most"], "for val_accuracy, found `most`"),
    ] {
        check_failure(&list(args), 2, words);
    }
    let deep = "(".repeat(10_000);
    check_failure(&list(&[&deep]), 2, "at most 80 levels");
    check_failure(&list(&[&"not ".repeat(10_000)]), 2, "at most 80 levels");
    // Every field and metric is a column, whether a run has it or not.
    let table = lines(&list(&[
        "--columns",
        "id,sweep,note,test_loss.min,lr",
        "--sort",
        "-trial",
    ]));
    assert_eq!(table.len(), 2, "{table:?}");
}

#[test]
fn hand_written_files_are_told_with_line_key_and_what_was_expected() {
    let dir = folder();
    let dir = dir.path();
    let args = [
        "train",
        "--data",
        "data",
        "--preset",
        "mlp",
        "--print-config",
    ];
    let whole = lines(&run(dir, &args)).join("\n");
    for (from, to, words) in [
        (
            "learning_rate = 0.001",
            "learning_rate = \"fast\"",
            "line 8: learning_rate: expected a number such as 0.1, found the text \"fast\"",
        ),
        (
            "learning_rate = 0.001",
            "learning_rate = fast",
            "line 8: learning_rate: expected a number, true, false, or a text",
        ),
        (
            "learning_rate = ",
            "learning_rat = ",
            "line 8: there is no key `learning_rat`; did you mean `learning_rate`?",
        ),
        (
            "batch_size = ",
            "batch_size = -",
            "line 5: batch_size: expected a whole number of at least 0, found -32",
        ),
        (
            "kind = \"dense\"",
            "kind = \"dens\"",
            "there is no `dens`; did you mean `dense`?",
        ),
    ] {
        assert!(whole.contains(from), "{whole}");
        fs::write(dir.join("c.toml"), whole.replacen(from, to, 1)).unwrap();
        let output = run(dir, &["train", "--data", "data", "--config", "c.toml"]);
        check_failure(&output, 2, words);
    }
    for (set, words) in [
        (
            "batch_size=-3",
            "expected a whole number of at least 0, found -3",
        ),
        (
            "optimizer=adamm",
            "there is no optimizer `adamm`; did you mean `adam`?",
        ),
    ] {
        check_failure(&train(dir, ["--set", set]), 2, words);
    }
    // The name of an optimizer stands for its default values, in a sweep's [set] as well.
    let sweep = "preset = \"softmax\"\ntrials = 1\n[set]\nepochs = 1\noptimizer = \"sgd\"\n\
                 [[search]]\nkey = \"learning_rate\"\nlist = [0.01]\n";
    fs::write(dir.join("s.toml"), sweep).unwrap();
    let swept = run(
        dir,
        &["sweep", "s.toml", "--data", "data", "--workspace", "w"],
    );
    assert_eq!(swept.status.code(), Some(0), "{}", text(&swept.stderr));
    let listed = json_lines(&run(dir, &["runs", "--workspace", "w", "list", "--json"]));
    assert_eq!(listed[0]["config"]["optimizer"]["kind"], "sgd");
    fs::write(dir.join("s.toml"), sweep.replace("[0.01]", "[\"1e-2\"]")).unwrap();
    let swept = run(
        dir,
        &["sweep", "s.toml", "--data", "data", "--workspace", "w"],
    );
    check_failure(
        &swept,
        2,
        "expected a number such as 0.1, found the text \"1e-2\"",
    );
}

#[test]
fn a_run_with_a_long_name_gets_a_shorter_folder() {
    let dir = folder();
    let name = "ab".repeat(5_000);
    let trained = train(dir.path(), ["--workspace", "w", "--name", &name]);
    assert_eq!(trained.status.code(), Some(0), "{trained:?}");
    let listed = json_lines(&run(
        dir.path(),
        &["runs", "--workspace", "w", "list", "--json"],
    ));
    assert_eq!(listed[0]["name"], name.as_str());
    let id = listed[0]["id"].as_str().unwrap();
    assert!(id.len() < 240, "{id}");
    lines(&run(dir.path(), &["runs", "--workspace", "w", "rm", id]));
    lines(&run(
        dir.path(),
        &["runs", "--workspace", "w", "restore", id],
    ));
}

#[test]
fn batch_norm_of_single_values_is_told_before_training() {
    let dir = folder();
    let dir = dir.path();
    let net = "model={ input=[1,12,12], classes=4, layers=[{kind='flatten'}, {kind='dense',units=8}, \
               {kind='batch_norm'}, {kind='dense',units=4}]}";
    let common = [
        "train",
        "--data",
        "data",
        "--epochs",
        "1",
        "--no-record",
        "--set",
        net,
    ];
    let with = |more: &[&str]| run(dir, &[&common[..], more].concat());
    let output = with(&["--batch-size", "1"]);
    check_failure(&output, 2, "batch size: must be at least 2 for norm1");
    // 201 images in batches of 20: the last one is alone.
    let output = with(&["--batch-size", "20", "--val", "2"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let warning = text(&output.stderr);
    assert!(
        warning.contains("warning: the last of the 201 training images"),
        "{warning}"
    );
    lines(&with(&["--batch-size", "20", "--val", "3"]));
}

#[test]
fn what_is_odd_about_a_dataset_is_a_warning() {
    let dir = folder();
    let data = dir.path().join("data");
    fs::copy(
        data.join(TRAIN_LABELS),
        data.join(format!("{TRAIN_LABELS}.gz")),
    )
    .unwrap();
    let output = train(dir.path(), ["--no-record", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let warning = text(&output.stderr);
    assert!(
        warning.starts_with("warning: one of the four files is in "),
        "{warning}"
    );
    assert_eq!(warning.lines().count(), 1, "{warning}");
}

#[test]
fn pages_and_completions_for_packages_know_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &["generate", "out"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let read = |name: &str| std::fs::read_to_string(dir.path().join("out").join(name)).unwrap();
    assert!(read("candle-studio-train.1").contains("preset"));
    for name in ["candle-studio.bash", "_candle-studio", "candle-studio.fish"] {
        assert!(read(name).contains("evaluate"), "{name}");
    }
    let help = run(dir.path(), &["--help"]);
    let help = text(&help.stdout);
    assert!(!help.contains("generate"), "{help}");
}
