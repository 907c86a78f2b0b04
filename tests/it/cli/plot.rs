//! What `plot` draws of real runs.

use std::fs;

use super::{check_failure, folder, run, text, train};

#[test]
fn real_runs_are_drawn_into_a_file() {
    let dir = folder();
    for (seed, name) in [("1", "one"), ("2", "two")] {
        let output = train(dir.path(), ["--val", "40", "--seed", seed, "--out", name]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    let svg = |args: &[&str]| {
        let output = run(dir.path(), args);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        fs::read_to_string(dir.path().join("curves.svg")).unwrap()
    };
    let alone = svg(&["plot", "one", "two", "--x", "step"]);
    assert!(
        alone.starts_with("<svg ") && alone.contains(">step<"),
        "{alone}"
    );
    let best = alone.matches("<polygon ").count();
    assert_eq!(
        best, 4,
        "the best epoch of two runs, by loss and by accuracy"
    );
    let circles = |args: &[&str]| svg(args).matches("<circle ").count();
    let without = circles(&["plot", "one"]);
    assert!(circles(&["plot", "one", "--batches"]) > without + 10);
    // The same setting with two seeds is one band, for loss and for accuracy.
    let band = svg(&["plot", "one", "two", "--bands", "deviation"]);
    assert_eq!(band.matches("<polygon ").count(), 2);
    let apart = svg(&["plot", "one", "two", "--baseline", "one", "--dark"]);
    assert!(apart.contains("difference from one"));
    let args = ["plot", "one", "two", "--bands", "range", "--group-by", "lr"];
    assert!(svg(&args).contains(">learning_rate 0.001 ×2<"));
    let args = ["plot", "one", "two", "--out", "c.png", "--size", "500x400"];
    let output = run(dir.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let png = image::open(dir.path().join("c.png")).unwrap();
    assert_eq!(
        (png.width(), png.height()),
        (1000, 800),
        "two pixels a point"
    );
}

#[test]
fn what_cannot_be_drawn_is_one_sentence_and_writes_nothing() {
    let dir = folder();
    let output = train(dir.path(), ["--out", "one"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let plot = |args: &[&str]| run(dir.path(), &[&["plot"], args].concat());
    check_failure(&plot(&["none"]), 1, "none");
    check_failure(&plot(&["one", "--out", "curves.pdf"]), 2, ".svg or .png");
    check_failure(&plot(&["one", "--baseline", "."]), 1, "holds no run");
    assert!(!plot(&["one", "--size", "9x9"]).status.success());
    assert!(!dir.path().join("curves.svg").exists());
}
