//! Sweeps in the app and in the window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use candle_studio::model::Classifier;
use candle_studio::studio::{
    DataState, DraftAction, FileAction, LibraryAction, ShownSweep, Studio, SweepAction, SweepPhase,
};
use candle_studio::sweep::{
    Axis, Definition, Method, Plan, Point, SweepEnd, SweepEvent, SweepState, TrialStatus, Values,
    Verdict,
};
use candle_studio::train::TrainConfig;
use candle_studio::ui::StudioApp;
use egui::{Key, Modifiers, Role, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::renderer::CpuRenderer;
use crate::support::tiny;
use crate::support::window::settle;

type Window = Harness<'static, StudioApp>;

fn pump_until(studio: &mut Studio, is_so: impl Fn(&Studio) -> bool) {
    let start = Instant::now();
    while !is_so(studio) {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing happens");
        studio.pump(Duration::from_millis(5));
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A studio with the tiny dataset and settings that train in a moment.
fn studio(workspace: &std::path::Path, data: &std::path::Path) -> Studio {
    tiny::write_folder(data);
    let mut studio = Studio::new(Some(workspace.to_owned()), Arc::new(|| {})).unwrap();
    studio.handle(FileAction::OpenData(data.to_owned()));
    pump_until(&mut studio, |s| {
        matches!(s.data(), DataState::Ready(d) if d.train.len() == tiny::N_TRAIN)
            && s.activities().is_empty()
    });
    studio.handle(DraftAction::ChoosePreset("softmax"));
    let mut config = studio.draft().clone();
    config.epochs = 2;
    config.n_validation = 40;
    studio.handle(DraftAction::Set(Box::new(config)));
    studio
}

fn act(studio: &mut Studio, action: SweepAction) {
    studio.handle(action);
}

fn is_over(studio: &Studio) -> bool {
    studio.sweeps().shown().is_some_and(|s| !s.is_live()) && !studio.sweeps().is_live()
}

#[test]
fn a_sweep_runs_in_the_studio_and_is_there_the_next_time() {
    let (runs, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut studio = studio(runs.path(), data.path());
    let mut sweep = studio.sweeps().draft().clone();
    sweep.trials = Some(4);
    sweep.parallel = 2;
    act(&mut studio, SweepAction::SetDraft(Box::new(sweep.clone())));
    assert!(
        studio.sweeps().problems().is_empty(),
        "{:?}",
        studio.sweeps().problems()
    );
    act(&mut studio, SweepAction::Start);
    pump_until(&mut studio, is_over);
    let shown = studio.sweeps().shown().unwrap();
    assert_eq!(shown.phase, SweepPhase::Ended(SweepEnd::Completed));
    assert_eq!(shown.state.leaderboard(&shown.plan.definition).len(), 4);
    assert_ne!(
        studio.sweeps().draft().name,
        sweep.name,
        "the next one has its own name"
    );

    act(&mut studio, SweepAction::Retry(2));
    pump_until(&mut studio, is_over);
    let again = studio.sweeps().shown().unwrap();
    assert_eq!(again.state.n_over(), 4);
    assert_eq!(again.state.trials[&2].run, "sweep-1-002");
    drop(studio);

    let mut studio = Studio::new(Some(runs.path().to_owned()), Arc::new(|| {})).unwrap();
    pump_until(&mut studio, |s| s.sweeps().kept().next().is_some());
    act(&mut studio, SweepAction::Show("sweep-1".to_owned()));
    let shown = studio.sweeps().shown().unwrap();
    assert_eq!((shown.state.n_over(), shown.can_resume()), (4, false));

    // Its trials name it, so that they are found among all runs.
    pump_until(&mut studio, |s| s.runs().len() == 4);
    studio.handle(LibraryAction::SetFilter(
        "sweep = \"sweep-1\" and trial = 2".to_owned(),
    ));
    assert_eq!(studio.filter().problem(), None);
    let found: Vec<String> = studio
        .filtered_runs()
        .map(|run| run.id.to_string())
        .collect();
    assert_eq!(found, ["sweep-1-002"]);

    // Another workspace has other sweeps.
    let other = tempfile::tempdir().unwrap();
    studio.handle(LibraryAction::OpenWorkspace(other.path().to_owned()));
    assert!(studio.sweeps().shown().is_none() && studio.sweeps().kept().next().is_none());
    studio.handle(LibraryAction::OpenWorkspace(runs.path().to_owned()));
    pump_until(&mut studio, |s| s.sweeps().kept().eq(["sweep-1"]));
}

#[test]
fn a_sweep_that_cannot_run_says_why_and_does_not_start() {
    let (runs, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut studio = studio(runs.path(), data.path());
    let mut sweep = studio.sweeps().draft().clone();
    sweep.search = vec![Axis::new("batch_size", Values::IntRange([0, 9_999]))];
    sweep.trials = None;
    act(&mut studio, SweepAction::SetDraft(Box::new(sweep)));
    let told: Vec<String> = studio
        .sweeps()
        .problems()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    act(&mut studio, SweepAction::Start);
    assert!(studio.sweeps().shown().is_none());
}

/// A sweep in the middle of its work, as its journal tells it.
fn recorded() -> ShownSweep {
    let mut definition = Definition::new("rates");
    definition.method = Method::Sobol;
    definition.trials = Some(12);
    definition.parallel = 2;
    definition.search = vec![
        Axis::new("batch_size", Values::List(vec![32.into(), 64.into()])),
        Axis::new("learning_rate", Values::LogRange([1e-4, 1e-1])),
    ];
    let preset = candle_studio::model::preset("mlp").unwrap();
    let base = TrainConfig::new(preset, [1, 28, 28], 10, 60_000);
    let mut state = SweepState::default();
    let ends = [0.962, 0.971, 0.913, 0.978, 0.981, 0.94, 0.979];
    for (idx, end) in ends.into_iter().enumerate() {
        let (trial, begin) = (idx + 1, 6.0 * idx as f64);
        let rate = 1e-4 * 10f64.powf(0.41 * idx as f64);
        let point: Point = toml::from_str(&format!(
            "batch_size = {}\nlearning_rate = {rate}",
            32 << (idx % 2)
        ))
        .unwrap();
        state.apply(&SweepEvent::Started {
            trial,
            setting: idx,
            repeat: 0,
            point,
            run: format!("rates-{trial:03}"),
            secs: begin,
        });
        let is_pruned = [2, 5].contains(&idx);
        let n_epochs = if is_pruned {
            2
        } else if idx == 6 {
            3
        } else {
            5
        };
        for epoch in 1..=n_epochs {
            let value = end - 0.05 / (epoch * epoch) as f64 + 0.002;
            state.apply(&SweepEvent::Reported {
                verdict: None,
                trial,
                epoch,
                value,
                secs: begin + epoch as f64,
            });
        }
        if idx == 6 {
            break;
        }
        let status = if is_pruned {
            let value = end - 0.0105;
            TrialStatus::Pruned {
                value,
                verdict: Verdict {
                    rule: "the median of 3 other trials".to_owned(),
                    epoch: 2,
                    value,
                    threshold: 0.9605,
                    because: format!(
                        "validation accuracy {:.2} % after 2 epochs, 96.05 % needed: the median of 3 other trials",
                        100.0 * value
                    ),
                },
            }
        } else {
            TrialStatus::Completed { value: end }
        };
        state.apply(&SweepEvent::Ended {
            trial,
            status,
            secs: begin + n_epochs as f64 + 0.4,
        });
    }
    ShownSweep {
        plan: Plan { definition, base },
        state,
        phase: SweepPhase::Running,
    }
}

fn window(size: [f32; 2], theme: Theme, sweep: Option<ShownSweep>) -> Window {
    let mut window = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(60)
        .renderer(CpuRenderer::default())
        .build_eframe(move |cc| {
            let path = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/fixtures/window/lenet-5.safetensors"
            );
            let model = Classifier::load(path.as_ref()).unwrap();
            let studio = Studio::new(None, StudioApp::wake(&cc.egui_ctx)).unwrap();
            let mut studio = studio.with_history(Vec::new(), model);
            if let Some(sweep) = sweep {
                studio = studio.with_sweep(sweep);
            }
            StudioApp::with_studio(cc, studio)
        });
    settle(&mut window);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Num7);
    window.run_steps(6);
    window
}

#[test]
fn a_sweep_is_defined_by_labels() {
    let mut window = window([1440.0, 900.0], Theme::Dark, None);
    window.get_by_label("No sweep yet.");
    window
        .get_by_role_and_label(Role::ComboBox, "Method")
        .click();
    window.run_steps(4);
    window.get_by_label("Grid").click();
    window.run_steps(4);
    // A grid needs to know how many values of a range it should try.
    window.get_by_label_contains("needs points");
    window.get_by_label("Values of learning rate");
    window.get_by_label("Add setting").click();
    window.run_steps(4);
    window.get_by_label("Remove batch size").click();
    window.run_steps(4);
    assert!(window.query_by_label("Remove batch size").is_none());
    window
        .get_by_role_and_label(Role::ComboBox, "Pruning")
        .click();
    window.run_steps(4);
    window.get_by_label("Median").click();
    window.run_steps(4);
    window.get_by_role_and_label(Role::SpinButton, "Trials needed");
}

#[test]
fn a_running_sweep_shows_its_trials_and_why_some_were_stopped() {
    let window = window([1440.0, 900.0], Theme::Dark, Some(recorded()));
    window.get_by_label_contains("6 of 12 trials");
    window.get_by_label("Pause sweep");
    window.get_by_label("Stop sweep");
    let reasons = window.query_all_by_label_contains("pruned because validation accuracy");
    assert_eq!(reasons.count(), 2);
    window.get_by_label("Rerun trial 3");
    assert!(
        window.query_by_label("Rerun trial 7").is_none(),
        "it is still training"
    );
    for figure in [
        "validation accuracy by learning rate",
        "validation accuracy by batch size",
        "validation accuracy over epochs",
        "Best so far over time (s)",
    ] {
        window.get_by_role_and_label(Role::Figure, figure);
    }
}

#[test]
fn while_a_sweep_trains_the_bars_say_so_and_the_buttons_are_for_it() {
    let mut sweep = recorded();
    let running = window([1440.0, 900.0], Theme::Dark, Some(sweep.clone()));
    running.get_by_role_and_label(Role::ProgressIndicator, "sweep: trial 7 of 12");
    running.get_by_label("Training sweep rates, trial 7 of 12");
    running.get_by_role_and_label(Role::Button, "Pause");
    running.get_by_role_and_label(Role::Button, "Stop");
    for label in ["Train", "Step"] {
        let button = running.query_by_role_and_label(Role::Button, label);
        assert!(button.is_none(), "{label} is not for now");
    }
    sweep.phase = SweepPhase::Ended(SweepEnd::Completed);
    let over = window([1440.0, 900.0], Theme::Dark, Some(sweep));
    over.get_by_role_and_label(Role::Button, "Train");
    over.get_by_label("Ready");
}

#[test]
fn the_best_trial_leads_to_its_settings_and_its_curves() {
    let mut window = window([1440.0, 900.0], Theme::Dark, Some(recorded()));
    window.get_by_label("Trial 5: 98.10 % with batch size 32, learning rate 0.00437");
    window.get_by_label("Use these settings").click();
    window.run_steps(4);
    let draft = window.state().studio().draft();
    assert_eq!((draft.batch_size, draft.preset.as_str()), (32, "mlp"));
    assert!((draft.learning_rate - 0.004_365).abs() < 1e-6);

    let runs = tempfile::tempdir().unwrap();
    crate::workspace::copy_released(runs.path(), "rates-005");
    let workspace = runs.path().to_owned();
    let mut window = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_max_steps(60)
        .build_eframe(move |cc| {
            let studio = Studio::new(Some(workspace), StudioApp::wake(&cc.egui_ctx)).unwrap();
            StudioApp::with_studio(cc, studio.with_sweep(recorded()))
        });
    settle(&mut window);
    crate::support::window::wait(&mut window, "the run", |app| app.studio().runs().len() == 1);
    window.get_by_role_and_label(Role::Tab, "Sweep tab").click();
    window.run_steps(4);
    window.get_by_label("Show curves").click();
    window.run_steps(6);
    assert!(window.state().studio().runs()[0].is_visible);
    assert!(
        window.query_by_label("Show curves").is_none(),
        "another tab"
    );
}

#[test]
fn a_picture_of_a_sweep() {
    let mut window = window([1440.0, 900.0], Theme::Dark, Some(recorded()));
    let picture = window.render().unwrap();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots/sweep.png");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        picture.save(&path).unwrap();
        return;
    }
    let is_same = image::open(&path).is_ok_and(|old| old.into_rgba8() == picture);
    assert!(is_same, "{} no longer shows the window", path.display());
}

/// Runs the command of the palette whose label has these words.
fn command(window: &mut Window, words: &str) {
    window.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.run_steps(4);
    window.event(egui::Event::Text(words.to_owned()));
    window.run_steps(4);
    window.key_press(Key::Enter);
    window.run_steps(4);
}

#[test]
fn a_stopped_sweep_is_resumed_from_the_palette() {
    let mut stopped = recorded();
    stopped.phase = SweepPhase::Ended(SweepEnd::Stopped);
    let mut window = window([1440.0, 900.0], Theme::Dark, Some(stopped));
    command(&mut window, "resume stopped sweep");
    let notices = window.state().studio().notices();
    // It was tried: without a workspace it cannot go further than that.
    assert!(
        notices.iter().any(|n| n.text.contains("needs a workspace")),
        "{notices:?}"
    );
}

#[test]
fn a_sweep_is_steered_from_the_list_of_commands_and_its_runs_are_compared() {
    let mut window = window([1440.0, 900.0], Theme::Dark, Some(recorded()));
    command(&mut window, "compare sweep");
    let filter = window.state().studio().filter().text().to_owned();
    assert_eq!(filter, "sweep = \"rates\"");
    assert!(window.query_by_label("Stop sweep").is_none(), "another tab");
}

/// The tab in the smallest window, for somebody to look at: before the first sweep, and in one.
#[test]
#[ignore = "writes pictures to look at"]
fn small_pictures() {
    for (name, sweep) in [("form", None), ("live", Some(recorded()))] {
        let mut window = window([1024.0, 700.0], Theme::Light, sweep);
        window.remove_cursor();
        window.run_steps(8);
        let path = std::env::temp_dir().join(format!("candle-studio-sweep-{name}.png"));
        window.render().unwrap().save(path).unwrap();
    }
}
