//! Runs in an MLflow server: what it is sent, and what happens if it is not there. `.ci/mlflow` asks a
//! real one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{check_failure, command, folder, run, text, train};

/// Requests that a server got: method, path and body.
type Asked = Arc<Mutex<Vec<(String, String, Value)>>>;

/// A server that knows one run after it was made.
struct Server {
    url: String,
    asked: Asked,
}

impl Server {
    fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Asked::default();
        let seen = asked.clone();
        std::thread::Builder::new()
            .spawn(move || {
                for stream in listener.incoming() {
                    answer(stream.unwrap(), &seen);
                }
            })
            .unwrap();
        Server { url, asked }
    }

    fn bodies(&self, path: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        let of_path = asked.iter().filter(|(_, asked, _)| asked.ends_with(path));
        of_path.map(|(.., body)| body.clone()).collect()
    }

    fn metrics(&self) -> Vec<(String, u64)> {
        let batches = self.bodies("runs/log-batch");
        let all = batches.iter().filter_map(|body| body["metrics"].as_array());
        let point = |m: &Value| {
            (
                m["key"].as_str().unwrap().to_owned(),
                m["step"].as_u64().unwrap(),
            )
        };
        all.flatten().map(point).collect()
    }
}

fn answer(mut stream: TcpStream, seen: &Asked) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split(' ');
        let (method, path) = (
            words.next().unwrap().to_owned(),
            words.next().unwrap().to_owned(),
        );
        let (mut length, mut is_known) = (0, false);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            let header = header.trim().to_lowercase();
            if header.is_empty() {
                break;
            }
            is_known |= header == "authorization: bearer secret";
            if let Some(n) = header.strip_prefix("content-length: ") {
                length = n.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let json = serde_json::from_slice(&body).unwrap_or(json!({ "bytes": length }));
        let (status, reply) = match is_known {
            true => reply(&path, seen),
            false => (401, json!({ "message": "who are you?" })),
        };
        seen.lock().unwrap().push((method, path, json));
        let reply = reply.to_string();
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n",
            reply.len()
        );
        stream.write_all((head + &reply).as_bytes()).unwrap();
    }
}

fn reply(path: &str, seen: &Asked) -> (u16, Value) {
    let run = json!({
        "info": { "run_id": "r", "artifact_uri": "mlflow-artifacts:/1/r/artifacts", "status": "RUNNING" },
    });
    let name = path.trim_start_matches("/api/2.0/mlflow/");
    let was_asked = |name: &str| {
        seen.lock()
            .unwrap()
            .iter()
            .any(|(_, path, _)| path.ends_with(name))
    };
    let missing = json!({ "error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no" });
    match name {
        _ if name.starts_with("experiments/get-by-name") => (404, missing),
        "experiments/create" => (200, json!({ "experiment_id": "1" })),
        "runs/search" if was_asked("runs/create") => {
            let batches = seen.lock().unwrap();
            let metrics = batches
                .iter()
                .filter_map(|(.., body)| body["metrics"].as_array());
            let newest: BTreeMap<&str, &Value> = metrics
                .flatten()
                .map(|m| (m["key"].as_str().unwrap(), m))
                .collect();
            let metrics: Vec<&Value> = newest.into_values().collect();
            (
                200,
                json!({ "runs": [{ "info": run["info"], "data": { "metrics": metrics } }] }),
            )
        }
        "runs/search" => (200, json!({})),
        "runs/create" => (200, json!({ "run": run })),
        _ => (200, json!({})),
    }
}

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
    let (server, dir) = (Server::start(), folder());
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
    let (server, dir) = (Server::start(), folder());
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
    let server = Server::start();
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
