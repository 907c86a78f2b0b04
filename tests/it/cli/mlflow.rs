//! Runs in an MLflow server: what it is sent, and what happens if it is not there. `.ci/mlflow` asks a
//! real one.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::{check_failure, command, folder, run, text, train};
use crate::support::mlflow::Server;

/// Runs a command as somebody whom the server knows.
fn known(dir: &Path, args: &[&str]) -> Output {
    let mut command = command(dir);
    command.env("MLFLOW_TRACKING_TOKEN", "secret");
    command.args(args).output().unwrap()
}

fn export(dir: &Path, server: &Server) -> Output {
    let more = ["--mlflow-experiment", "digits", "--mlflow-register", "best"];
    let args = [
        "runs",
        "export",
        "--workspace",
        "w",
        "last",
        "--mlflow",
        &server.url,
    ];
    known(dir, &[&args, &more[..]].concat())
}

/// How many values of each metric the server has.
fn counts(server: &Server) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (metric, _) in server.metrics() {
        *counts.entry(metric).or_default() += 1;
    }
    counts
}

#[test]
fn a_run_is_sent_whole_and_only_once() {
    let (server, dir) = (Server::start("secret"), folder());
    let dir = dir.path();
    let output = train(dir, ["--workspace", "w", "--name", "mine"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = export(dir, &server);
    assert_eq!(text(&output.stdout), "1 run exported\n", "{output:?}");
    let made = &server.bodies("runs/create")[0];
    assert_eq!(
        (&made["run_name"], &made["experiment_id"]),
        (&json!("mine"), &json!("1"))
    );
    let batches = server.bodies("runs/log-batch");
    let params = batches.iter().filter_map(|body| body["params"].as_array());
    let params: Vec<&Value> = params.flatten().collect();
    assert!(
        params.contains(&&json!({ "key": "epochs", "value": "2" })),
        "{params:?}"
    );
    let sent = server.metrics();
    let counts = counts(&server);
    assert_eq!(
        (
            counts["train_loss"],
            counts["val_accuracy"],
            counts["test_accuracy"]
        ),
        (2, 2, 1)
    );
    assert!(counts["batch_loss"] > 2 && counts["batch_loss"] == counts["learning_rate"]);
    let put = server.bodies("1/r/artifacts/model/model.safetensors");
    assert!(
        put.len() == 1 && put[0]["bytes"].as_u64().unwrap() > 100_000,
        "{put:?}"
    );
    assert_eq!(server.bodies("runs/update")[0]["status"], "FINISHED");
    assert_eq!(server.bodies("model-versions/create")[0]["name"], "best");
    let data = &server.bodies("runs/log-inputs")[0]["datasets"][0]["dataset"];
    assert!(data["digest"].as_str().unwrap().len() >= 16, "{data}");
    // Sent again, no point is there twice.
    assert_eq!(export(dir, &server).status.code(), Some(0));
    assert_eq!(server.metrics(), sent);
    assert_eq!(server.bodies("runs/create").len(), 1);
}

#[test]
fn a_run_is_sent_while_it_trains() {
    let (server, dir) = (Server::start("secret"), folder());
    let args = [
        "train",
        "--data",
        "data",
        "--preset",
        "mlp",
        "--epochs",
        "2",
        "--workspace",
        "w",
        "--mlflow",
        &server.url,
    ];
    let output = known(dir.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let counts = counts(&server);
    assert_eq!((counts["train_loss"], counts["test_loss"]), (2, 1));
    assert_eq!(server.bodies("runs/update").len(), 1);
    assert!(!text(&output.stderr).contains("warning"), "{output:?}");
}

#[test]
fn a_server_that_is_away_or_says_no_is_one_sentence_and_no_run_is_lost() {
    let dir = folder();
    let dir = dir.path();
    // Nobody listens at port 1.
    let output = train(dir, ["--workspace", "w", "--mlflow", "http://127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let words = text(&output.stderr);
    assert!(
        words.contains("warning: the MLflow server") && words.contains("runs export"),
        "{words}"
    );
    let server = Server::start("secret");
    let export = |url: &str| {
        run(
            dir,
            &["runs", "export", "--workspace", "w", "--mlflow", url],
        )
    };
    check_failure(&export("localhost:5000"), 1, "found `localhost:5000`");
    check_failure(&export("http://127.0.0.1:1"), 1, "could not be reached");
    check_failure(&export(&server.url), 1, "who are you?");
    let nothing = train(dir, ["--no-record", "--mlflow", &server.url]);
    check_failure(&nothing, 2, "this run is not");
}
