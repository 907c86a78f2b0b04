//! Runs as tables for spreadsheets.

use std::fs;
use std::path::Path;

use super::{check_failure, folder, lines, run, train};

fn export(dir: &Path, args: &[&str]) -> std::process::Output {
    run(
        dir,
        &[&["runs", "--workspace", "w", "export"], args].concat(),
    )
}

/// The rows of a table without quoted cells.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().map(cells).collect()
}

#[test]
fn a_table_has_a_row_per_run_with_the_notes_and_points_only_when_asked() {
    let dir = folder();
    let dir = dir.path();
    for name in ["first", "second"] {
        let trained = train(dir, ["--workspace", "w", "--name", name]);
        assert_eq!(trained.status.code(), Some(0), "{trained:?}");
    }
    let edit = ["--tag", "x", "--note", "so so", "--star"];
    let edit = [&["runs", "--workspace", "w", "edit", "first"], &edit[..]].concat();
    lines(&run(dir, &edit));
    for (more, n_rows) in [(&[][..], 3), (&["first"], 2)] {
        lines(&export(dir, &[more, &["--csv", "runs.csv"]].concat()));
        let table = rows(&dir.join("runs.csv"));
        assert_eq!(table.len(), n_rows, "{table:?}");
        let cell = |name: &str| {
            let column = table[0].iter().position(|heading| heading == name).unwrap();
            table[1][column].as_str()
        };
        assert_eq!(
            [cell("name"), cell("tags"), cell("note"), cell("starred")],
            ["first", "x", "so so", "yes"]
        );
        assert!(cell("val_accuracy.best").parse::<f64>().is_ok());
    }

    lines(&export(dir, &["--csv", "points.csv", "--points"]));
    let points = rows(&dir.join("points.csv"));
    assert_eq!(points[0][..3], ["id", "name", "step"]);
    // 186 images, 32 in a batch, two epochs, two runs.
    assert_eq!(points.len(), 1 + 2 * 2 * 6);
    let n_validated = points[1..].iter().filter(|row| !row[10].is_empty()).count();
    assert_eq!(n_validated, 2 * 2);
    assert_eq!(points[6][2], "6");
    assert!(!points[6][10].is_empty(), "{:?}", points[6]);
    check_failure(&export(dir, &["--points"]), 2, "--csv");
}

#[test]
fn trackio_gets_a_file_with_steps_and_short_names() {
    let dir = folder();
    let dir = dir.path();
    for name in ["first", "second"] {
        let trained = train(dir, ["--workspace", "w", "--name", name]);
        assert_eq!(trained.status.code(), Some(0), "{trained:?}");
    }
    check_failure(
        &export(dir, &["--trackio", "t.csv"]),
        2,
        "expects one run, found 2",
    );
    lines(&export(dir, &["first", "--trackio", "t.csv"]));
    let table = rows(&dir.join("t.csv"));
    assert_eq!((table[0][0].as_str(), table.len()), ("step", 1 + 2 * 6));
    // trackio cuts longer names.
    assert!(table[0].iter().all(|name| name.len() <= 10), "{table:?}");
    let column = |name: &str| {
        let column = table[0].iter().position(|heading| heading == name).unwrap();
        let cells = table[1..].iter().map(|row| row[column].parse::<f64>().ok());
        cells.collect::<Vec<_>>()
    };
    let n = |name| column(name).iter().flatten().count();
    assert_eq!((n("step"), n("train/loss"), n("lr")), (12, 12, 12));
    assert_eq!((n("val/acc"), n("test/acc"), n("sketch/acc")), (2, 1, 0));
    assert!(column("test/acc")[11].is_some());
}

/// `N_RUNS=2000 cargo test --release exported_quickly -- --nocapture`; fewer by default, to save
/// time.
#[test]
fn many_runs_are_exported_quickly() {
    let n_runs: usize = std::env::var("N_RUNS").map_or(100, |n| n.parse().unwrap());
    let dir = folder();
    let dir = dir.path();
    let trained = train(dir, ["--workspace", "w", "--name", "one"]);
    assert_eq!(trained.status.code(), Some(0), "{trained:?}");
    let one = fs::read_dir(dir.join("w"))
        .unwrap()
        .map(|e| e.unwrap().path());
    let one = one
        .into_iter()
        .find(|path| path.join("run.toml").is_file())
        .unwrap();
    for n in 1..n_runs {
        let copy = dir.join(format!("w/run-{n:05}"));
        fs::create_dir(&copy).unwrap();
        for file in ["run.toml", "events.jsonl", "summary.json"] {
            fs::copy(one.join(file), copy.join(file)).unwrap();
        }
    }
    // The first listing reads all events and fills the index.
    lines(&run(
        dir,
        &["runs", "--workspace", "w", "list", "--last", "1"],
    ));
    let start = std::time::Instant::now();
    lines(&export(dir, &["--csv", "runs.csv"]));
    println!("{n_runs} runs as a table: {:?}", start.elapsed());
    assert_eq!(rows(&dir.join("runs.csv")).len(), 1 + n_runs);
}
