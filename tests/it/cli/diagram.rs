//! What `diagram` draws.

use std::fs;
use std::path::Path;

use super::{check_failure, folder, run, text, train};

#[test]
fn networks_are_drawn_from_presets_models_runs_and_configurations() {
    let dir = folder();
    let svg = |args: &[&str]| {
        let output = run(dir.path(), &[&["diagram"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        fs::read_to_string(dir.path().join("network.svg")).unwrap()
    };
    let lstm = svg(&["--preset", "lstm", "--dark"]);
    assert!(
        lstm.starts_with("<svg ") && lstm.contains("lstm1"),
        "{lstm}"
    );

    let more = ["--out", "one", "--save", "m.safetensors"];
    let output = train(dir.path(), more);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let model = svg(&["m.safetensors"]);
    assert!(model.contains("dense1") && !model.contains("lstm1"));
    assert_eq!(svg(&["one"]), model);
    let args = [
        "train",
        "--data",
        "data",
        "--preset",
        "mlp",
        "--print-config",
    ];
    let config = run(dir.path(), &args);
    fs::write(dir.path().join("c.toml"), &config.stdout).unwrap();
    assert_eq!(svg(&["--config", "c.toml"]), model);

    let diagram = |args: &[&str]| run(dir.path(), &[&["diagram"], args].concat());
    check_failure(
        &diagram(&["--preset", "mlp", "--out", "n.pdf"]),
        2,
        ".svg or .png",
    );
    check_failure(&diagram(&["nothing"]), 1, "nothing");
    assert!(!diagram(&[]).status.success(), "which network?");
    assert!(
        !diagram(&["m.safetensors", "--preset", "mlp"])
            .status
            .success()
    );
}

/// The picture in the README.
#[test]
fn a_picture_of_a_network() {
    let dir = folder();
    let args = ["diagram", "--preset", "resnet-small", "--out", "n.png"];
    let output = run(dir.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let new = dir.path().join("n.png");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots/diagram.png");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::copy(new, path).unwrap();
        return;
    }
    let picture = |path: &Path| image::open(path).unwrap().into_rgba8();
    assert!(
        picture(&new) == picture(&path),
        "screenshots/diagram.png is no longer what is drawn"
    );
}
