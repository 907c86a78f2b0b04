//! Runs held against each other in the plots: groups, differences, what the pointer is at, files.

use std::fs;

use candle_studio::model::{Classifier, PRESETS};
use candle_studio::runs::{RunState, Status};
use candle_studio::studio::Studio;
use candle_studio::train::{EpochPoint, Event, Finish, Metrics, StepPoint, TrainConfig};
use candle_studio::ui::StudioApp;
use egui::{Key, Modifiers, Role, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::renderer::CpuRenderer;
use crate::support::screenshots;
use crate::support::window::{Window, click, press, settle, type_text, wait};

/// A finished run of `n_epochs` with a hundred batches each; `level` is what its loss tends to.
fn run(name: &str, seed: u64, batch_size: usize, n_epochs: u64, level: f64) -> RunState {
    let mut config = TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000);
    config.seed = seed;
    config.batch_size = batch_size;
    let mut run = RunState::new(name, config.clone());
    run.apply(&Event::Started {
        config: Box::new(config),
        dataset: "MNIST".to_owned(),
        n_train: 100 * batch_size,
        threads: 2,
    });
    let noise = |step: u64, speed: f64| (step as f64 * speed + seed as f64).sin();
    let point = |step: u64| StepPoint {
        step,
        images: batch_size as u64 * step,
        epoch: step as f64 / 100.0,
        secs: step as f64 / 50.0,
        loss: level + 2.0 / (1.0 + step as f64 / 20.0) + 0.02 * (1.0 + noise(step, 0.7)),
        accuracy: 0.98 - level - 0.8 / (1.0 + step as f64 / 20.0) + 0.01 * noise(step, 1.3),
        learning_rate: 1e-3,
    };
    for epoch in 1..=n_epochs {
        let points = (100 * (epoch - 1) + 1..=100 * epoch).map(point).collect();
        run.apply(&Event::Steps { points });
        let at = point(100 * epoch);
        let metrics = Metrics {
            loss: level + 0.1 / epoch as f64,
            accuracy: 0.985 - level - 0.05 / epoch as f64,
        };
        let point = EpochPoint {
            epoch: epoch as usize,
            step: at.step,
            images: at.images,
            secs: at.secs,
            epoch_secs: 2.0,
            train: metrics,
            validation: Some(metrics),
            sketches: None,
            epsilon: None,
        };
        run.apply(&Event::EpochDone { point });
    }
    run.status = Status::Finished(Finish::Completed);
    run
}

/// Three seeds of one setting, and two of another.
fn two_groups() -> Vec<RunState> {
    vec![
        run("small 1", 1, 32, 4, 0.04),
        run("small 2", 2, 32, 4, 0.09),
        run("small 3", 3, 32, 4, 0.06),
        run("large 4", 1, 256, 4, 0.16),
        run("large 5", 2, 256, 4, 0.22),
    ]
}

fn window_of(size: [f32; 2], theme: Theme, runs: Vec<RunState>) -> Window {
    let mut window = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(60)
        .renderer(CpuRenderer::default())
        .build_eframe(|cc| {
            let path = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/fixtures/window/lenet-5.safetensors"
            );
            let model = Classifier::load(path.as_ref()).unwrap();
            let studio = Studio::new(None, StudioApp::wake(&cc.egui_ctx)).unwrap();
            StudioApp::with_studio(cc, studio.with_history(runs, model))
        });
    settle(&mut window);
    window
}

fn window() -> Window {
    window_of([1440.0, 900.0], Theme::Dark, two_groups())
}

/// ε has a strip of its own below the curves of private runs, and only there.
#[test]
fn private_runs_show_what_they_have_spent() {
    let mut runs = two_groups();
    let window = window_of([1440.0, 900.0], Theme::Dark, runs.clone());
    assert!(window.query_by_label("Privacy curves").is_none());
    let last = runs.last_mut().unwrap();
    for (epoch, epsilon) in last.epochs.iter_mut().zip([0.61, 0.74, 0.85, 0.944]) {
        epoch.epsilon = Some(epsilon);
    }
    let window = window_of([1440.0, 900.0], Theme::Dark, runs.clone());
    window.get_by_role_and_label(Role::Figure, "Privacy curves");
    window.get_by_label("Privacy spent: ε 0.94");
    // Where there is no room, the number remains.
    let window = window_of([853.0, 480.0], Theme::Dark, runs);
    assert!(window.query_by_label("Privacy curves").is_none());
    window.get_by_label("Privacy spent: ε 0.94");
}

/// Chooses something from what few people need often.
fn choose_more(window: &mut Window, item: &str) {
    click(window, "More options for the curves");
    window.get_by_role_and_label(Role::Button, item).click();
    window.run_steps(6);
    window.remove_cursor();
    window.run_steps(4);
}

/// The pixels of a plot, without the pointer.
fn picture(window: &mut Window, name: &str) -> image::RgbaImage {
    let rect = window.get_by_role_and_label(Role::Figure, name).rect();
    let all = window.render().unwrap();
    let [x, y] = [rect.min.x as u32, rect.min.y as u32];
    let [w, h] = [rect.width() as u32, rect.height() as u32];
    image::imageops::crop_imm(&all, x, y, w, h).to_image()
}

#[test]
fn groups_become_bands_and_single_runs_come_back() {
    let mut window = window();
    window.remove_cursor();
    window.run_steps(4);
    let alone = picture(&mut window, "Loss curves");
    choose_more(&mut window, "mean with min–max band");
    let range = picture(&mut window, "Loss curves");
    assert!(range != alone);
    choose_more(&mut window, "mean ± standard deviation");
    assert!(picture(&mut window, "Loss curves") != range);
    choose_more(&mut window, "separately");
    assert!(picture(&mut window, "Loss curves") == alone);
}

#[test]
fn runs_belong_together_by_any_setting_that_differs() {
    let mut runs = two_groups();
    runs.truncate(4);
    runs[3].config.learning_rate = 0.5;
    let mut window = window_of([1440.0, 900.0], Theme::Dark, runs);
    choose_more(&mut window, "mean with min–max band");
    window.remove_cursor();
    window.run_steps(4);
    let by_all = picture(&mut window, "Loss curves");
    choose_more(&mut window, "batch size");
    // The same three runs, under the name of what they share.
    assert!(picture(&mut window, "Loss curves") != by_all);
    choose_more(&mut window, "all but seed");
    assert!(picture(&mut window, "Loss curves") == by_all);
}

#[test]
fn curves_are_held_against_one_of_them() {
    let mut window = window();
    window.remove_cursor();
    window.run_steps(4);
    let before = picture(&mut window, "Loss curves");
    choose_more(&mut window, "small 1");
    let against = picture(&mut window, "Loss curves");
    assert!(against != before);
    let baseline = |window: &Window| {
        let baseline = window.state().studio().baseline();
        baseline.map(|run| run.id.to_string())
    };
    assert_eq!(
        baseline(&window).as_deref(),
        Some("small 1"),
        "the table's, too"
    );
    choose_more(&mut window, "none");
    assert!(picture(&mut window, "Loss curves") == before);
    assert_eq!(baseline(&window), None);
}

#[test]
fn the_pointer_at_a_curve_or_at_a_row_lets_that_run_stand_out() {
    let mut window = window();
    window.remove_cursor();
    window.run_steps(4);
    let before = picture(&mut window, "Accuracy curves");
    // At the name of a run in the table, its curve stands out in both plots.
    let row = window.get_by_label("small 2").rect().center();
    window.hover_at(row);
    window.run_steps(4);
    let from_row = picture(&mut window, "Accuracy curves");
    assert!(from_row != before, "hovering a row does nothing");

    // At a curve in the upper plot, the lower one follows.
    let loss = window
        .get_by_role_and_label(Role::Figure, "Loss curves")
        .rect();
    let found = (0..60).any(|i| {
        window.hover_at(loss.lerp_inside(egui::vec2(0.5, i as f32 / 60.0)));
        window.run_steps(3);
        window.state().hovered_run().is_some()
    });
    assert!(found, "no place of the plot is at a curve");
    window.remove_cursor();
    window.run_steps(4);
    assert!(picture(&mut window, "Accuracy curves") == before);
}

#[test]
fn a_closer_look_stays_when_the_axis_changes() {
    let mut window = window();
    let rect = window
        .get_by_role_and_label(Role::Figure, "Loss curves")
        .rect();
    window.hover_at(rect.center());
    window.step();
    window.event(egui::Event::MouseWheel {
        source: egui::MouseWheelSource::Wheel,
        unit: egui::MouseWheelUnit::Line,
        delta: egui::vec2(0.0, 6.0),
        phase: egui::TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
    });
    window.run_steps(20);
    window.remove_cursor();
    window.run_steps(4);
    let close = picture(&mut window, "Loss curves");
    // A hundred updates are one epoch, so the same part has the same shape.
    for axis in ["step", "images", "seconds"] {
        click(&mut window, "Horizontal axis");
        click(&mut window, axis);
        window.remove_cursor();
        window.run_steps(4);
        let again = picture(&mut window, "Loss curves");
        let n_other = close
            .pixels()
            .zip(again.pixels())
            .filter(|(a, b)| a != b)
            .count();
        // Rounding moves single pixels of lines; another part of training moves all.
        let share = n_other as f64 / f64::from(close.width() * close.height());
        if axis == "images" {
            // The groups saw images at different rates: another picture, but still a closer look.
            continue;
        }
        assert!(share < 0.02, "{axis}: {share}");
    }
    click(&mut window, "Horizontal axis");
    click(&mut window, "epoch");
}

#[test]
fn a_part_that_is_marked_fills_the_plot_and_a_double_click_shows_everything() {
    let mut window = window();
    window.remove_cursor();
    window.run_steps(4);
    let whole = picture(&mut window, "Loss curves");
    let rect = window
        .get_by_role_and_label(Role::Figure, "Loss curves")
        .rect();
    let at = |x: f32, y: f32| rect.lerp_inside(egui::vec2(x, y));
    window.hover_at(at(0.3, 0.3));
    window.step();
    window.drag_at(at(0.3, 0.3));
    window.step();
    for x in [0.35, 0.45] {
        window.hover_at(at(x, 0.7));
        window.step();
    }
    window.drop_at(at(0.45, 0.7));
    window.run_steps(4);
    window.remove_cursor();
    window.run_steps(4);
    assert!(picture(&mut window, "Loss curves") != whole, "no zoom");

    window.hover_at(rect.center());
    window.run_steps(8);
    window
        .ctx
        .options_mut(|o| o.input_options.max_double_click_delay = 1.0);
    for pressed in [true, false, true, false] {
        window.event(egui::Event::PointerButton {
            pos: rect.center(),
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
    }
    window.run_steps(4);
    window.remove_cursor();
    window.run_steps(4);
    assert!(picture(&mut window, "Loss curves") == whole);
}

#[test]
fn single_batches_of_one_run_are_shown_on_demand() {
    let mut window = window_of([1440.0, 900.0], Theme::Dark, two_groups()[..1].to_vec());
    window.remove_cursor();
    window.run_steps(4);
    let band = picture(&mut window, "Loss curves");
    click(&mut window, "More options for the curves");
    click(&mut window, "Single batches");
    press(&mut window, Modifiers::NONE, Key::Escape);
    window.remove_cursor();
    window.run_steps(6);
    assert!(picture(&mut window, "Loss curves") != band);
}

#[test]
fn curves_are_saved_as_svg_in_their_colors() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("curves.svg");
    let mut window = window();
    choose_more(&mut window, "mean with min–max band");
    choose_more(&mut window, "Save curves…");
    press(&mut window, Modifiers::COMMAND, Key::A);
    type_text(&mut window, &path.display().to_string());
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait(&mut window, "the file", |app| {
        !app.studio().notices().is_empty()
    });
    let svg = fs::read_to_string(path).unwrap();
    for words in [">small 1 ×3<", ">large 4 ×2<", "<polygon ", ">Accuracy<"] {
        assert!(svg.contains(words), "no {words} in {svg}");
    }
    // The second group has the color its first run has in the window: the fourth.
    let [r, g, b] = candle_studio::picture::LIGHT.data(3);
    assert!(svg.contains(&format!("#{r:02x}{g:02x}{b:02x}")));
}

#[test]
fn pictures_of_curves() {
    for (name, size, theme) in [
        ("bands", [1440.0, 900.0], Theme::Dark),
        ("bands-small", [1024.0, 700.0], Theme::Light),
    ] {
        let mut window = window_of(size, theme, two_groups());
        choose_more(&mut window, "mean ± standard deviation");
        window.remove_cursor();
        window.run_steps(8);
        screenshots::check(&mut window, name);
    }
    let mut window = window();
    choose_more(&mut window, "small 1");
    let row = window.get_by_label("large 4").rect().center();
    window.hover_at(row);
    window.run_steps(8);
    screenshots::check(&mut window, "difference");
}

#[test]
fn smoothing_has_a_name_and_a_handle_in_every_width() {
    for width in (1024..1440).step_by(32) {
        let mut window =
            crate::support::screenshots::window([width as f32, 700.0], Theme::Light, 1600);
        window.run_steps(4);
        let name = window.get_by_label("smoothing").rect();
        let nodes = window.query_all_by_label("Smoothing");
        let control = nodes
            .map(|node| node.rect())
            .reduce(|a, b| a.union(b))
            .unwrap();
        let next = window
            .get_by_role_and_label(Role::CheckBox, "log loss")
            .rect();
        assert!(name.right() <= control.left(), "{width}: {name} {control}");
        assert!(control.width() >= 70.0, "{width}: {control}");
        assert!(control.right() <= next.left(), "{width}: {control} {next}");
    }
}
