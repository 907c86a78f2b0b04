//! A small MLflow server.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// Requests that a server got: method, path and body.
type Asked = Arc<Mutex<Vec<(String, String, Value)>>>;

/// A server that knows one run after it was made.
pub struct Server {
    pub url: String,
    asked: Asked,
}

impl Server {
    /// One that wants this token, if it is not empty.
    pub fn start(token: &'static str) -> Server {
        Server::at(TcpListener::bind("127.0.0.1:0").unwrap(), token)
    }

    /// The same at an address that is known.
    pub fn at(listener: TcpListener, token: &'static str) -> Server {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Asked::default();
        let seen = asked.clone();
        std::thread::Builder::new()
            .spawn(move || {
                for stream in listener.incoming() {
                    answer(stream.unwrap(), &seen, token);
                }
            })
            .unwrap();
        Server { url, asked }
    }

    pub fn bodies(&self, path: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        let of_path = asked.iter().filter(|(_, asked, _)| asked.ends_with(path));
        of_path.map(|(.., body)| body.clone()).collect()
    }

    pub fn metrics(&self) -> Vec<(String, u64)> {
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

fn answer(mut stream: TcpStream, seen: &Asked, token: &str) {
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
        let (mut length, mut is_known) = (0, token.is_empty());
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            let header = header.trim().to_lowercase();
            if header.is_empty() {
                break;
            }
            is_known |= header == format!("authorization: bearer {token}");
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
