//! `report`: one page about a model, which loads nothing.

use std::fs;

use super::{check_failure, folder, run};

/// Trains a run of two epochs in `runs/one`.
const TRAIN: [&str; 11] = [
    "train",
    "--data",
    "data",
    "--preset",
    "mlp",
    "--epochs",
    "2",
    "--out",
    "runs/one",
    "--name",
    "one & only",
];

#[test]
fn a_run_is_reported_in_one_page() {
    let dir = folder();
    run(dir.path(), &TRAIN);
    let page = |args: &[&str]| {
        let all = [&["report", "--data", "data", "--out", "r.html"], args].concat();
        run(dir.path(), &all);
        fs::read_to_string(dir.path().join("r.html")).unwrap()
    };
    let html = page(&["runs/one"]);
    assert!(html.contains("<h1>one &amp; only on "), "{html}");
    for part in [
        "Numbers",
        "Curves",
        "Confusion matrix",
        "Classes",
        "Calibration",
        "Worst images",
        "Settings",
        "learning_rate",
        "fingerprint of the data",
    ] {
        assert!(html.contains(part), "{part}");
    }
    // Other people's images are not given away unless asked for.
    assert!(!html.contains("<img"));
    for outside in ["<script", "href=", "url(", "src=\"http"] {
        assert!(!html.contains(outside), "{outside}");
    }
    let tags = |name: &str| {
        let open =
            html.matches(&format!("<{name}>")).count() + html.matches(&format!("<{name} ")).count();
        (open, html.matches(&format!("</{name}>")).count())
    };
    for name in ["section", "table", "tr", "td", "svg", "figure", "p"] {
        let (open, closed) = tags(name);
        assert_eq!(open, closed, "<{name}>");
    }

    let of_file = page(&[
        "runs/one/model.safetensors",
        "--images",
        "yes",
        "--split",
        "train",
    ]);
    assert!(!of_file.contains("<h2>Curves</h2>"));
    assert!(of_file.contains("training image"));

    let missing = ["report", "no-such-run", "--data", "data"];
    check_failure(
        &super::command(dir.path()).args(missing).output().unwrap(),
        1,
        "no-such-run",
    );
    assert!(!dir.path().join("report.html").exists());
}
