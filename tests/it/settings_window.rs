//! The settings that shape training, through the window: by their names, and in pictures.

use candle_studio::data::{Augment, AugmentKind};
use candle_studio::studio::Studio;
use candle_studio::train::{Clip, Loss, Optimizer, Privacy, Schedule, Setting, TrainConfig};
use candle_studio::ui::StudioApp;
use egui::{Role, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::screenshots::{check, window as recorded_window};
use crate::support::window::{open, settle, wait};

type Window = Harness<'static, StudioApp>;

/// High enough that nothing has to be scrolled to.
fn window() -> Window {
    let mut window = Harness::builder()
        .with_size([1440.0, 2400.0])
        .with_theme(Theme::Dark)
        .with_max_steps(60)
        .build_eframe(open);
    settle(&mut window);
    window
}

fn studio(window: &Window) -> &Studio {
    window.state().studio()
}

fn draft(window: &Window) -> &TrainConfig {
    studio(window).draft()
}

fn click(window: &mut Window, label: &str) {
    window.get_by_role_and_label(Role::Button, label).click();
    window.run_steps(4);
}

fn choose(window: &mut Window, list: &str, item: &str) {
    window.get_by_role_and_label(Role::ComboBox, list).click();
    window.run_steps(4);
    window.get_by_label(item).click();
    window.run_steps(4);
}

fn set(window: &mut Window, field: &str, value: f64) {
    let field = window.get_by_role_and_label(Role::SpinButton, field);
    field.set_value_accesskit(value);
    window.run_steps(4);
}

#[test]
fn losses_penalties_and_averages_are_set_by_name() {
    let mut window = window();
    assert!(window.query_by_label("Label smoothing").is_none());
    click(&mut window, "Regularize");
    set(&mut window, "Label smoothing", 0.1);
    set(&mut window, "L1 penalty", 1e-5);
    choose(&mut window, "Clip gradients", "By norm");
    set(&mut window, "Clip at", 2.0);
    set(&mut window, "EMA decay", 0.99);
    set(&mut window, "Patience", 3.0);
    choose(&mut window, "Monitor", "Accuracy");
    let set_up = draft(&window).clone();
    let smoothed = Loss::CrossEntropy {
        label_smoothing: 0.1,
    };
    assert_eq!(set_up.loss, smoothed);
    assert_eq!(set_up.l1, 1e-5);
    assert_eq!(set_up.clip, Clip::Norm { max: 2.0 });
    assert_eq!(set_up.ema_decay, 0.99);
    assert_eq!(set_up.early_stopping.patience, 3);
    choose(&mut window, "Loss", "Squared error");
    assert_eq!(draft(&window).loss, Loss::SquaredError);
    assert_eq!(studio(&window).errors(), []);

    // What is set is told when the section is folded away.
    click(&mut window, "Regularize");
    window.get_by_label("squared error · L1 1e-5 · clip 2 · EMA 0.99 · patience 3");
}

#[test]
fn private_training_says_what_it_promises_before_it_starts() {
    let mut window = window();
    click(&mut window, "Private training");
    choose(&mut window, "Private training", "DP-SGD");
    set(&mut window, "Noise multiplier", 1.3);
    set(&mut window, "Max grad norm", 1.5);
    set(&mut window, "Target δ", 1e-5);
    set(&mut window, "Batch size", 600.0);
    set(&mut window, "Epochs", 15.0);
    set(&mut window, "Validation", 0.0);
    let expected = Privacy::DpSgd {
        max_grad_norm: 1.5,
        noise_multiplier: 1.3,
        delta: 1e-5,
    };
    assert_eq!(draft(&window).privacy, expected);
    window.get_by_label(
        "Planned: ε = 1.55 at δ = 1e-5 after 15 epochs, for one training image more or less.",
    );
    assert!(
        window
            .query_by_label_contains("Whoever guesses the seed")
            .is_some()
    );

    // The die gives a seed that nobody can guess.
    click(&mut window, "New seed");
    assert!(draft(&window).seed > 1 << 32, "{}", draft(&window).seed);
    assert!(
        window
            .query_by_label_contains("Whoever guesses the seed")
            .is_none()
    );

    choose(&mut window, "Preset", "Small ResNet");
    choose(&mut window, "Private training", "DP-SGD");
    assert!(studio(&window).error_at(Setting::Privacy).is_some());
    assert!(
        window
            .query_by_label_contains("use layer norm instead")
            .is_some()
    );
    assert!(window.query_by_label_contains("Planned").is_none());
}

#[test]
fn a_wrong_number_is_told_at_its_field() {
    let mut window = window();
    click(&mut window, "Regularize");
    set(&mut window, "Patience", 2.0);
    set(&mut window, "Validation", 0.0);
    assert!(studio(&window).error_at(Setting::Patience).is_some());
    window.get_by_label("Needs validation images.");
    set(&mut window, "EMA decay", 1.0);
    window.get_by_label("Must be at least 0 and below 1, found 1.");
    choose(&mut window, "Schedule", "Exponential");
    set(&mut window, "Factor per epoch", 0.0);
    assert!(studio(&window).error_at(Setting::EpochFactor).is_some());
    window.get_by_label("Must be above 0 and at most 1, found 0.");
}

#[test]
fn every_optimizer_schedule_and_first_weights_can_be_chosen() {
    let mut window = window();
    choose(&mut window, "Optimizer", "RMSprop");
    assert_eq!(draft(&window).optimizer, Optimizer::RMSPROP);
    set(&mut window, "α (smoothing)", 0.95);
    set(&mut window, "Momentum", 0.5);
    let decoupled = window.get_by_role_and_label(Role::CheckBox, "Decoupled decay");
    decoupled.click();
    window.run_steps(4);
    let chosen = Optimizer::Rmsprop {
        alpha: 0.95,
        momentum: 0.5,
        epsilon: 1e-8,
        decoupled: true,
    };
    assert_eq!(draft(&window).optimizer, chosen);
    choose(&mut window, "Optimizer", "Lion");
    set(&mut window, "β₁", 0.95);
    set(&mut window, "β₂", 0.98);
    let lion = Optimizer::Lion {
        beta1: 0.95,
        beta2: 0.98,
    };
    assert_eq!(draft(&window).optimizer, lion);
    choose(&mut window, "Optimizer", "RMSprop");
    set(&mut window, "Momentum", 0.5);
    choose(&mut window, "Schedule", "One cycle");
    set(&mut window, "Momentum dip", 0.1);
    assert!(matches!(
        draft(&window).schedule,
        Schedule::OneCycle { dip: 0.1, .. }
    ));
    set(&mut window, "Momentum dip", 0.9);
    window.get_by_label("Momentum cannot drop by 0.9: it is 0.5.");
    choose(&mut window, "Schedule", "Reduce on plateau");
    set(&mut window, "Plateau patience", 4.0);
    assert!(matches!(
        draft(&window).schedule,
        Schedule::Plateau { patience: 4, .. }
    ));
    choose(&mut window, "Initial weights", "LeCun normal");
    assert_eq!(studio(&window).errors(), []);
}

#[test]
fn augmentation_is_shown_and_changes_a_run_that_trains() {
    let mut window = window();
    set(&mut window, "Epochs", 10_000.0);
    click(&mut window, "Augment");
    window.get_by_label("Augmented images");
    click(&mut window, "Gentle");
    assert_eq!(draft(&window).augment, Augment::GENTLE);
    click(&mut window, "Train");
    wait(&mut window, "training", |app| {
        app.studio().live_run().is_some_and(|r| r.points.len() > 3)
    });
    set(&mut window, "Rotation", 25.0);
    wait(&mut window, "the change", |app| {
        app.studio()
            .live_run()
            .is_some_and(|r| !r.changes.is_empty())
    });
    let change = &studio(&window).live_run().unwrap().changes[0];
    assert_eq!(change.setting, Setting::Augment(AugmentKind::Rotation));
    assert_eq!(change.old, 10.0);
    assert_eq!(change.new, 25.0);
    click(&mut window, "Stop");
    wait(&mut window, "the end", |app| {
        app.studio().live_run().is_none()
    });
}

/// Scrolls the settings by so many lines.
fn scroll(window: &mut Window, lines: f32) {
    window.hover_at(egui::pos2(150.0, 400.0));
    window.step();
    window.event(egui::Event::MouseWheel {
        source: egui::MouseWheelSource::Wheel,
        unit: egui::MouseWheelUnit::Line,
        delta: egui::vec2(0.0, -lines),
        phase: egui::TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
    });
    window.run_steps(20);
}

/// Scrolls the settings until the top of what is called `label` is at most `y` from the window's.
fn scroll_to(window: &mut Window, role: Role, label: &str, y: f32) {
    for _ in 0..40 {
        let found = window.query_by_role_and_label(role, label);
        if found.is_some_and(|node| node.rect().max.y < y) {
            return;
        }
        scroll(window, 1.0);
    }
    panic!("{label} is nowhere in the settings");
}

#[test]
fn a_picture_of_augmentation() {
    let mut window = recorded_window([1440.0, 900.0], Theme::Dark, usize::MAX);
    scroll_to(&mut window, Role::Button, "Augment", 820.0);
    click(&mut window, "Augment");
    click(&mut window, "Gentle");
    scroll_to(&mut window, Role::Image, "Augmented images", 870.0);
    window.remove_cursor();
    window.run_steps(8);
    check(&mut window, "augment");
}

#[test]
fn a_picture_of_a_schedule_planned_and_executed() {
    let mut window = recorded_window([1440.0, 900.0], Theme::Dark, 1600);
    scroll_to(&mut window, Role::ComboBox, "Schedule", 500.0);
    choose(&mut window, "Schedule", "One cycle");
    scroll_to(
        &mut window,
        Role::Figure,
        "Learning rate over the run",
        700.0,
    );
    window.remove_cursor();
    window.run_steps(8);
    check(&mut window, "schedule");
}

#[test]
fn a_picture_of_settings_while_a_run_trains_in_a_small_window() {
    let mut window = recorded_window([1024.0, 700.0], Theme::Light, 1600);
    scroll_to(&mut window, Role::Button, "Regularize", 600.0);
    click(&mut window, "Regularize");
    scroll_to(&mut window, Role::SpinButton, "Patience", 640.0);
    window.remove_cursor();
    window.run_steps(8);
    check(&mut window, "settings-small");
}

#[test]
fn the_longest_seed_is_shown_whole_in_a_small_window() {
    let mut window = Harness::builder()
        .with_size([1024.0, 2400.0])
        .with_max_steps(60)
        .build_eframe(open);
    settle(&mut window);
    let seed = |window: &Window| window.get_by_role_and_label(Role::TextInput, "Seed").rect();
    let usual = seed(&window);
    let mut config = draft(&window).clone();
    config.seed = i64::MAX as u64;
    let action = candle_studio::studio::DraftAction::Set(Box::new(config));
    window.state_mut().act(action);
    window.run_steps(4);
    // Nineteen digits of a font in which all are equally wide.
    let font = egui::TextStyle::Monospace.resolve(&window.ctx.global_style());
    let digit = window.ctx.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
    let long = seed(&window);
    assert!(usual.width() < long.width());
    assert!(long.width() >= 19.0 * digit + 8.0, "{long} for {digit}");
    let label = window.get_by_role_and_label(Role::Label, "Seed").rect();
    assert!(label.right() <= long.left(), "{label} {long}");
}
