//! `candle-studio serve`, the real binary.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::client::Client;
use super::{digits, save};

fn serve(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_candle-studio"));
    command.current_dir(dir).stdin(Stdio::null());
    command
        .arg("serve")
        .args(args)
        .args(["--workspace", "runs"]);
    command
}

/// A process that is killed if its test fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn start(dir: &Path, args: &[&str]) -> (Process, String) {
        let mut command = serve(dir, args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        (Process(child), line)
    }

    /// Ends it as a shutdown does; returns its exit code and what it told.
    #[cfg(unix)]
    fn terminate(mut self) -> (Option<i32>, String) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").arg(&id).status().unwrap().success());
        let status = self.0.wait().unwrap();
        let mut told = String::new();
        let mut stderr = self.0.stderr.take().unwrap();
        stderr.read_to_string(&mut told).unwrap();
        (status.code(), told)
    }
}

fn client(url: &str) -> Client {
    Client::new(url.strip_prefix("http://").unwrap().parse().unwrap())
}

#[cfg(unix)]
#[test]
fn the_first_line_says_where_it_listens_and_a_signal_ends_it_in_order() {
    let dir = tempfile::tempdir().unwrap();
    save(dir.path(), "digits.safetensors", &digits(1.0));
    let args = [
        "digits.safetensors",
        "two=digits.safetensors",
        "--listen",
        "localhost:0",
    ];
    let (process, line) = Process::start(dir.path(), &[&args[..], &["--json", "--log"]].concat());
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["event"], "listening");
    assert_eq!(line["models"], serde_json::json!(["digits", "two"]));
    let mut client = client(line["url"].as_str().unwrap());
    assert_eq!(client.get("/v2/models/two/ready").status, 200);
    assert_eq!(client.get("/v2/models/digits?token=secret").status, 200);
    let (code, told) = process.terminate();
    assert_eq!(code, Some(0), "{told}");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(
        lines[0].contains("Z GET /v2/models/two/ready 200 "),
        "{told}"
    );
    assert!(!told.contains("secret"), "{told}");

    let (process, line) = Process::start(dir.path(), &args);
    assert!(
        line.starts_with("serving digits, two at http://127.0.0.1:"),
        "{line}"
    );
    assert_eq!(process.terminate(), (Some(0), String::new()));
}

#[test]
fn what_cannot_be_served_is_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    save(dir.path(), "m.safetensors", &digits(1.0));
    std::fs::create_dir(dir.path().join("other")).unwrap();
    save(&dir.path().join("other"), "m.safetensors", &digits(1.0));
    std::fs::write(dir.path().join("short"), "abc").unwrap();
    for (args, code, words) in [
        (&["nothing.safetensors"][..], 1, "nothing.safetensors"),
        (
            &["m.safetensors", "other/m.safetensors"][..],
            2,
            "two models are named m",
        ),
        (&["a/b=m.safetensors"][..], 2, "a model's name"),
        (
            &["m.safetensors", "--listen", "0.0.0.0:0"][..],
            2,
            "--token-file",
        ),
        (
            &["m.safetensors", "--listen", "8000"][..],
            2,
            "an address and a port",
        ),
        (
            &["m.safetensors", "--token-file", "short"][..],
            1,
            "16 to 4096 characters",
        ),
        (&["last"][..], 1, "last"),
    ] {
        let output = serve(dir.path(), args).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        assert!(
            told.contains(words) && !told.contains("panicked"),
            "{args:?}: {told}"
        );
        assert!(code == 2 || told.trim_end().lines().count() == 1, "{told}");
        assert!(output.stdout.is_empty());
    }
}
