//! Comparing runs in the window: brushes, dots, bars, verdicts, images and sketches.

use std::path::Path;
use std::sync::Arc;

use candle_studio::data::Dataset;
use candle_studio::model::preset;
use candle_studio::runs::{Recorder, Summary};
use candle_studio::studio::{FileAction, Format, LibraryAction, RunAction, Studio};
use candle_studio::train::{Control, Job, TrainConfig, train};
use candle_studio::ui::StudioApp;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::screenshots::check;
use crate::support::tiny;
use crate::support::window::{draw, settle, wait};

type Window = Harness<'static, StudioApp>;

/// Trains a run of the tiny data into the workspace below `dir`.
fn record(dir: &Path, name: &str, seed: u64, learning_rate: f64) {
    let dataset = Dataset::open_folder(&dir.join("data")).unwrap();
    let preset = preset("softmax").unwrap();
    let mut config = TrainConfig::new(preset, dataset.image_shape(), dataset.n_classes(), 203);
    (config.seed, config.learning_rate, config.epochs) = (seed, learning_rate, 1);
    let job = Job::new(config, Arc::new(dataset)).unwrap();
    let mut recorder = Recorder::create(&dir.join("runs").join(name), name, &job).unwrap();
    let outcome = train(&job, &Control::default(), &mut recorder).unwrap();
    let summary = Summary::new(&outcome);
    let model = outcome.into_classifier(&job);
    recorder.finish(&summary, &model).unwrap();
}

/// A folder with the tiny data and runs of two learning rates with the seeds 1 to `n_seeds`.
fn workspace(n_seeds: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("data")).unwrap();
    tiny::write_folder(&dir.path().join("data"));
    for seed in 1..=n_seeds {
        record(dir.path(), &format!("slow {seed}"), seed, 1e-5);
        record(dir.path(), &format!("fast {seed}"), seed, 1e-2);
    }
    dir
}

fn studio(dir: &Path, wake: candle_studio::studio::Wake) -> Studio {
    let mut studio = Studio::new(Some(dir.join("runs")), wake).unwrap();
    studio.handle(FileAction::OpenData(dir.join("data")));
    studio
}

/// The window on `dir`, with a view of the Compare tab.
fn window(dir: &Path, view: &str, size: [f32; 2]) -> Window {
    let dir = dir.to_owned();
    let mut window = Harness::builder()
        .with_size(size)
        .with_max_steps(60)
        .build_eframe(move |cc| {
            StudioApp::with_studio(cc, studio(&dir, StudioApp::wake(&cc.egui_ctx)))
        });
    wait(&mut window, "the runs", |app| app.studio().runs().len() > 1);
    settle(&mut window);
    window.get_by_label("Compare tab").click();
    window.run_steps(4);
    window.get_by_label(view).click();
    window.run_steps(4);
    window
}

fn selected(window: &Window) -> Vec<String> {
    let mut names: Vec<String> = window
        .state()
        .studio()
        .selected_runs()
        .map(|run| run.id.to_string())
        .collect();
    names.sort();
    names
}

fn drag(window: &mut Window, from: egui::Pos2, to: egui::Pos2) {
    window.hover_at(from);
    window.step();
    window.drag_at(from);
    window.step();
    for i in 1..=4 {
        window.hover_at(from + (to - from) * (i as f32 / 4.0));
        window.step();
    }
    window.drop_at(to);
    window.run_steps(4);
}

/// Keeps the upper half of the axis of the learning rate: the fast runs.
fn keep_fast(window: &mut Window) {
    let axis = window
        .get_by_label_contains("Brush on learning rate")
        .rect();
    drag(
        window,
        axis.center_top() + egui::vec2(0.0, 2.0),
        axis.center() - egui::vec2(0.0, 20.0),
    );
}

#[test]
fn what_is_brushed_on_an_axis_is_selected_everywhere() {
    let dir = workspace(2);
    let mut window = window(dir.path(), "Parallel", [1440.0, 900.0]);
    window.get_by_label_contains("Parallel coordinates of ");
    keep_fast(&mut window);
    assert_eq!(selected(&window), ["fast 1", "fast 2"]);
    window.get_by_label("Clear brushes").click();
    window.run_steps(4);
    assert!(selected(&window).is_empty());

    // Turned around, the upper half is the slow ones; and a click takes the brush away.
    window.get_by_label("Axis learning rate").click();
    window.run_steps(4);
    window.get_by_label("Flipped").click();
    window.run_steps(4);
    window.key_press(egui::Key::Escape);
    window.run_steps(4);
    keep_fast(&mut window);
    assert_eq!(selected(&window), ["slow 1", "slow 2"]);
    window
        .get_by_label_contains("Brush on learning rate: about")
        .click();
    window.run_steps(4);
    assert!(selected(&window).is_empty());
}

#[test]
fn axes_are_moved_and_removed() {
    let dir = workspace(2);
    let mut window = window(dir.path(), "Parallel", [1024.0, 700.0]);
    let x = |window: &Window, axis: &str| window.get_by_label(axis).rect().center().x;
    assert!(x(&window, "Axis learning rate") < x(&window, "Axis test accuracy"));
    window.get_by_label("Axis learning rate").click();
    window.run_steps(4);
    window.get_by_label("Move right").click();
    window.run_steps(4);
    assert!(x(&window, "Axis learning rate") > x(&window, "Axis test accuracy"));
}

#[test]
fn axes_are_dragged_to_where_they_should_stand() {
    let dir = workspace(2);
    let mut window = window(dir.path(), "Parallel", [1440.0, 900.0]);
    let x = |window: &Window, axis: &str| window.get_by_label(axis).rect().center().x;
    let (first, last) = ("Axis learning rate", "Axis test accuracy");
    let (from, to) = (x(&window, first), x(&window, last));
    assert!(from < to);
    let y = window.get_by_label(first).rect().center().y;
    drag(&mut window, egui::pos2(from, y), egui::pos2(to + 4.0, y));
    assert_eq!((x(&window, first), x(&window, last)), (to, from));
    // Dragging is no click: the menu stays closed.
    assert!(window.query_by_label("Flipped").is_none());
}

#[test]
fn a_run_under_the_pointer_is_told_to_all_views() {
    let dir = workspace(1);
    let mut window = window(dir.path(), "Parallel", [1440.0, 900.0]);
    let hovered = |window: &Window| window.state().hovered_run().map(ToString::to_string);
    let axis = |window: &Window, name: &str| window.get_by_label_contains(name).rect();
    let left = axis(&window, "Brush on learning rate").right_top();
    let right = axis(&window, "Brush on test accuracy").left_top();
    // The fast run is the better one: its line goes along the top.
    window.hover_at(left + 0.5 * (right - left) + egui::vec2(0.0, 6.0));
    window.run_steps(3);
    assert_eq!(hovered(&window).as_deref(), Some("fast 1"));
    window.get_by_label("Scatter").click();
    window.run_steps(4);
    let name = "Scatter of test accuracy against learning rate";
    let rect = window.get_by_label(name).rect();
    window.hover_at(egui::pos2(rect.max.x - 24.0, rect.min.y + 24.0));
    window.run_steps(3);
    assert_eq!(hovered(&window).as_deref(), Some("fast 1"));
}

#[test]
fn a_dot_is_selected_by_a_click() {
    let dir = workspace(1);
    let mut window = window(dir.path(), "Scatter", [1440.0, 900.0]);
    let name = "Scatter of test accuracy against learning rate";
    let rect = window.get_by_label(name).rect();
    // The fast run is at the upper right end of the plot.
    let dot = egui::pos2(rect.max.x - 24.0, rect.min.y + 24.0);
    window.hover_at(dot);
    window.run_steps(2);
    window.get_by_label_contains("fast 1\n");
    window.drag_at(dot);
    window.step();
    window.drop_at(dot);
    window.run_steps(4);
    assert_eq!(selected(&window), ["fast 1"]);
}

#[test]
fn the_setting_that_mattered_is_on_top() {
    let dir = workspace(3);
    let mut window = window(dir.path(), "Importance", [1440.0, 900.0]);
    wait(&mut window, "the bars", |app| {
        app.studio().compared().importance.is_some()
    });
    window.run_steps(4);
    let y = |key: &str| {
        let label = format!("{key}: importance");
        window.get_by_label_contains(&label).rect().min.y
    };
    assert!(y("learning rate") < y("seed"));
    window.get_by_label_contains("runs are few for");
}

#[test]
fn a_verdict_with_its_images_and_a_click_puts_one_on_the_canvas() {
    let dir = workspace(3);
    let mut window = window(dir.path(), "Parallel", [1440.0, 900.0]);
    keep_fast(&mut window);
    assert_eq!(selected(&window).len(), 3);
    window.get_by_label("Clear brushes").click();
    window.run_steps(4);
    let axis = window
        .get_by_label_contains("Brush on learning rate")
        .rect();
    drag(&mut window, axis.center_top(), axis.center_bottom());
    assert_eq!(selected(&window).len(), 6);
    window.get_by_label("Verdict").click();
    window.run_steps(4);
    // All seeds of both are taken together.
    window.get_by_label_contains("over 3 and 3 seeds");
    window.get_by_label("This model: not compared on the test images yet.");
    let settings = ["better", "worse"].map(|word| format!("The settings: {word}, surely."));
    assert!(
        settings
            .iter()
            .any(|text| window.query_by_label(text).is_some())
    );
    window.get_by_label("Compare on test images").click();
    wait(&mut window, "the models", |app| {
        app.studio().compared().disagreements.is_some()
    });
    window.run_steps(4);
    window.get_by_label_contains("On the same 61 images");
    assert!(window.query_by_label_contains("This model: not").is_none());
    let tiles: Vec<egui::Rect> = window
        .get_all_by_label_contains("predicted as")
        .map(|tile| tile.rect())
        .collect();
    assert!(!tiles.is_empty());
    assert!(window.state().studio().pad().is_empty());
    window
        .get_all_by_label_contains("predicted as")
        .next()
        .unwrap()
        .click();
    window.run_steps(4);
    assert!(!window.state().studio().pad().is_empty());
}

#[test]
fn missing_seeds_are_trained_one_after_the_other() {
    let dir = workspace(1);
    let mut window = window(dir.path(), "Parallel", [1440.0, 900.0]);
    let axis = window
        .get_by_label_contains("Brush on learning rate")
        .rect();
    drag(&mut window, axis.center_top(), axis.center_bottom());
    window.get_by_label("Verdict").click();
    window.run_steps(4);
    window.get_by_label("The settings: cannot tell from one seed.");
    window.get_by_label("Train 4 more seeds").click();
    wait(&mut window, "six runs", |app| {
        let studio = app.studio();
        studio.runs().len() == 6 && studio.queue().len() == 0 && studio.live_run().is_none()
    });
    window.run_steps(4);
    let studio = window.state().studio();
    let mut seeds: Vec<(String, u64)> = studio
        .runs()
        .iter()
        .map(|run| {
            (
                run.state.config.learning_rate.to_string(),
                run.state.config.seed,
            )
        })
        .collect();
    seeds.sort();
    let expected = [("0.00001", 1), ("0.00001", 2), ("0.00001", 3)];
    let expected = expected
        .into_iter()
        .chain([("0.01", 1), ("0.01", 2), ("0.01", 3)]);
    let expected: Vec<(String, u64)> = expected.map(|(r, s)| (r.to_owned(), s)).collect();
    assert_eq!(seeds, expected);
    window.get_by_label_contains("over 3 and 3 seeds");
}

#[test]
fn stopping_gives_up_what_waits() {
    let dir = workspace(1);
    let mut studio = studio(dir.path(), Arc::new(|| {}));
    let pump = |studio: &mut Studio, is_done: &dyn Fn(&Studio) -> bool| {
        let start = std::time::Instant::now();
        while !is_done(studio) {
            assert!(start.elapsed().as_secs() < 120, "{:?}", studio.notices());
            studio.pump(std::time::Duration::from_millis(5));
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    };
    pump(&mut studio, &|s| {
        s.runs().len() == 2 && s.dataset().is_some_and(|d| d.n_classes() == 4)
    });
    let mut config = studio.runs()[0].state.config.clone();
    config.epochs = 100_000;
    studio.handle(RunAction::Queue(vec![config.clone(), config]));
    assert_eq!(studio.queue().len(), 1);
    pump(&mut studio, &|s| {
        s.live_run().is_some_and(|r| !r.points.is_empty())
    });
    studio.handle(RunAction::Stop);
    pump(&mut studio, &|s| s.live_run().is_none());
    assert_eq!((studio.runs().len(), studio.queue().len()), (3, 0));
    assert!(
        studio
            .notices()
            .iter()
            .any(|n| n.text.contains("Removed 1 run from the queue"))
    );
}

#[test]
fn several_models_answer_the_sketch_while_it_is_drawn() {
    let dir = workspace(1);
    let mut window = window(dir.path(), "Parallel", [1440.0, 900.0]);
    let axis = window
        .get_by_label_contains("Brush on learning rate")
        .rect();
    drag(&mut window, axis.center_top(), axis.center_bottom());
    window.get_by_label("Sketch").click();
    window.run_steps(4);
    let canvas = window.get_by_label("Drawing canvas").rect();
    draw(&mut window, canvas, &[[0.2, 0.5], [0.8, 0.5]]);
    wait(&mut window, "two answers", |app| {
        let predictions = &app.studio().compared().predictions;
        predictions.len() == 2 && predictions.iter().all(|o| matches!(o.answer, Ok(Some(_))))
    });
    window.run_steps(4);
    assert_eq!(window.query_all_by_label_contains("predicts ").count(), 2);
    window.get_by_label("fast 1");
    window.get_by_label("slow 1");
    // Elsewhere nobody follows the pen.
    window.get_by_label("Table").click();
    window.run_steps(4);
    assert!(window.state().studio().compared().predictions.is_empty());
}

#[test]
fn the_selected_runs_are_exported() {
    let dir = workspace(1);
    let mut window = window(dir.path(), "Parallel", [1440.0, 900.0]);
    keep_fast(&mut window);
    window.get_by_label("Export").click();
    window.run_steps(4);
    window.get_by_label("Export runs as a table (CSV)…").click();
    window.run_steps(4);
    window.get_by_label("Export runs as a table to…");
    drop(window);

    let mut studio = studio(dir.path(), Arc::new(|| {}));
    let file = dir.path().join("runs.csv");
    let start = std::time::Instant::now();
    while studio.runs().len() < 2 {
        assert!(start.elapsed().as_secs() < 60);
        studio.pump(std::time::Duration::from_millis(5));
    }
    let fast = studio.runs().iter().find(|run| run.state.name == "fast 1");
    let fast = fast.unwrap().id.clone();
    studio.handle(LibraryAction::Select(vec![fast]));
    studio.handle(LibraryAction::Export(Format::Csv, file.clone()));
    while !file.exists() {
        assert!(start.elapsed().as_secs() < 60, "{:?}", studio.notices());
        studio.pump(std::time::Duration::from_millis(5));
    }
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("id,name,"));
    assert!(lines[1].starts_with("fast 1,fast 1,"), "{}", lines[1]);
    let column = lines[0]
        .split(',')
        .position(|c| c == "learning_rate")
        .unwrap();
    assert_eq!(lines[1].split(',').nth(column), Some("0.01"));
}

/// The runs recorded for pictures, in a folder that may be written to.
fn recorded() -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window/compare");
    let dir = tempfile::tempdir().unwrap();
    for run in std::fs::read_dir(from).unwrap() {
        let run = run.unwrap();
        let to = dir.path().join("runs").join(run.file_name());
        std::fs::create_dir_all(&to).unwrap();
        for file in std::fs::read_dir(run.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    dir
}

/// The recorded runs in a view of the Compare tab.
fn picture(view: &str, size: [f32; 2], theme: egui::Theme) -> (tempfile::TempDir, Window) {
    let dir = recorded();
    let runs = dir.path().join("runs");
    let mut window = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(60)
        .renderer(crate::support::renderer::CpuRenderer::default())
        .build_eframe(move |cc| {
            let studio = Studio::new(Some(runs), StudioApp::wake(&cc.egui_ctx)).unwrap();
            StudioApp::with_studio(cc, studio)
        });
    wait(&mut window, "the runs", |app| {
        app.studio().runs().len() == 35
    });
    settle(&mut window);
    window.get_by_label("Compare tab").click();
    window.run_steps(4);
    window.get_by_label(view).click();
    window.run_steps(8);
    (dir, window)
}

fn keep_the_best(window: &mut Window) {
    let axis = window
        .get_by_label_contains("Brush on test accuracy")
        .rect();
    let to = egui::pos2(axis.center().x, axis.min.y + 0.25 * axis.height());
    drag(window, axis.center_top(), to);
    window.remove_cursor();
    window.run_steps(8);
}

/// Chooses what is compared with what.
fn verdict_on(window: &mut Window, ids: [&str; 2]) {
    for (field, id) in ["Baseline", "Candidate"].into_iter().zip(ids) {
        let name = id.replace('-', " ");
        window.get_by_label(field).click();
        window.run_steps(4);
        window.get_by_label_contains(&name).click();
        window.run_steps(4);
    }
    window.remove_cursor();
    window.run_steps(8);
}

#[test]
fn a_picture_of_many_runs_on_parallel_axes() {
    let (_dir, mut window) = picture("Parallel", [1440.0, 900.0], egui::Theme::Dark);
    keep_the_best(&mut window);
    check(&mut window, "parallel");
}

/// All views in the smallest window, for somebody to look at; with a selection and without.
#[test]
#[ignore = "writes pictures to look at"]
fn small_pictures() {
    let views = [
        "Table",
        "Diff",
        "Parallel",
        "Scatter",
        "Importance",
        "Verdict",
        "Sketch",
    ];
    for (view, is_picked) in views.into_iter().flat_map(|v| [(v, false), (v, true)]) {
        let size = [1024.0, 700.0];
        let (_dir, mut window) = picture(view, size, egui::Theme::Light);
        if is_picked {
            let picked = window.state().studio().runs()[..3].iter();
            let picked = picked.map(|run| run.id.clone()).collect();
            window.state_mut().act(LibraryAction::Select(picked));
            let canvas = window.get_by_label("Drawing canvas").rect();
            draw(&mut window, canvas, &[[0.5, 0.2], [0.5, 0.8]]);
        }
        wait(&mut window, "the bars", |app| {
            view != "Importance" || app.studio().compared().importance.is_some()
        });
        window.remove_cursor();
        window.run_steps(20);
        let name = format!("candle-studio-{view}-{is_picked}.png");
        let path = std::env::temp_dir().join(name);
        window.render().unwrap().save(path).unwrap();
    }
}

#[test]
fn a_picture_of_a_verdict() {
    let (_dir, mut window) = picture("Verdict", [1440.0, 900.0], egui::Theme::Light);
    let first = ["softmax-adam-0.0003-seed-1", "softmax-adam-0.003-seed-1"];
    verdict_on(&mut window, first);
    window.get_by_label("Compare on test images").click();
    wait(&mut window, "the models", |app| {
        app.studio().compared().disagreements.is_some()
    });
    window.run_steps(8);
    check(&mut window, "verdict");
}

#[test]
fn with_no_run_the_tab_leads_on_to_one() {
    for size in [[1440.0, 900.0], [1024.0, 700.0]] {
        let dir = workspace(0);
        let path = dir.path().to_owned();
        let mut window: Window = Harness::builder()
            .with_size(size)
            .with_max_steps(60)
            .build_eframe(move |cc| {
                StudioApp::with_studio(cc, studio(&path, StudioApp::wake(&cc.egui_ctx)))
            });
        settle(&mut window);
        window.get_by_label("Compare tab").click();
        window.run_steps(4);
        window.get_by_label("Open a workspace…").click();
        window.run_steps(8);
        window.get_by_label("Open a workspace");
        window.key_press(egui::Key::Escape);
        window.run_steps(20);
        window.get_by_label("Train a first run").click();
        wait(&mut window, "the run in the table", |app| {
            app.studio().runs().len() == 1
        });
        assert!(window.query_by_label("Train a first run").is_none());
    }
}
