//! The window through its front door: what a person sees and presses, by its name.

use std::time::Duration;

use candle_studio::model::{Classifier, PRESETS};
use candle_studio::runs::{RunState, Status};
use candle_studio::studio::{Model, Studio};
use candle_studio::train::{Event, Finish, Setting, StepPoint, TrainConfig, Value};
use candle_studio::ui::StudioApp;
use egui::{Key, Modifiers, Role, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::studio::write_diverged_model;
use crate::support::window::{
    Window, answer, choose_small, click, draw, draw_one, press, set, studio, type_text, wait,
    wait_for_end, window, window_of,
};

#[test]
fn train_watch_draw_undo_and_clear() {
    let mut window = window();
    assert!(window.query_by_label("Loss curves").is_none());
    choose_small(&mut window, 2);
    click(&mut window, "Train");
    wait_for_end(&mut window);
    window.get_by_label("Loss curves");
    window.get_by_label("Accuracy curves");
    window.get_by_label("softmax 1");
    let run = &studio(&window).runs()[0].state;
    assert_eq!(run.status, Status::Finished(Finish::Completed));

    draw_one(&mut window);
    let first = answer(&mut window);
    let winner = studio(&window).prediction().unwrap().class;
    let percent = 100.0 * first[winner];
    window.get_by_label(&format!("{winner}: {percent:.1} %"));

    let canvas = window.get_by_label("Drawing canvas").rect();
    draw(&mut window, canvas, &[[0.2, 0.2], [0.8, 0.2], [0.8, 0.6]]);
    assert_ne!(answer(&mut window), first);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(answer(&mut window), first);
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert!(studio(&window).pad().is_empty());
    window.get_by_label("7: no prediction yet");
    press(
        &mut window,
        Modifiers::COMMAND.plus(Modifiers::SHIFT),
        Key::Z,
    );
    assert!(studio(&window).pad().is_empty(), "nothing was taken back");
}

#[test]
fn a_fast_stroke_keeps_all_its_points_and_the_right_button_erases() {
    let mut window = window();
    let canvas = window.get_by_label("Drawing canvas").rect();
    let at = |x: f32, y: f32| canvas.min + canvas.size() * egui::vec2(x, y);
    let button = |pos, button, pressed| egui::Event::PointerButton {
        pos,
        button,
        pressed,
        modifiers: Modifiers::NONE,
    };
    // A corner between two frames: only all moves together draw it.
    window.hover_at(at(0.2, 0.2));
    window.step();
    window.event(button(at(0.2, 0.2), egui::PointerButton::Primary, true));
    window.event(egui::Event::PointerMoved(at(0.8, 0.2)));
    window.event(egui::Event::PointerMoved(at(0.8, 0.8)));
    window.event(button(at(0.8, 0.8), egui::PointerButton::Primary, false));
    window.run_steps(3);
    let ink = |window: &Window, x: f32, y: f32| {
        let image = studio(window).pad().image();
        image.pixels[(y * 280.0) as usize * 280 + (x * 280.0) as usize]
    };
    for (x, y) in [(0.2, 0.2), (0.5, 0.2), (0.8, 0.2), (0.8, 0.5), (0.8, 0.8)] {
        assert_eq!(ink(&window, x, y), 255, "at {x}, {y}");
    }
    assert_eq!(ink(&window, 0.5, 0.5), 0);

    window.event(button(at(0.5, 0.2), egui::PointerButton::Secondary, true));
    window.step();
    window.event(button(at(0.5, 0.2), egui::PointerButton::Secondary, false));
    window.run_steps(3);
    assert_eq!(ink(&window, 0.5, 0.2), 0, "erased");
    assert_eq!(ink(&window, 0.8, 0.5), 255);
    click(&mut window, "Undo");
    assert_eq!(ink(&window, 0.5, 0.2), 255);
}

#[test]
fn mistakes_are_told_at_their_fields_and_training_waits_for_them() {
    let mut window = window();
    set(&mut window, "Learning rate", 0.0);
    set(&mut window, "Batch size", 70_000.0);
    window.get_by_label("Must be above 0, found 0.");
    window.get_by_label_contains("Must be between 1 and the 55,000 training images, found 70,000");
    assert_eq!(studio(&window).errors().len(), 2);
    click(&mut window, "Train");
    assert!(studio(&window).runs().is_empty());
    set(&mut window, "Learning rate", 0.01);
    set(&mut window, "Batch size", 64.0);
    assert_eq!(studio(&window).errors(), []);

    // Without its flatten layer the network does not fit.
    click(&mut window, "flatten1: Flatten");
    click(&mut window, "Remove layer");
    window.get_by_label_contains("Dense needs a flat list of values");
    assert_eq!(studio(&window).draft().preset, "custom");
}

#[test]
fn layers_are_added_edited_and_moved() {
    let mut window = window();
    click(&mut window, "conv1: Conv 2-D 32 of 3×3");
    set(&mut window, "Filters", 8.0);
    click(&mut window, "conv1: Conv 2-D 8 of 3×3");
    click(&mut window, "dense1: Dense 128");
    click(&mut window, "Add layer");
    click(&mut window, "Dropout");
    let layers = |window: &Window| -> Vec<String> {
        let layers = &studio(window).draft().model.layers;
        layers
            .iter()
            .map(|l| format!("{} {}", l.label(), l.detail()))
            .collect()
    };
    assert_eq!(
        layers(&window)[4..7],
        ["Dense 128", "Dropout 0.25", "ReLU "]
    );
    click(&mut window, "Move layer down");
    assert_eq!(
        layers(&window)[4..7],
        ["Dense 128", "ReLU ", "Dropout 0.25"]
    );
    set(&mut window, "Rate", 0.5);
    assert_eq!(layers(&window)[6], "Dropout 0.5");
    assert_eq!(studio(&window).errors(), []);
}

#[test]
fn keys_steer_training_but_not_while_someone_types() {
    let mut window = window();
    choose_small(&mut window, 10_000);
    press(&mut window, Modifiers::COMMAND, Key::Enter);
    wait(&mut window, "training", |app| {
        app.studio().live_run().is_some_and(|r| r.points.len() > 10)
    });
    press(&mut window, Modifiers::NONE, Key::Space);
    wait(&mut window, "the pause", |app| {
        app.studio()
            .live_run()
            .is_some_and(|r| r.status == Status::Paused)
    });
    window.get_by_label("Resume");
    let n_steps = studio(&window).live_run().unwrap().points.len();
    click(&mut window, "Step");
    wait(&mut window, "a step", |app| {
        app.studio()
            .live_run()
            .is_some_and(|r| r.points.len() == n_steps + 1)
    });

    window
        .get_by_role_and_label(Role::TextInput, "Seed")
        .focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Space);
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(studio(&window).live_run().unwrap().status, Status::Paused);
    press(&mut window, Modifiers::NONE, Key::Escape);
    click(&mut window, "Resume");
    wait(&mut window, "going on", |app| {
        app.studio()
            .live_run()
            .is_some_and(|r| r.status == Status::Running)
    });
    click(&mut window, "Stop");
    wait_for_end(&mut window);
}

#[test]
fn a_change_while_training_is_one_change_and_is_marked() {
    let mut window = window();
    choose_small(&mut window, 10_000);
    click(&mut window, "Train");
    wait(&mut window, "training", |app| {
        app.studio().live_run().is_some_and(|r| r.points.len() > 10)
    });
    let field = window.get_by_role_and_label(Role::SpinButton, "Learning rate");
    let from = field.rect().center();
    window.drag_at(from);
    window.run_steps(2);
    for i in 1..20 {
        window.hover_at(from + egui::vec2(3.0 * i as f32, 0.0));
        window.step();
    }
    window.drop_at(from + egui::vec2(60.0, 0.0));
    wait(&mut window, "the change", |app| {
        app.studio()
            .live_run()
            .is_some_and(|r| !r.changes.is_empty())
    });
    window.run_steps(20);
    let changes = &studio(&window).live_run().unwrap().changes;
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(changes[0].setting, Setting::LearningRate);
    assert!(matches!(changes[0].new, Value::Number(new) if new > 0.001));
    click(&mut window, "Stop");
    wait_for_end(&mut window);
}

#[test]
fn a_model_is_saved_and_opened_by_typing_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.safetensors");
    let mut window = window();
    choose_small(&mut window, 1);
    click(&mut window, "Train");
    wait_for_end(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::S);
    window.get_by_label("Save model to…");
    press(&mut window, Modifiers::COMMAND, Key::A);
    type_text(&mut window, &path.display().to_string());
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait(&mut window, "the file", |app| {
        !app.studio().notices().is_empty()
    });
    assert!(path.is_file());
    window.get_by_label_contains("mine.safetensors");
    click(&mut window, "Dismiss");
    assert!(studio(&window).notices().is_empty());

    press(&mut window, Modifiers::COMMAND, Key::O);
    type_text(&mut window, &path.display().to_string());
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait(&mut window, "the model", |app| {
        matches!(app.studio().model(), Model::Opened { .. })
    });
    window.get_by_label("mine.safetensors");
    click(&mut window, "Use the trained model");
    assert!(matches!(studio(&window).model(), Model::Trained(_)));

    // A file that is no model is one sentence, and changes nothing.
    let bad = dir.path().join("bad.safetensors");
    std::fs::write(&bad, b"nothing").unwrap();
    press(&mut window, Modifiers::COMMAND, Key::O);
    type_text(&mut window, &bad.display().to_string());
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait(&mut window, "the complaint", |app| {
        app.studio().notices().iter().any(|n| n.is_error)
    });
    assert!(matches!(studio(&window).model(), Model::Trained(_)));
    press(&mut window, Modifiers::COMMAND, Key::O);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("Open a model").is_none());
}

#[test]
fn an_output_that_is_not_finite_is_told_in_the_answers_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("diverged.safetensors");
    write_diverged_model(&path);
    let mut window = window();
    draw_one(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::O);
    type_text(&mut window, &path.display().to_string());
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait(&mut window, "the reason", |app| {
        app.studio().prediction_error().is_some()
    });
    window.get_by_label_contains("output for this image is infinite");
    assert!(window.query_by_label_contains("NaN %").is_none());
}

#[test]
fn the_palette_finds_commands_by_their_words() {
    let mut window = window();
    press(&mut window, Modifiers::COMMAND, Key::P);
    type_text(&mut window, "lenet");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(studio(&window).draft().preset, "lenet-5");
    assert!(window.query_by_label("Search commands").is_none());
    press(&mut window, Modifiers::COMMAND, Key::P);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("Search commands").is_none());
}

#[test]
fn a_test_image_shows_its_true_label() {
    let mut window = window();
    click(&mut window, "Test image");
    let label = studio(&window).pad().true_label().unwrap();
    window.get_by_label(&format!("label: {label}"));
    draw_one(&mut window);
    assert!(window.query_by_label_contains("label: ").is_none());
}

#[test]
fn nothing_is_outside_the_window_in_either_theme_and_size() {
    for (size, theme) in [
        ([1440.0, 900.0], Theme::Dark),
        ([1024.0, 700.0], Theme::Light),
    ] {
        let mut window = window_of(size, theme);
        choose_small(&mut window, 2);
        click(&mut window, "Train");
        wait_for_end(&mut window);
        if window.query_by_label("Unfold Draw").is_some() {
            click(&mut window, "Unfold Draw");
        }
        draw_one(&mut window);
        window.run_steps(4);
        let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
        let named = |node: &egui_kittest::kittest::AccessKitNode<'_>| node.label().is_some();
        for node in window.get_all(egui_kittest::kittest::by().predicate(named)) {
            let rect = node.rect();
            assert!(
                rect.min.x >= screen.min.x && rect.max.x <= screen.max.x + 0.5,
                "{node:?} is cut off at {size:?}"
            );
        }
    }
}

#[test]
fn closing_while_training_ends_soon_and_quietly() {
    let mut window = window();
    choose_small(&mut window, 10_000);
    click(&mut window, "Train");
    wait(&mut window, "training", |app| {
        app.studio().live_run().is_some_and(|r| r.points.len() > 10)
    });
    let start = std::time::Instant::now();
    drop(window);
    assert!(start.elapsed() < Duration::from_secs(5));
}

/// The app with a stop-watch around its drawing.
struct Timed {
    app: StudioApp,
    secs: Vec<f64>,
}

impl eframe::App for Timed {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let start = std::time::Instant::now();
        self.app.ui(ui, frame);
        self.secs.push(start.elapsed().as_secs_f64());
    }
}

/// A run of `n` batches that is still training.
fn long_run(n: u64) -> RunState {
    let config = TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000);
    let mut run = RunState::new("keras-cnn 1", config.clone());
    let point = |step: u64| StepPoint {
        step,
        images: 32 * step,
        epoch: step as f64 / 1_719.0,
        secs: step as f64 / 1_000.0,
        loss: 2.3 / (1.0 + step as f64 / 100.0) + 0.1 * (step as f64 * 0.7).sin().abs() + 0.01,
        accuracy: 0.9 + 0.09 * (step as f64 * 1.3).sin(),
        learning_rate: 1e-3,
    };
    run.apply(&Event::Started {
        config: Box::new(config),
        dataset: "MNIST".to_owned(),
        n_train: 55_000,
        threads: 2,
    });
    let points = (1..=n).map(point).collect();
    run.apply(&Event::Steps { points });
    run
}

/// The window with `runs`, and a stop-watch around its drawing.
fn timed(runs: Vec<RunState>) -> Harness<'static, Timed> {
    let mut window = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_max_steps(60)
        .build_eframe(|cc| {
            let path = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/fixtures/window/lenet-5.safetensors"
            );
            let model = Classifier::load(path.as_ref()).unwrap();
            let studio = Studio::new(None, StudioApp::wake(&cc.egui_ctx)).unwrap();
            let studio = studio.with_history(runs, model);
            let app = StudioApp::with_studio(cc, studio);
            Timed {
                app,
                secs: Vec::new(),
            }
        });
    window.run_steps(100);
    window
}

/// The median time of a frame, in seconds: with curves that are kept, and with curves that are
/// reduced anew for every frame, as when points arrive.
fn measure(window: &mut Harness<'_, Timed>, what: &str) -> [f64; 2] {
    [false, true].map(|is_rebuilt| {
        window.state_mut().secs.clear();
        for frame in 0..300 {
            // Another width has other columns.
            let width = if is_rebuilt { 1440 - frame % 2 } else { 1440 };
            window.set_size(egui::vec2(width as f32, 900.0));
            window.step();
        }
        let secs = &mut window.state_mut().secs;
        secs.sort_by(f64::total_cmp);
        let median = secs[secs.len() / 2];
        println!(
            "App::ui with {what}, {}: median {:.2} ms, 95 % {:.2} ms",
            if is_rebuilt {
                "curves rebuilt each frame"
            } else {
                "curves kept"
            },
            1e3 * median,
            1e3 * secs[secs.len() * 95 / 100],
        );
        median
    })
}

/// `cargo test --release --test it frame_time -- --ignored --nocapture`
#[test]
#[ignore = "a measurement: wants an idle machine and a release build"]
fn frame_time_with_10_000_points() {
    let medians = measure(&mut timed(vec![long_run(10_000)]), "10,000 points");
    assert!(medians.iter().all(|&m| m < 2e-3), "{medians:?}");
    let runs = (1..=20).map(|n| RunState {
        name: format!("keras-cnn {n}"),
        ..long_run(10_000)
    });
    let medians = measure(&mut timed(runs.collect()), "20 curves of 10,000 points");
    assert!(medians[0] < 8e-3, "{medians:?}");
}

#[test]
fn a_pasted_picture_lands_on_the_canvas() {
    let mut window = window();
    let mut picture = egui::ColorImage::filled([40, 40], egui::Color32::WHITE);
    for y in 5..35 {
        for x in 18..22 {
            picture[(x, y)] = egui::Color32::BLACK;
        }
    }
    window.event(egui::Event::PasteImage(picture.into()));
    wait(&mut window, "the picture", |app| {
        !app.studio().pad().is_empty()
    });
    let image = studio(&window).pad().image();
    let middle = image.pixels[140 * 280 + 140];
    assert!(middle > 200, "ink is bright, {middle}");
    assert_eq!(image.pixels[140 * 280 + 20], 0, "paper is black");
}

#[test]
fn good_news_goes_by_itself_and_bad_news_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = window();
    choose_small(&mut window, 1);
    click(&mut window, "Train");
    wait_for_end(&mut window);
    for name in ["good.safetensors", "no/such/folder.safetensors"] {
        let path = dir.path().join(name);
        window
            .state_mut()
            .act(candle_studio::studio::FileAction::SaveModel(path));
        wait(&mut window, "the notice", |app| {
            app.studio().activities().is_empty()
        });
    }
    // A step of the harness is a quarter of a second.
    window.run_steps(80);
    let notices = studio(&window).notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].is_error);
}

#[test]
fn the_palette_keeps_its_height_after_a_search_without_a_match() {
    let mut window = window();
    let toggle = |window: &mut Window| {
        press(window, Modifiers::COMMAND, Key::P);
        window.run_steps(4);
    };
    let height = |window: &Window| {
        let area = window
            .ctx
            .memory(|m| m.area_rect(egui::Id::unique("palette")));
        area.unwrap().height()
    };
    toggle(&mut window);
    let before = height(&window);
    assert!(before > 300.0, "{before}");
    type_text(&mut window, "zzzz");
    window.run_steps(4);
    window.get_by_label("No matching command.");
    toggle(&mut window);
    toggle(&mut window);
    assert_eq!(height(&window), before);
}

/// Opens the window to save the model and types over the path it proposes.
fn save_to(window: &mut Window, path: &std::path::Path) {
    press(window, Modifiers::COMMAND, Key::S);
    press(window, Modifiers::COMMAND, Key::A);
    type_text(window, &path.display().to_string());
    press(window, Modifiers::NONE, Key::Enter);
}

#[test]
fn saving_proposes_a_name_and_asks_before_it_replaces_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("digits.safetensors");
    let mut window = window();
    choose_small(&mut window, 1);
    click(&mut window, "Train");
    wait_for_end(&mut window);
    let run = studio(&window)
        .own_run()
        .unwrap()
        .state
        .name
        .replace(' ', "-");

    // A folder that is not there, a folder instead of a file: said where the path is.
    let lost = dir.path().join("nodir/digits.safetensors");
    save_to(&mut window, &lost);
    let text = format!("There is no folder {}.", dir.path().join("nodir").display());
    window.get_by_label(&text);
    // A click beside the window throws nothing away.
    window.hover_at(egui::pos2(5.0, 5.0));
    window.drag_at(egui::pos2(5.0, 5.0));
    window.drop_at(egui::pos2(5.0, 5.0));
    window.run_steps(4);
    window.get_by_label("Save model to…");
    press(&mut window, Modifiers::NONE, Key::Escape);
    press(&mut window, Modifiers::NONE, Key::Escape);

    std::fs::write(&path, "precious").unwrap();
    save_to(&mut window, &path);
    window.get_by_label(&format!("{} exists. Replace it?", path.display()));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    // The field has the keyboard again, and confirming once more replaces the file.
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait(&mut window, "the file", |app| {
        !app.studio().notices().is_empty()
    });
    assert!(std::fs::metadata(&path).unwrap().len() > 1000);
    click(&mut window, "Dismiss");

    // The next proposal is named after the run, in the folder used last.
    press(&mut window, Modifiers::COMMAND, Key::S);
    let proposed = dir.path().join(format!("{run}.safetensors"));
    let field = window.get_by_role_and_label(Role::TextInput, "Path");
    assert_eq!(
        field.value().as_deref(),
        Some(&*proposed.display().to_string())
    );
    press(&mut window, Modifiers::NONE, Key::Escape);
    press(&mut window, Modifiers::NONE, Key::Escape);

    press(&mut window, Modifiers::COMMAND, Key::O);
    type_text(&mut window, "/no/such.safetensors");
    press(&mut window, Modifiers::NONE, Key::Enter);
    window.get_by_label("There is no file /no/such.safetensors.");
}
