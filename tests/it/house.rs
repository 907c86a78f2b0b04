//! Who may use whom: the `crate::` paths of the source, held against ARCHITECTURE.md's picture.

use std::fs;
use std::path::{Path, PathBuf};

/// Every room, and the rooms below it that it may use. A new room is put in here first.
const ROOMS: &[(&str, &[&str])] = &[
    ("random", &[]),
    ("signals", &[]),
    ("text", &[]),
    ("files", &["text"]),
    ("stats", &[]),
    ("kernels", &["random"]),
    ("data", &["random", "files", "stats", "text", "kernels"]),
    ("onnx", &[]),
    ("model", &["random", "files", "text", "data", "kernels"]),
    ("import", &["files", "text", "data", "model", "onnx"]),
    ("evaluate", &["stats", "data", "kernels", "model"]),
    (
        "train",
        &[
            "random", "files", "stats", "text", "data", "kernels", "model", "import", "evaluate",
        ],
    ),
    (
        "predict",
        &["random", "stats", "data", "kernels", "model", "train"],
    ),
    ("explain", &["random", "stats", "data", "kernels", "model"]),
    ("embed", &["random", "data", "kernels", "model", "evaluate"]),
    (
        "runs",
        &[
            "random", "files", "stats", "text", "data", "kernels", "model", "train",
        ],
    ),
    (
        "picture",
        &[
            "files", "stats", "text", "kernels", "model", "evaluate", "train", "runs",
        ],
    ),
    (
        "compare",
        &[
            "random", "stats", "text", "data", "model", "train", "evaluate", "runs",
        ],
    ),
    (
        "export",
        &[
            "random", "files", "text", "data", "onnx", "model", "evaluate", "train", "runs",
            "compare",
        ],
    ),
    (
        "sweep",
        &[
            "random", "files", "stats", "text", "data", "kernels", "model", "train", "runs",
        ],
    ),
    (
        "report",
        &["text", "data", "model", "evaluate", "runs", "picture"],
    ),
    (
        "serve",
        &[
            "files", "stats", "data", "kernels", "model", "import", "predict",
        ],
    ),
    (
        "studio",
        &[
            "random", "files", "stats", "text", "data", "kernels", "model", "import", "train",
            "predict", "explain", "embed", "evaluate", "runs", "picture", "compare", "export",
            "report", "sweep", "serve",
        ],
    ),
    (
        "cli",
        &[
            "random", "signals", "files", "stats", "text", "data", "kernels", "model", "import",
            "train", "predict", "explain", "embed", "evaluate", "runs", "picture", "compare",
            "export", "report", "sweep", "serve",
        ],
    ),
    (
        "ui",
        &[
            "random", "signals", "files", "stats", "text", "data", "kernels", "model", "import",
            "train", "predict", "explain", "embed", "evaluate", "runs", "picture", "compare",
            "export", "sweep", "studio",
        ],
    ),
];

/// Crates only the window may know.
const WINDOW_CRATES: [&str; 6] = ["egui", "eframe", "egui_plot", "egui_tiles", "rfd", "winit"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The room a file belongs to: the folder or file under `src`.
fn room(file: &Path) -> String {
    let inside = file.strip_prefix(source()).unwrap();
    let first = inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The text with comments blanked out, lines kept.
fn code(text: &str) -> String {
    let uncommented = |line: &str| {
        let end = line
            .find("//")
            .filter(|&at| !line[..at].ends_with(':'))
            .unwrap_or(line.len());
        line[..end].to_owned()
    };
    text.lines().map(uncommented).collect::<Vec<_>>().join("\n")
}

fn identifier(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    &text[..end]
}

/// Rooms named by `crate::` paths, with their lines: also those inside `use crate::{..}`.
fn rooms_used(code: &str) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let is_whole_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if !is_whole_word {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => used.push((line, identifier(rest).to_owned())),
            Some(group) => used.extend(first_names(group).into_iter().map(|name| (line, name))),
        }
    }
    used
}

/// The first names of the paths in `a::b, c::{d, e}, f}..`.
fn first_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut is_first) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_first = true,
            _ if c.is_whitespace() => {}
            _ => {
                if depth == 0 && std::mem::replace(&mut is_first, false) {
                    names.push(identifier(&group[at..]).to_owned());
                }
            }
        }
    }
    names
}

/// Lines that name a crate of the window as the start of a path.
fn window_crates_used(code: &str) -> Vec<(usize, &'static str)> {
    let mut used = Vec::new();
    for (idx, line) in code.lines().enumerate() {
        for name in WINDOW_CRATES {
            let is_path = line
                .match_indices(&format!("{name}::"))
                .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            if is_path
                || line
                    .trim_end_matches(';')
                    .trim_end()
                    .ends_with(&format!("use {name}"))
            {
                used.push((idx + 1, name));
            }
        }
    }
    used
}

#[test]
fn arrows_only_point_down() {
    let mut files = Vec::new();
    rust_files(&source(), &mut files);
    assert!(files.len() > 20, "found only {} source files", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let room = room(&file);
        let code = code(&fs::read_to_string(&file).unwrap());
        let place = |line: usize| format!("{}:{line}", file.display());
        if !["ui", "main"].contains(&room.as_str()) {
            for (line, name) in window_crates_used(&code) {
                wrong.push(format!("{}: only the window may know {name}", place(line)));
            }
        }
        if ["lib", "main"].contains(&room.as_str()) {
            continue;
        }
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!(
                "{}: the room {room} is not in the picture",
                place(1)
            ));
            continue;
        };
        for (line, used) in rooms_used(&code) {
            if used != room && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{}: {room} may not use {used}", place(line)));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn paths_are_found_where_they_hide() {
    let code = code(
        "use crate::data::Dataset; // crate::ui\nuse crate::{model::{A, B}, train::C};\n\
         fn f() { crate::files::write(); pub_crate::x(); }\nuse egui;\nlet a: rfd::X = my_egui::Y;",
    );
    let used = rooms_used(&code);
    let names: Vec<(usize, &str)> = used
        .iter()
        .map(|(line, name)| (*line, name.as_str()))
        .collect();
    assert_eq!(
        names,
        [(1, "data"), (2, "model"), (2, "train"), (3, "files")]
    );
    assert_eq!(window_crates_used(&code), [(4, "egui"), (5, "rfd")]);
}

#[test]
fn the_picture_has_no_circle() {
    // Every room uses only rooms that stand before it in the list.
    for (idx, (room, allowed)) in ROOMS.iter().enumerate() {
        for used in *allowed {
            assert!(
                ROOMS[..idx].iter().any(|(name, _)| name == used),
                "{room} uses {used}"
            );
        }
    }
}

#[test]
fn run_folders_name_the_candle_they_are_built_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let code = fs::read_to_string(root.join("src/runs/manifest.rs")).unwrap();
    let version = code
        .split("CANDLE_VERSION: &str = \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(
        manifest.contains(&format!("candle-core = \"={version}\"")),
        "{version}"
    );
}

#[test]
fn the_tests_that_security_md_names_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let mut files = Vec::new();
    for dir in ["src", "tests"] {
        rust_files(&root.join(dir), &mut files);
    }
    let code: String = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let is_test = |name: &&str| name.matches('_').count() > 2 && identifier(name) == *name;
    let named: Vec<&str> = text.split('`').skip(1).step_by(2).filter(is_test).collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        assert!(
            code.contains(&format!("fn {name}()")),
            "there is no test {name}"
        );
    }
}

#[test]
fn closures_on_vectors_are_inlined() {
    let mut files = Vec::new();
    rust_files(&source(), &mut files);
    let mut n_calls = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for call in ["::run_closure(", " closure_on_simd("] {
            for (_, argument) in text.match_indices(call).map(|(at, _)| text.split_at(at)) {
                let argument = argument[call.len()..].trim_start();
                let inlined = argument.starts_with("#[inline(always)]");
                assert!(
                    inlined,
                    "{}: {}",
                    file.display(),
                    argument.lines().next().unwrap()
                );
                n_calls += 1;
            }
        }
    }
    assert!(n_calls > 10);
}
