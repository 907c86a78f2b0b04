//! Steering a run in the window: the divergence guard and the timeline, by their names.

use candle_studio::runs::{RunState, Status};
use candle_studio::studio::{LrFinder, Model, Studio};
use candle_studio::text::significant;
use candle_studio::train::Finish;
use candle_studio::ui::StudioApp;
use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::window::{answer, draw, open, settle, wait};

type Window = Harness<'static, StudioApp>;

fn window_of(size: [f32; 2]) -> Window {
    let mut window = Harness::builder()
        .with_size(size)
        .with_max_steps(60)
        .build_eframe(open);
    settle(&mut window);
    window
}

fn studio(window: &Window) -> &Studio {
    window.state().studio()
}

fn run(window: &Window) -> &RunState {
    &studio(window).runs().last().unwrap().state
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(4);
}

fn set(window: &mut Window, field: &str, value: f64) {
    let field = window.get_by_role_and_label(Role::SpinButton, field);
    field.set_value_accesskit(value);
    window.run_steps(4);
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(4);
}

/// Softmax regression on 1,000 images, which train in a moment.
fn choose_small(window: &mut Window, epochs: usize) {
    click(window, "Preset");
    click(window, "Softmax regression");
    set(window, "Validation", 59_000.0);
    set(window, "Epochs", epochs as f64);
    assert_eq!(studio(window).errors(), []);
}

/// Lets the window train to the end.
fn train(window: &mut Window) {
    click(window, "Train");
    wait(window, "the end of the run", |app| {
        app.studio().live_run().is_none() && !app.studio().runs().is_empty()
    });
    window.run_steps(4);
}

/// Lets a run that would take long go wrong by an absurd learning rate.
fn train_into_trouble(window: &mut Window, rate: f64) {
    choose_small(window, 100_000);
    click(window, "Train");
    wait(window, "some training", |app| {
        app.studio()
            .live_run()
            .is_some_and(|r| r.points.len() > 150)
    });
    set(window, "Learning rate", rate);
    wait(window, "the trouble", |app| {
        app.studio()
            .live_run()
            .is_some_and(|r| r.divergence.is_some())
    });
    window.run_steps(4);
}

fn stop(window: &mut Window) {
    click(window, "Stop");
    wait(window, "the end", |app| app.studio().live_run().is_none());
}

#[test]
fn a_loss_that_cannot_be_trusted_waits_for_an_answer() {
    for size in [[1440.0, 900.0], [1024.0, 700.0]] {
        let mut window = window_of(size);
        train_into_trouble(&mut window, 1000.0);
        let divergence = run(&window).divergence.clone().unwrap();
        window.get_by_label_contains("Paused: ");
        window.get_by_label_contains("It started in dense1 (layer 2)");
        let worst = format!("Training image {}: ", divergence.worst[0].index);
        let picture = window.get_by_label_contains(&worst).rect();
        assert!(picture.max.x < size[0]);
        assert_eq!(run(&window).status, Status::Paused);
        // Space must not run over it.
        press(&mut window, Modifiers::NONE, Key::Space);
        assert!(run(&window).divergence.is_some());

        for name in [
            "Roll back, rate ÷ 10",
            "Roll back",
            "Skip this batch",
            "Continue anyway",
        ] {
            let button = window.get_by_label(name).rect();
            assert!(
                window.ctx.content_rect().contains_rect(button),
                "{name} {button:?}"
            );
        }
        set(&mut window, "Learning rate", 0.001);
        click(&mut window, "Roll back");
        wait(&mut window, "training to go on", |app| {
            app.studio().live_run().is_some_and(|r| {
                r.n_rewinds == 1 && r.points.last().is_some_and(|p| p.step > divergence.step)
            })
        });
        window.run_steps(2);
        assert!(window.query_by_label("Roll back").is_none());
        assert_eq!(run(&window).config.learning_rate, 0.001);
        stop(&mut window);
    }
}

#[test]
fn a_raised_rate_is_undone_and_a_stop_keeps_sound_weights() {
    let mut window = window_of([1440.0, 900.0]);
    train_into_trouble(&mut window, 3000.0);
    let rate = run(&window)
        .divergence
        .as_ref()
        .unwrap()
        .raise
        .unwrap()
        .from;
    let undo = format!("Roll back, learning rate {rate} as before");
    click(&mut window, &undo);
    wait(&mut window, "training to go on", |app| {
        app.studio()
            .live_run()
            .is_some_and(|r| r.n_rewinds == 1 && r.divergence.is_none())
    });
    assert_eq!(studio(&window).draft().learning_rate, rate);
    assert_eq!(
        run(&window).changes,
        [],
        "no mark of a rate that is not used"
    );

    set(&mut window, "Learning rate", 3000.0);
    wait(&mut window, "the anomaly", |app| {
        app.studio()
            .live_run()
            .is_some_and(|r| r.divergence.is_some())
    });
    stop(&mut window);
    let run = &studio(&window).runs().last().unwrap().state;
    assert_eq!(run.config.learning_rate, rate);
    assert!(run.test.unwrap().accuracy > 0.6, "{:?}", run.test);
}

#[test]
fn the_rate_that_the_guard_divides_is_the_one_in_the_settings() {
    let mut window = window_of([1440.0, 900.0]);
    train_into_trouble(&mut window, 3000.0);
    click(&mut window, "Roll back, rate ÷ 10");
    wait(&mut window, "the change", |app| {
        app.studio()
            .live_run()
            .is_none_or(|r| r.config.learning_rate < 3000.0)
    });
    assert_eq!(studio(&window).draft().learning_rate, 300.0);
    stop(&mut window);
}

#[test]
fn the_timeline_moves_the_answer_and_the_numbers() {
    let mut window = window_of([1440.0, 900.0]);
    choose_small(&mut window, 10);
    assert!(window.query_by_label("Timeline").is_none());
    train(&mut window);
    assert_eq!(run(&window).status, Status::Finished(Finish::Completed));
    let steps: Vec<u64> = studio(&window)
        .timeline()
        .states()
        .iter()
        .map(|s| s.step())
        .collect();
    assert_eq!(steps, [0, 1, 2, 4, 8, 16, 32, 64, 100, 200, 300, 320]);

    let canvas = window.get_by_label("Drawing canvas").rect();
    draw(&mut window, canvas, &[[0.5, 0.2], [0.5, 0.8]]);
    let now = answer(&mut window);
    let slider = window.get_by_role_and_label(Role::Slider, "Timeline");
    slider.set_value_accesskit(0.0);
    window.run_steps(4);
    assert_eq!(studio(&window).shown_step(), Some(0));
    // In the strip, and where the canvas says whom it asks.
    assert_eq!(window.get_all_by_label("update 0").count(), 2);
    window.get_by_label("before the first update");
    assert_ne!(answer(&mut window), now);

    press(&mut window, Modifiers::ALT, Key::ArrowRight);
    assert_eq!(studio(&window).shown_step(), Some(1));
    window.get_by_label_contains("training loss");
    press(&mut window, Modifiers::ALT, Key::ArrowLeft);
    press(&mut window, Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(
        studio(&window).shown_step(),
        Some(0),
        "there is nothing before the beginning"
    );
    click(&mut window, "Now");
    assert!(matches!(studio(&window).model(), Model::Trained(_)));
    assert_eq!(answer(&mut window), now);
    press(&mut window, Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(studio(&window).shown_step(), Some(320));
    assert_eq!(
        answer(&mut window),
        now,
        "the last snapshot is the end of the run"
    );
    press(&mut window, Modifiers::ALT, Key::ArrowRight);
    assert_eq!(studio(&window).shown_step(), None);
}

#[test]
fn the_timeline_shares_the_scale_of_the_plots() {
    let mut window = window_of([1440.0, 900.0]);
    choose_small(&mut window, 10);
    train(&mut window);
    let plot = window
        .get_by_role_and_label(Role::Figure, "Accuracy curves")
        .rect();
    let track = window
        .get_by_role_and_label(Role::Slider, "Timeline")
        .rect();
    assert!((track.max.x - plot.max.x).abs() < 8.0, "{track} {plot}");

    // A click that is pressed and released within one frame.
    let click_at = |window: &mut Window, pos: egui::Pos2| {
        window.hover_at(pos);
        window.run_steps(2);
        for pressed in [true, false] {
            window.input_mut().events.push(egui::Event::PointerButton {
                pos,
                button: egui::PointerButton::Primary,
                pressed,
                modifiers: Modifiers::NONE,
            });
        }
        window.run_steps(4);
    };
    let middle = egui::pos2(track.center().x, track.center().y);
    click_at(&mut window, middle);
    // 320 updates: the middle of the track is that of the run, not of the list of snapshots.
    let shown = studio(&window).shown_step();
    assert!(matches!(shown, Some(100 | 200)), "{shown:?}");

    // Shift and drag in the plot.
    let at = |share: f32| egui::pos2(track.min.x + share * track.width(), plot.center().y);
    window.hover_at(at(0.5));
    window.run_steps(2);
    window.event(egui::Event::ModifiersChanged(Modifiers::SHIFT));
    window.input_mut().events.push(egui::Event::PointerButton {
        pos: at(0.5),
        button: egui::PointerButton::Primary,
        pressed: true,
        modifiers: Modifiers::SHIFT,
    });
    window.run_steps(2);
    for share in [0.3, 0.1, 0.02] {
        window.hover_at(at(share));
        window.run_steps(2);
    }
    let early = studio(&window).shown_step();
    assert!(early.is_some_and(|step| step < 64), "{early:?}");
}

#[test]
fn the_budget_of_the_timeline_bounds_its_memory_and_keeps_its_spread() {
    let mut window = window_of([1440.0, 900.0]);
    click(&mut window, "Preset");
    click(&mut window, "MLP");
    set(&mut window, "Validation", 59_000.0);
    set(&mut window, "Batch size", 5.0);
    set(&mut window, "Epochs", 6.0);
    train(&mut window);
    let timeline = studio(&window).timeline();
    let n = timeline.states().len();
    assert!(
        timeline.n_bytes() > 48 << 20,
        "{n} states of {}",
        timeline.n_bytes()
    );
    for megabytes in [48, 16] {
        set(&mut window, "Memory of snapshots", f64::from(megabytes));
        let timeline = studio(&window).timeline();
        assert!(timeline.n_bytes() <= (megabytes as usize) << 20);
        let steps: Vec<u64> = timeline.states().iter().map(|s| s.step()).collect();
        assert!(steps.len() >= 5 && steps.len() < n, "{steps:?}");
        assert_eq!((steps[0], steps.last()), (0, Some(&1200)));
        let regular: Vec<u64> = steps.into_iter().filter(|&s| s >= 100).collect();
        let gaps: Vec<u64> = regular.windows(2).map(|w| w[1] - w[0]).collect();
        assert!(gaps.len() >= 2, "{regular:?}");
        let (low, high) = (gaps.iter().min().unwrap(), gaps.iter().max().unwrap());
        assert!(*high <= 5 * low, "{regular:?}");
    }
}

#[test]
fn a_learning_rate_is_found_and_adopted() {
    let mut window = window_of([1024.0, 700.0]);
    choose_small(&mut window, 3);
    click(&mut window, "Find LR…");
    wait(&mut window, "the curve", |app| {
        matches!(app.studio().lr_finder(), LrFinder::Found(_))
    });
    window.run_steps(4);
    window.get_by_label("Loss over learning rate");
    let LrFinder::Found(curve) = studio(&window).lr_finder().clone() else {
        panic!("no curve");
    };
    assert!(curve.points.len() > 50);
    for name in ["valley", "steepest", "minimum / 10"] {
        window.get_by_label(name);
    }
    let button = window.get_all_by_label_contains("Use ").next().unwrap();
    button.click();
    window.run_steps(4);
    let rate = studio(&window).draft().learning_rate;
    let valley = curve.suggestions.valley.unwrap();
    assert!((rate / valley - 1.0).abs() < 0.06, "{rate} {valley}");
    assert!(window.query_by_label("Learning rate finder").is_none());
    assert!(studio(&window).runs().is_empty(), "a mock run is no run");
    assert!(studio(&window).classifier().is_none());
}

#[test]
fn a_batch_is_looked_into_step_by_step() {
    let mut window = window_of([1024.0, 700.0]);
    choose_small(&mut window, 3);
    click(&mut window, "Step");
    wait(&mut window, "a paused run", |app| {
        app.studio().can_inspect()
    });
    window.run_steps(4);
    click(&mut window, "Inspect");
    wait(&mut window, "the batch", |app| {
        app.studio().inspection().is_some()
    });
    window.run_steps(4);
    window.get_by_label("Inside update 2");
    window.get_by_label_contains("Forward: the network classified 32 images");
    let seen = studio(&window).inspection().unwrap().clone();
    let first = format!("Training image {}: ", seen.images[0].index);
    let picture = window.get_by_label_contains(&first).rect();
    assert!(window.ctx.content_rect().contains_rect(picture));
    let gradient = significant(seen.layers[1].reading.gradient.unwrap());
    assert!(window.query_by_label(&gradient).is_none());
    window.get_by_label("Filters of dense1");
    let place = window.get_by_label("Gradients of dense1").rect();
    click(&mut window, "Backward");
    window.get_by_label(&gradient);
    assert_eq!(window.get_by_label("Gradients of dense1").rect(), place);
    assert_eq!(run(&window).points.len(), 1, "nothing was trained yet");
    click(&mut window, "Update");
    wait(&mut window, "the batch to be trained", |app| {
        app.studio().runs()[0].state.points.len() == 2 && app.studio().can_inspect()
    });
    window.run_steps(4);
    window.get_by_label("its loss fell");
    assert_eq!(window.get_by_label("Gradients of dense1").rect(), place);
    let ratio = significant(seen.layers[1].update_ratio().unwrap());
    window.get_by_label(&ratio);
    assert_eq!(run(&window).points[1].loss, seen.loss);
    click(&mut window, "Next batch");
    wait(&mut window, "the next batch", |app| {
        app.studio().inspection().is_some_and(|i| i.step == 3)
    });
    window.run_steps(4);
    window.get_by_label("Inside update 3");
    let close = window.get_by_label("Close").rect();
    assert!(window.ctx.content_rect().contains_rect(close));
    click(&mut window, "Close");
    assert!(window.query_by_label("Inside update 3").is_none());
}

#[test]
fn the_layers_are_measured_when_somebody_asks() {
    let mut window = window_of([1024.0, 700.0]);
    choose_small(&mut window, 20);
    click(&mut window, "Layers");
    window.get_by_label("Train a network to see its layer statistics.");
    click(&mut window, "Measure the layers while training");
    train(&mut window);
    let steps: Vec<u64> = run(&window).layer_points.iter().map(|p| p.step).collect();
    assert_eq!(steps, [1, 4, 16, 64, 250, 500]);
    for name in ["gradient norm of dense1: ", "update ratio of dense1: "] {
        let plot = window.get_by_label_contains(name).rect();
        assert!(window.ctx.content_rect().contains_rect(plot), "{name}");
    }
    window.get_by_label("Weights of dense1 over time");
}

/// Presses the button `name` and waits for what it opens.
fn open_timeline(window: &mut Window, name: &str) {
    click(window, name);
    wait(window, "the timeline", |app| {
        app.studio().earlier_run().is_some()
    });
    window.run_steps(4);
}

#[test]
fn the_timeline_of_any_run_opens_from_the_list_and_branches() {
    for size in [[1440.0, 900.0], [1024.0, 700.0]] {
        let mut window = window_of(size);
        choose_small(&mut window, 3);
        train(&mut window);
        let first = run(&window).name.clone();
        set(&mut window, "Learning rate", 0.003);
        train(&mut window);
        let name = format!("Open the timeline of {first}");
        let button = window.get_by_label(&name).rect();
        assert!(window.ctx.content_rect().contains_rect(button));
        open_timeline(&mut window, &name);
        assert_eq!(studio(&window).timeline_run().unwrap().name, first);
        assert_eq!(studio(&window).draft().learning_rate, 1e-3);
        let slider = window.get_by_role_and_label(Role::Slider, "Timeline");
        slider.set_value_accesskit(0.0);
        window.run_steps(4);
        assert_eq!(studio(&window).shown_step(), Some(0));

        click(&mut window, "Close the timeline");
        assert!(matches!(studio(&window).model(), Model::Trained(_)));
        open_timeline(&mut window, &name);
        set(&mut window, "Learning rate", 0.01);
        press(&mut window, Modifiers::ALT, Key::ArrowLeft);
        let step = studio(&window).shown_step().unwrap();
        click(&mut window, "Branch");
        wait(&mut window, "the end of the branch", |app| {
            app.studio().runs().len() == 3 && app.studio().live_run().is_none()
        });
        let parent = run(&window).parent.clone().unwrap();
        assert_eq!((parent.run, parent.step), (first, step));
        assert_eq!(run(&window).points[0].step, step, "where the curve begins");
    }
}

#[test]
fn the_sketch_says_when_averaged_weights_answer() {
    // High enough for all settings.
    let mut window = window_of([1440.0, 1800.0]);
    choose_small(&mut window, 2);
    train(&mut window);
    window.get_by_label("last trained run");
    click(&mut window, "Regularize");
    set(&mut window, "EMA decay", 0.9);
    assert_eq!(studio(&window).draft().ema_decay, 0.9);
    train(&mut window);
    window.get_by_label("last trained run, EMA");
}
