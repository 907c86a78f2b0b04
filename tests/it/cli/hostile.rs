//! Small files that claim large networks: one sentence, at once, and next to no memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::{check_failure, command, folder, lines, run, text, train, write_png};
use crate::support::tiny::{self, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, idx};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/hostile")
        .join(name)
}

/// Address space for the program, in KiB: a tenth of what the claims of these files come to. What
/// an allocator, threads and the program itself reserve is part of it.
const ADDRESS_SPACE: &str = "400000";

/// Longer than refusing takes on any machine.
const SOON: Duration = Duration::from_secs(3);

/// `candle-studio` with little memory, where the system can be told so.
fn run_small(dir: &Path, args: &[&str]) -> Output {
    let whole = command(dir);
    let mut small = Command::new("sh");
    small.args([
        "-c",
        &format!("ulimit -v {ADDRESS_SPACE}; exec \"$0\" \"$@\""),
    ]);
    small.arg(whole.get_program()).current_dir(dir);
    for (name, value) in whole.get_envs() {
        match value {
            Some(value) => small.env(name, value),
            None => small.env_remove(name),
        };
    }
    let mut chosen = if cfg!(target_os = "linux") {
        small
    } else {
        whole
    };
    chosen.args(args).output().unwrap()
}

/// Checks that the command is refused with `code` and `words`, soon, and with little memory.
fn check_refused(dir: &Path, args: &[&str], code: i32, words: &str) {
    let start = Instant::now();
    let output = run_small(dir, args);
    let took = start.elapsed();
    check_failure(&output, code, words);
    assert!(text(&output.stderr).len() < 700, "{}", text(&output.stderr));
    assert!(took < SOON, "{args:?} took {took:?}");
}

/// Checks that every command which opens a model file refuses `file`.
fn check_model(dir: &Path, file: &Path, words: &str) {
    let file = file.to_str().unwrap();
    check_refused(dir, &["predict", file, "a.png"], 1, words);
    check_refused(dir, &["evaluate", file, "--data", "data"], 1, words);
    check_refused(dir, &["diagram", file], 1, words);
}

/// A folder with data, a model `good` and a picture of it.
fn studio_folder() -> tempfile::TempDir {
    let dir = folder();
    train(dir.path(), ["--save", "good"]);
    write_png(&dir.path().join("a.png"), tiny::image(0, 1));
    dir
}

#[test]
fn a_model_file_is_compared_with_its_header_before_a_weight_is_made() {
    let dir = studio_folder();
    // What is allowed runs with so little memory, too.
    lines(&run_small(dir.path(), &["predict", "good", "a.png"]));
    for (name, words) in [
        ("claims-300k-units", "it holds 0 tensors, its layers need 4"),
        ("lstm-units", "it holds 0 tensors, its layers need 6"),
        (
            "input-100000",
            "images of 100000×100000 pixels are too large",
        ),
    ] {
        let file = fixture(&format!("{name}.safetensors"));
        check_model(dir.path(), &file, words);
    }
}

/// A file of tensors with its header changed.
fn with_header(bytes: &[u8], change: impl FnOnce(String) -> String) -> Vec<u8> {
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().unwrap()) as usize;
    let (header, data) = rest.split_at(length);
    let header = change(text(header).to_owned());
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), data].concat()
}

#[test]
fn layers_and_words_nested_ten_thousand_deep_do_not_overflow_the_stack() {
    let dir = studio_folder();
    let good = fs::read(dir.path().join("good")).unwrap();
    let deep = 10_000;
    let open = r#"{\"kind\":\"residual\",\"layers\":["#.repeat(deep);
    let close = "]}".repeat(deep);
    let blocks = with_header(&good, |header| {
        header.replacen(r#"{\"kind\":\"flatten\"}"#, &format!("{open}{close}"), 1)
    });
    let lists = with_header(&good, |header| {
        let deep = format!("{}{}", "[".repeat(deep), "]".repeat(deep));
        header.replacen(
            r#"\"config\":"#,
            &format!(r#"\"config\":[{deep}],\"was\":"#),
            1,
        )
    });
    let names = with_header(&good, |header| {
        let deep = format!("{}{}", "[".repeat(deep), "]".repeat(deep));
        header.replacen('{', &format!("{{\"x\":{deep},"), 1)
    });
    for (bytes, words) in [
        (blocks, "recursion limit"),
        (lists, "recursion limit"),
        (names, "not a complete safetensors file"),
    ] {
        fs::write(dir.path().join("bad"), bytes).unwrap();
        check_model(dir.path(), Path::new("bad"), words);
    }
    for (name, config) in [
        (
            "inline.toml",
            format!("model = {}{}", "[".repeat(deep), "]".repeat(deep)),
        ),
        ("dotted.toml", format!("{} = 1", vec!["a"; deep].join("."))),
        (
            "table.toml",
            format!("[{}]\nb = 1", vec!["a"; deep].join(".")),
        ),
        (
            "blocks.toml",
            format!(
                "[model]\nlayers = [{}{}]",
                "{kind=\"residual\",layers=[".repeat(deep / 3),
                "]}".repeat(deep / 3)
            ),
        ),
    ] {
        fs::write(dir.path().join(name), config).unwrap();
        let args = ["train", "--data", "data", "--config", name];
        check_refused(dir.path(), &args, 2, "nested deeper than 80 levels");
    }
    let kind = with_header(&good, |header| {
        let kind = format!(r#"\"{}\\n\""#, "flat".repeat(10_000));
        header.replacen(r#"\"flatten\""#, &kind, 1)
    });
    fs::write(dir.path().join("bad"), kind).unwrap();
    check_model(dir.path(), Path::new("bad"), "unknown variant `flatflat");
    let set = format!("model={}{}", "[".repeat(deep), "]".repeat(deep));
    check_refused(
        dir.path(),
        &["train", "--data", "data", "--set", &set],
        2,
        "--set",
    );
}

#[test]
fn a_thousand_layers_are_the_most_in_every_file() {
    let dir = studio_folder();
    let good = fs::read(dir.path().join("good")).unwrap();
    let relu = r#"{\"kind\":\"relu\"},"#;
    let many = |n: usize| {
        with_header(&good, |header| {
            let flatten = r#"{\"kind\":\"flatten\"},"#;
            header.replacen(flatten, &format!("{}{flatten}", relu.repeat(n)), 1)
        })
    };
    fs::write(dir.path().join("bad"), many(1_000)).unwrap();
    check_model(
        dir.path(),
        Path::new("bad"),
        "layers are too many: at most 1000",
    );
    fs::write(dir.path().join("bad"), many(70_000)).unwrap();
    check_model(dir.path(), Path::new("bad"), "the limit is 1048576");
    let config = lines(&run(
        dir.path(),
        &["train", "--data", "data", "--print-config"],
    ));
    let config = config.join("\n");
    let layers = "\n[[model.layers]]\nkind = \"relu\"\n".repeat(1_001);
    fs::write(dir.path().join("many.toml"), format!("{config}\n{layers}")).unwrap();
    let args = ["train", "--data", "data", "--config", "many.toml"];
    check_refused(dir.path(), &args, 2, "layers are too many: at most 1000");
    fs::write(dir.path().join("long.toml"), " ".repeat(2 << 20)).unwrap();
    let args = ["train", "--data", "data", "--config", "long.toml"];
    check_refused(
        dir.path(),
        &args,
        1,
        "larger than the limit of 131072 bytes",
    );
}

/// Blank images of MNIST's size: as many as the configuration in question learns from.
fn write_blank_data(dir: &Path) {
    fs::create_dir(dir).unwrap();
    for (n, images, labels) in [
        (6_000, TRAIN_IMAGES, TRAIN_LABELS),
        (10, TEST_IMAGES, TEST_LABELS),
    ] {
        fs::write(dir.join(images), idx(&[n, 28, 28], &vec![0; n * 784])).unwrap();
        let classes: Vec<u8> = (0..n).map(|i| (i % 10) as u8).collect();
        fs::write(dir.join(labels), idx(&[n], &classes)).unwrap();
    }
}

#[test]
fn activations_that_no_memory_holds_are_refused_before_training() {
    let dir = tempfile::tempdir().unwrap();
    write_blank_data(&dir.path().join("data"));
    let config = fs::read_to_string(fixture("huge-activations.toml")).unwrap();
    // The file itself takes 125 GB, which some machines have; this takes 54 TB.
    let config = config.replace("channels = 30000", "channels = 13000000");
    fs::write(dir.path().join("huge.toml"), config).unwrap();
    fs::write(
        dir.path().join("sweep.toml"),
        "config = \"huge.toml\"\nmethod = \"grid\"\n[[search]]\nkey = \"learning_rate\"\nlist = [0.1, 0.2]\n",
    )
    .unwrap();
    let words = "training takes about";
    for command in ["train", "lr-find"] {
        let args = [command, "--data", "data", "--config", "huge.toml"];
        check_refused(dir.path(), &args, 2, words);
    }
    check_refused(
        dir.path(),
        &["sweep", "sweep.toml", "--data", "data"],
        2,
        words,
    );
}

#[test]
fn parallel_trials_that_no_memory_holds_are_refused() {
    let dir = folder();
    // A trial takes 1 GB, of which 1,024 take more than there is.
    let set = "model={ input=[1,12,12], classes=4, layers=[{kind='flatten'}, \
               {kind='dense',units=400000}, {kind='dense',units=4}]}";
    let args = ["train", "--data", "data", "--set", set, "--print-config"];
    let config = lines(&run(dir.path(), &args)).join("\n");
    fs::write(dir.path().join("wide.toml"), config).unwrap();
    let sweep = "config = \"wide.toml\"\nparallel = 1024\ntrials = 2\n[[search]]\n\
                 key = \"learning_rate\"\nlist = [0.1, 0.2]\n";
    fs::write(dir.path().join("sweep.toml"), sweep).unwrap();
    let args = ["sweep", "sweep.toml", "--data", "data"];
    let words = "parallel must be smaller: training 1,024 trials at once takes about";
    check_refused(dir.path(), &args, 2, words);
}

#[test]
fn a_checkpoint_that_claims_another_network_is_refused() {
    let dir = folder();
    let args = [
        "train", "--data", "data", "--preset", "mlp", "--epochs", "1", "--out", "run",
    ];
    lines(&run(dir.path(), &[&args[..], &["--json"]].concat()));
    let checkpoints = dir.path().join("run/checkpoints");
    for entry in fs::read_dir(checkpoints).unwrap() {
        let file = entry.unwrap().path();
        let bytes = with_header(&fs::read(&file).unwrap(), |header| {
            header.replacen(r#"\"units\":256"#, r#"\"units\":200000"#, 1)
        });
        fs::write(&file, bytes).unwrap();
    }
    let args = [
        "train", "--data", "data", "--resume", "run", "--extend", "1",
    ];
    check_refused(
        dir.path(),
        &args,
        1,
        "should have shape [144, 200000], it has [144, 256]",
    );
}
