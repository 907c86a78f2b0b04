//! Pictures of whole screens, drawn from the real window with recorded runs. They are shown in the
//! README and compared byte by byte: `UPDATE_SNAPSHOTS=1` writes them anew.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use candle_studio::studio::{DataAction, DraftAction, RunAction, Studio};
use candle_studio::train::{Event, Finish, TrainConfig};
use candle_studio::ui::StudioApp;
use egui::{Role, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::renderer::CpuRenderer;
use crate::support::screenshots::{check, draw_only, draw_three, fixtures, window};
use crate::support::window::{choose, click, settle, wait};

#[test]
fn pictures_of_training() {
    for (name, theme) in [
        ("training-dark", Theme::Dark),
        ("training-light", Theme::Light),
    ] {
        let mut window = window([1440.0, 900.0], theme, 1600);
        draw_three(&mut window);
        check(&mut window, name);
    }
}

#[test]
fn a_picture_of_a_small_window() {
    let mut window = window([1024.0, 700.0], Theme::Light, 1600);
    click(&mut window, "Unfold Draw");
    click(&mut window, "Fold Settings");
    draw_three(&mut window);
    check(&mut window, "small-light");
}

#[test]
fn pictures_of_the_places() {
    let (large, small) = ([1440.0, 900.0], [1024.0, 600.0]);
    for (size, theme, end) in [
        (large, Theme::Dark, "dark"),
        (large, Theme::Light, "light"),
        (small, Theme::Dark, "small-dark"),
    ] {
        for (place, name) in [
            ("Data tab", "data"),
            ("Deploy tab", "deploy"),
            ("Network tab", "network"),
            ("Train tab", "train"),
            ("Evaluate tab", "evaluate"),
            ("Explain tab", "explain"),
            ("Compare tab", "compare"),
            ("Sweep tab", "sweep"),
        ] {
            // Train is the subject of other pictures, in a large window.
            if name == "train" && size == large {
                continue;
            }
            let mut window = window(size, theme, 1600);
            click(&mut window, place);
            if name == "data" {
                wait(&mut window, "the look", |app| {
                    app.studio().dataset_look().is_some()
                });
            }
            if name == "evaluate" {
                wait(&mut window, "the evaluation", |app| {
                    let evaluator = app.studio().evaluator();
                    evaluator.newest().is_some() && !evaluator.is_busy()
                });
                click(&mut window, "Wrong");
            }
            if name == "explain" {
                draw_three(&mut window);
                click(&mut window, "beside random weights");
                wait(&mut window, "the maps", |app| {
                    let explainer = app.studio().explainer().why();
                    let is_made = explainer.newest().is_some_and(|e| e.random.is_some());
                    is_made && !explainer.is_busy()
                });
            }
            window.remove_cursor();
            window.run_steps(8);
            check(&mut window, &format!("{name}-{end}"));
        }
    }
}

#[test]
fn pictures_of_an_import() {
    let dir = tempfile::tempdir().unwrap();
    write_shapes(&dir.path().join("shapes"));
    for (size, theme, end) in [
        ([1440.0, 900.0], Theme::Dark, "dark"),
        ([1024.0, 600.0], Theme::Light, "small-light"),
    ] {
        let mut window = window(size, theme, 1600);
        window
            .state_mut()
            .act(DataAction::Look(dir.path().join("shapes")));
        wait(&mut window, "the preview", |app| {
            let form = app.studio().datasets().form();
            form.is_some_and(|form| form.preview.is_some() && !form.is_busy())
        });
        window.remove_cursor();
        window.run_steps(8);
        check(&mut window, &format!("import-{end}"));
    }
}

/// Pictures of circles, crosses and squares in color, and a file that is none.
fn write_shapes(dir: &std::path::Path) {
    for (class, name) in ["circle", "cross", "square"].into_iter().enumerate() {
        let folder = dir.join(name);
        fs::create_dir_all(&folder).unwrap();
        for i in 0..40_i32 {
            let (size, dx, dy) = (10 + i % 7, i % 5 - 2, i / 5 % 5 - 2);
            let picture = image::RgbImage::from_fn(48, 48, |x, y| {
                let (x, y) = (x as i32 - 24 - dx, y as i32 - 24 - dy);
                let is_in = match class {
                    0 => x * x + y * y <= size * size,
                    1 => (x.abs() <= 3 || y.abs() <= 3) && x.abs().max(y.abs()) <= size,
                    _ => x.abs().max(y.abs()) <= size,
                };
                let shade = (40 + 5 * i) as u8;
                image::Rgb(if is_in {
                    [230, shade, 90]
                } else {
                    [30, 40, shade / 2]
                })
            });
            picture.save(folder.join(format!("{i:02}.png"))).unwrap();
        }
    }
    fs::write(dir.join("circle/notes.png"), "not a picture").unwrap();
}

#[test]
fn pictures_of_what_would_change_an_answer() {
    for (theme, end) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut window = window([1440.0, 900.0], theme, 1600);
        click(&mut window, "Explain tab");
        draw_three(&mut window);
        click(&mut window, "Robustness");
        wait(&mut window, "the map", |app| {
            let robustness = app.studio().explainer().robustness();
            robustness.newest().is_some() && !robustness.is_busy()
        });
        let map = window.get_by_label("Robustness map").rect();
        window.hover_at(map.lerp_inside(egui::vec2(0.12, 0.2)));
        window.run_steps(60);
        check(&mut window, &format!("robustness-{end}"));
        window.remove_cursor();
        click(&mut window, "Become");
        choose(&mut window, "Become class", "8");
        wait(&mut window, "the map", |app| {
            let ink = app.studio().explainer().ink();
            let is_of_8 = ink.newest().is_some_and(|hint| hint.map.class == 8);
            is_of_8 && !ink.is_busy()
        });
        window.remove_cursor();
        window.run_steps(8);
        check(&mut window, &format!("ink-{end}"));
        click(&mut window, "Add the least ink");
        wait(&mut window, "the ink", |app| {
            let is_8 = app.studio().prediction().is_some_and(|p| p.class == 8);
            let explainer = app.studio().explainer();
            is_8 && !explainer.ink_search().is_busy() && !explainer.ink().is_busy()
        });
        window.remove_cursor();
        window.run_steps(8);
        check(&mut window, &format!("ink-added-{end}"));
        click(&mut window, "Unit");
        choose(&mut window, "Class", "7");
        click(&mut window, "Find image");
        wait(&mut window, "the image", |app| {
            let unit = app.studio().explainer().unit();
            unit.newest().is_some() && !unit.is_busy()
        });
        window.remove_cursor();
        window.run_steps(8);
        check(&mut window, &format!("unit-{end}"));
    }
}

#[test]
fn pictures_of_embeddings() {
    let mut window = window([1440.0, 900.0], Theme::Dark, usize::MAX);
    click(&mut window, "Explain tab");
    draw_three(&mut window);
    click(&mut window, "Neighbors");
    wait(&mut window, "the neighbors", |app| {
        let neighbors = app.studio().explainer().neighbors();
        neighbors.newest().is_some() && !neighbors.is_busy()
    });
    window.remove_cursor();
    window.run_steps(8);
    check(&mut window, "neighbors-dark");
    click(&mut window, "Map of embeddings");
    click(&mut window, "t-SNE");
    wait(&mut window, "the map", |app| {
        let map = app.studio().explainer().map().newest();
        map.is_some_and(|map| map.is_settled && map.iteration > 0 && map.sketch.is_some())
    });
    window.remove_cursor();
    window.run_steps(8);
    // A thousand iterations make the smallest difference between processors large.
    draw_only(&mut window, "map-dark");
}

#[test]
fn a_picture_of_the_first_moment() {
    let mut window = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_max_steps(60)
        .renderer(CpuRenderer::default())
        .build_eframe(crate::support::window::open);
    settle(&mut window);
    check(&mut window, "first-dark");
}

#[test]
fn a_picture_of_drawing() {
    let mut window = window([1440.0, 900.0], Theme::Dark, usize::MAX);
    let label = "conv1: Conv 2-D 6 of 5×5, padding 2";
    window.get_by_label(label).click();
    draw_three(&mut window);
    let plot = window
        .get_by_role_and_label(Role::Figure, "Accuracy curves")
        .rect();
    window.hover_at(plot.lerp_inside(egui::vec2(0.45, 0.5)));
    window.run_steps(8);
    check(&mut window, "drawing-dark");
}

#[test]
fn a_picture_of_a_batch_from_inside() {
    let mut window = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_max_steps(60)
        .renderer(CpuRenderer::default())
        .build_eframe(crate::support::window::open);
    settle(&mut window);
    let paused = |app: &StudioApp| app.studio().can_inspect();
    click(&mut window, "Step");
    wait(&mut window, "the first batch", paused);
    window.run_steps(4);
    click(&mut window, "Inspect");
    wait(&mut window, "the inspection", |app| {
        app.studio().inspection().is_some()
    });
    window.run_steps(4);
    click(&mut window, "Backward");
    window.remove_cursor();
    window.run_steps(8);
    // It shows the threads of the machine.
    draw_only(&mut window, "inside-dark");
}

/// How the recorded runs came about: `cargo test --test it record -- --ignored`. Numbers are
/// rounded to what a picture can show.
#[test]
#[ignore = "writes the fixtures anew; takes minutes"]
fn record() {
    let dir = tempfile::tempdir().unwrap();
    let mut studio = Studio::new(Some(dir.path().to_owned()), Arc::new(|| {})).unwrap();
    pump(&mut studio, |s| s.dataset().is_some());
    for (preset, epochs, rate) in [("softmax", 3, 1e-3), ("mlp", 3, 1e-3), ("lenet-5", 5, 2e-3)] {
        studio.handle(DraftAction::ChoosePreset(preset));
        edit(&mut studio, |c| {
            c.batch_size = 128;
            c.epochs = epochs;
            c.learning_rate = rate;
        });
        studio.handle(RunAction::Train);
        if preset == "lenet-5" {
            pump(&mut studio, |s| {
                s.live_run().is_none_or(|r| r.points.len() > 900)
            });
            edit(&mut studio, |c| c.learning_rate = 5e-4);
        }
        pump(&mut studio, |s| s.live_run().is_none());
        let run = &studio.runs().last().unwrap().state;
        assert_eq!(
            run.status,
            candle_studio::runs::Status::Finished(Finish::Completed)
        );
    }
    fs::create_dir_all(fixtures()).unwrap();
    let path = fixtures().join("lenet-5.safetensors");
    studio.classifier().unwrap().save(&path).unwrap();
    let mut folders: Vec<PathBuf> = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    folders.sort_by_key(|f| {
        fs::metadata(f.join("events.jsonl"))
            .unwrap()
            .modified()
            .unwrap()
    });
    for (folder, name) in folders.iter().zip(["softmax 1", "mlp 2", "lenet-5 3"]) {
        let text = fs::read_to_string(folder.join("events.jsonl")).unwrap();
        let events: Vec<Event> = text
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        let lines: Vec<String> = events
            .into_iter()
            .map(|e| serde_json::to_string(&rounded(e)).unwrap())
            .collect();
        fs::write(
            fixtures().join(format!("{name}.jsonl")),
            lines.join("\n") + "\n",
        )
        .unwrap();
    }
}

fn pump(studio: &mut Studio, is_done: impl Fn(&Studio) -> bool) {
    let start = Instant::now();
    while !is_done(studio) {
        assert!(start.elapsed() < Duration::from_secs(900));
        studio.pump(Duration::from_millis(5));
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn edit(studio: &mut Studio, change: impl FnOnce(&mut TrainConfig)) {
    let mut draft = studio.draft().clone();
    change(&mut draft);
    studio.handle(DraftAction::Set(Box::new(draft)));
}

fn rounded(mut event: Event) -> Event {
    if let Event::Steps { points } = &mut event {
        for p in points {
            for value in [&mut p.epoch, &mut p.secs, &mut p.loss, &mut p.accuracy] {
                *value = (*value * 1e5).round() / 1e5;
            }
        }
    }
    event
}

/// What the curves look like, as bytes.
fn curves(window: &mut Harness<'_, StudioApp>) -> Vec<u8> {
    let rect = window
        .get_by_role_and_label(Role::Figure, "Loss curves")
        .rect();
    window.remove_cursor();
    window.run_steps(4);
    let picture = window.render().unwrap();
    let (x, y) = (rect.min.x as u32, rect.min.y as u32);
    let (width, height) = (rect.width() as u32, rect.height() as u32);
    image::imageops::crop_imm(&picture, x, y, width, height)
        .to_image()
        .into_raw()
}

#[test]
fn curves_are_looked_at_closer_moved_and_shown_whole_again() {
    let mut window = window([1440.0, 900.0], Theme::Dark, 1600);
    let whole = curves(&mut window);
    let rect = window
        .get_by_role_and_label(Role::Figure, "Loss curves")
        .rect();
    let middle = rect.center();
    window.hover_at(middle);
    window.step();
    window.event(egui::Event::MouseWheel {
        source: egui::MouseWheelSource::Wheel,
        unit: egui::MouseWheelUnit::Line,
        delta: egui::vec2(0.0, 4.0),
        phase: egui::TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
    });
    window.run_steps(20);
    let close = curves(&mut window);
    assert!(close != whole, "scrolling does nothing");

    window.hover_at(middle);
    window.step();
    window.drag_at(middle);
    window.step();
    window.hover_at(middle + egui::vec2(60.0, 0.0));
    window.step();
    window.hover_at(middle + egui::vec2(120.0, 0.0));
    window.step();
    window.drop_at(middle + egui::vec2(120.0, 0.0));
    window.run_steps(4);
    assert!(curves(&mut window) != close, "dragging does nothing");

    window.hover_at(middle);
    window.run_steps(8);
    // The harness lets a quarter of a second pass with each event.
    window
        .ctx
        .options_mut(|o| o.input_options.max_double_click_delay = 1.0);
    for pressed in [true, false, true, false] {
        window.event(egui::Event::PointerButton {
            pos: middle,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
    }
    window.run_steps(4);
    let again = curves(&mut window);
    assert!(again != close, "a double click does nothing");
    assert!(again == whole, "a double click does not show everything");
}
