//! Files that are no longer what was written: noticed, said, and never believed.

use std::fs;
use std::path::{Path, PathBuf};

use candle_studio::model::Classifier;
use candle_studio::runs::RunFolder;
use candle_studio::train::Checkpoint;
use safetensors::SafeTensors;

use super::{assert_same_file, check_failure, folder, json_lines, lines, run, text, train};
use crate::workspace::copy_released;

/// Where to flip a bit: every byte of the header, and `n` places over the whole file.
fn places(bytes: &[u8], n: usize) -> Vec<(usize, u8)> {
    let n_header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = (0..n_header).map(|at| (at, (at % 8) as u8));
    let all = (0..n).map(|i| (i * bytes.len() / n, (i % 8) as u8));
    header.chain(all).collect()
}

fn flipped(bytes: &[u8], (at, bit): (usize, u8)) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1 << bit;
    bytes
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/runs/3e90706")
        .join(name)
}

#[test]
fn no_flipped_bit_of_a_model_or_checkpoint_goes_unnoticed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("m");
    // Files of that version have no checksum, and still open.
    let model = Classifier::load(&fixture("whole.safetensors")).unwrap();
    let bytes = model.to_bytes().unwrap();
    for place in places(&bytes, 100) {
        fs::write(&file, flipped(&bytes, place)).unwrap();
        let loaded = Classifier::load(&file);
        assert!(loaded.is_err(), "byte and bit {place:?} of {}", bytes.len());
    }
    let state = fixture("killed/checkpoints/step-0000000240.safetensors");
    let bytes = Checkpoint::load(&state).unwrap().to_bytes().unwrap();
    assert!(Checkpoint::from_bytes(&bytes).is_ok());
    for place in places(&bytes, 100) {
        let loaded = Checkpoint::from_bytes(&flipped(&bytes, place));
        assert!(loaded.is_err(), "byte and bit {place:?} of {}", bytes.len());
    }
}

#[test]
fn a_model_saved_again_by_another_program_is_not_checked() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("m");
    let model = Classifier::load(&fixture("whole.safetensors")).unwrap();
    let bytes = model.to_bytes().unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut metadata = header.metadata().clone().unwrap();
    assert!(metadata.remove("candle_studio_checksum").is_some());
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let written = safetensors::serialize(tensors.iter(), Some(metadata)).unwrap();
    fs::write(&file, written).unwrap();
    let again = Classifier::load(&file).unwrap();
    assert!(again.to_bytes().unwrap() == bytes);
}

/// Damages one weight in `file`.
fn damage(file: &Path) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, flipped(&bytes, (bytes.len() - 2, 3))).unwrap();
}

#[test]
fn a_damaged_model_is_refused_and_a_damaged_checkpoint_passed_over() {
    let dir = folder();
    let dir = dir.path();
    lines(&train(dir, ["--out", "whole", "--checkpoint-every", "5"]));
    lines(&train(dir, ["--out", "w/run", "--checkpoint-every", "5"]));
    let run_dir = dir.join("w/run");
    let check = || run(dir, &["runs", "check", "--workspace", "w"]);
    assert_eq!(lines(&check()), ["checked 1 run and 0 sweeps: no problems"]);

    // As if killed after its newest checkpoint.
    fs::remove_file(run_dir.join("summary.json")).unwrap();
    fs::remove_file(run_dir.join("model.safetensors")).unwrap();
    let steps = RunFolder::open(&run_dir)
        .unwrap()
        .checkpoint_steps()
        .unwrap();
    let [.., before, newest] = steps[..] else {
        panic!("{steps:?}")
    };
    let state = |step: u64| run_dir.join(format!("checkpoints/step-{step:010}.safetensors"));
    damage(&state(newest));
    let found = check();
    assert_eq!(found.status.code(), Some(1));
    let found = text(&found.stdout);
    assert!(
        found.starts_with("damaged: ") && found.contains("its checksum does not match"),
        "{found}"
    );
    assert!(
        found.ends_with("checked 1 run and 0 sweeps: 1 problem\n"),
        "{found}"
    );
    let resumed = run(dir, &["train", "--resume", "w/run"]);
    assert_eq!(resumed.status.code(), Some(0));
    let said = text(&resumed.stderr);
    assert!(
        said.contains("checksum") && said.contains(&format!("continues from update {before}")),
        "{said}"
    );
    assert_same_file(dir, "whole/model.safetensors", "w/run/model.safetensors");
    assert_eq!(lines(&check()).len(), 1);

    damage(&run_dir.join("model.safetensors"));
    let refused = run(dir, &["evaluate", "w/run", "--data", "data"]);
    check_failure(&refused, 1, "its checksum does not match its content");
}

#[test]
fn check_names_everything_that_is_wrong_and_what_was_left() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let w = dir.join("w");
    let sound = copy_released(&w, "a-sound");
    let cut = copy_released(&w, "b-cut").join("events.jsonl");
    let events = fs::read_to_string(&cut).unwrap();
    fs::write(&cut, events.replacen("\"event\"", "\"evil\"", 3)).unwrap();
    fs::remove_file(copy_released(&w, "c-lost").join("run.toml")).unwrap();
    fs::write(copy_released(&w, "d-notes").join("notes.toml"), "tags = 3").unwrap();
    fs::remove_file(copy_released(&w, "e-gone").join("model.safetensors")).unwrap();
    fs::create_dir(w.join("holidays")).unwrap();
    let left = sound.join(".model.safetensors.aB3dE6");
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    fs::File::create(&left)
        .unwrap()
        .set_modified(hour_ago)
        .unwrap();

    let output = run(dir, &["runs", "check", "--workspace", "w", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found: Vec<serde_json::Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<(&str, &str)> = found[..found.len() - 1]
        .iter()
        .map(|f| (f["kind"].as_str().unwrap(), f["path"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("orphan", "w/c-lost"),
            ("leftover", "w/a-sound/.model.safetensors.aB3dE6"),
            ("damaged", "w/b-cut/events.jsonl"),
            ("damaged", "w/d-notes/notes.toml"),
            ("missing", "w/e-gone/model.safetensors"),
        ]
    );
    let last = found.last().unwrap();
    assert_eq!((&last["runs"], &last["problems"]), (&4.into(), &4.into()));

    // The next listing removes what the killed writer left, and lists what cannot be read.
    let listed = json_lines(&run(dir, &["runs", "list", "--workspace", "w", "--json"]));
    assert!(!left.exists() && sound.join("model.safetensors").exists());
    let unreadable = |run: &&serde_json::Value| run["status"] == "unreadable";
    let ids: Vec<_> = listed.iter().filter(unreadable).map(|r| &r["id"]).collect();
    assert_eq!(ids, ["b-cut", "d-notes"]);
    let table = lines(&run(dir, &["runs", "list", "--workspace", "w"])).join("\n");
    assert!(table.contains("b-cut  cannot be read: "), "{table}");
    let shown = lines(&run(dir, &["runs", "show", "b-cut", "--workspace", "w"])).join("\n");
    assert!(
        shown.contains("events.jsonl") && shown.contains("line "),
        "{shown}"
    );
}
