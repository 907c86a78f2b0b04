//! A thousand runs of ten thousand points each, and what it costs to look at them:
//! `cargo test --test it many_runs -- --ignored --nocapture`, on an idle machine.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use candle_studio::model::{Classifier, preset};
use candle_studio::runs::table::{Column, Query, SortKey, all_columns, differing_columns, sort};
use candle_studio::runs::{Record, Recorder, RunId, RunState, Status, list_runs};
use candle_studio::studio::{LibraryAction, Studio};
use candle_studio::train::{
    EpochPoint, Event, Finish, Job, Metrics, Observer, StepPoint, TrainConfig,
};
use candle_studio::ui::{Options, StudioApp};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::tiny;
use crate::support::window::{settle, wait};

const N_RUNS: usize = 1_000;
const N_POINTS: u64 = 10_000;
const N_EPOCHS: u64 = 5;

/// A number from 0 to 1 that looks random and is the same every time.
fn noise(a: u64, b: u64) -> f64 {
    let mut x = a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x >> 40) as f64 / (1_u64 << 24) as f64
}

fn config(idx: u64) -> TrainConfig {
    let presets = ["softmax", "mlp", "lenet-5"];
    let preset = preset(presets[(idx % 3) as usize]).unwrap();
    let mut config = TrainConfig::new(preset, [1, tiny::SIDE, tiny::SIDE], tiny::CLASSES, 203);
    config.learning_rate = 10_f64.powf(-4.0 + 3.0 * noise(idx, 1));
    config.batch_size = 16 << (idx % 3);
    config.seed = idx;
    config
}

/// A loss that falls like a real one, written as training writes it: some hundred points at a time.
fn write_run(dir: &Path, idx: u64) {
    let job = Job::new(config(idx), Arc::new(tiny::dataset())).unwrap();
    let path = dir.join(format!("run-{idx:04}"));
    let mut recorder = Recorder::create(&path, &format!("run {idx}"), &job).unwrap();
    recorder.event(&Event::Started {
        config: Box::new(job.config().clone()),
        dataset: "bars".to_owned(),
        n_train: 203,
        threads: 2,
    });
    let point = |step: u64| StepPoint {
        step,
        images: 32 * step,
        epoch: (step * N_EPOCHS) as f64 / N_POINTS as f64,
        secs: step as f64 * 1e-3,
        loss: 2.3 / (1.0 + step as f64 / 300.0) + 0.1 * noise(idx, step),
        accuracy: 1.0 - 0.9 / (1.0 + step as f64 / 300.0),
        learning_rate: job.config().learning_rate,
    };
    let per_epoch = N_POINTS / N_EPOCHS;
    for epoch in 1..=N_EPOCHS {
        let steps: Vec<u64> = ((epoch - 1) * per_epoch + 1..=epoch * per_epoch).collect();
        for chunk in steps.chunks(250) {
            let points = chunk.iter().map(|&step| point(step)).collect();
            recorder.event(&Event::Steps { points });
        }
        let accuracy = 0.98 - 0.1 / epoch as f64 - 0.02 * noise(idx, epoch);
        recorder.event(&Event::EpochDone {
            point: EpochPoint {
                epoch: epoch as usize,
                step: epoch * per_epoch,
                images: 32 * epoch * per_epoch,
                secs: (epoch * per_epoch) as f64 * 1e-3,
                epoch_secs: per_epoch as f64 * 1e-3,
                train: Metrics {
                    loss: 0.1,
                    accuracy,
                },
                validation: Some(Metrics {
                    loss: 0.2,
                    accuracy,
                }),
                sketches: None,
                epsilon: None,
            },
        });
    }
    recorder.event(&Event::Finished {
        finish: Finish::Completed,
        test: Some(Metrics {
            loss: 0.2,
            accuracy: 0.97 - 0.02 * noise(idx, 9),
        }),
    });
}

/// Resident memory of this process in MB, where the system tells it.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kb = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    kb.unwrap_or(f64::NAN) / 1e3
}

fn timed<T>(what: &str, task: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = task();
    let secs = start.elapsed().as_secs_f64();
    println!("{what}: {:.1} ms, {:.0} MB in memory", 1e3 * secs, memory());
    (result, secs)
}

/// Opens the window on a workspace, turns to the table, and waits for the frame that shows it.
fn open(workspace: &Path) -> Harness<'static, StudioApp> {
    let options = Options {
        workspace: Some(workspace.to_owned()),
        ..Options::default()
    };
    let mut window = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_max_steps(60)
        .build_eframe(move |cc| StudioApp::new(cc, options).unwrap());
    window.key_press_modifiers(Modifiers::COMMAND, Key::Num6);
    window.step();
    wait(&mut window, "the runs", |app| {
        app.studio().runs().len() == N_RUNS
    });
    window.get_by_label(&format!("{N_RUNS} runs"));
    window
}

#[test]
#[ignore = "a measurement: writes 700 MB and wants an idle machine"]
fn a_thousand_runs() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    timed("writing 1,000 runs of 10,000 points", || {
        (0..N_RUNS as u64).for_each(|idx| write_run(dir, idx));
    });
    let (window, cold) = timed("window to the table without an index", || open(dir));
    drop(window);
    let (mut window, warm) = timed("window to the table with an index", || open(dir));
    let frames = 60;
    let (_, secs) = timed("60 frames of the table of 1,000 runs", || {
        (0..frames).for_each(|_| window.step());
    });
    println!(
        "a frame, laid out and tessellated by the harness: {:.2} ms",
        1e3 * secs / 60.0
    );
    curves_of_twenty(&mut window);
    drop(window);

    let listing = list_runs(dir).unwrap();
    let many: Vec<Record> = (0..10)
        .flat_map(|copy| listing.records.iter().map(move |record| (copy, record)))
        .map(|(copy, record)| {
            let mut record = record.clone();
            record.id = RunId::new(&format!("{}-{copy}", record.id));
            record
        })
        .collect();
    println!("10,000 records: {:.0} MB in memory", memory());
    let records: Vec<&Record> = many.iter().collect();
    let key = |name: &str, is_descending| SortKey {
        column: Column::parse(name),
        is_descending,
    };
    let keys = [key("preset", false), key("val_accuracy", true)];
    let (_, sorting) = timed("sorting 10,000 rows by two columns", || {
        sort(&records, &keys)
    });
    let query = Query::parse("lr < 0.01 and model = mlp and val_acc > 95%").unwrap();
    let (found, filtering) = timed("filtering 10,000 rows by three comparisons", || {
        records.iter().filter(|record| query.passes(record)).count()
    });
    assert!(found > 0 && found < records.len());
    timed("choosing columns for 10,000 rows", || {
        (
            differing_columns(&records),
            all_columns(records.iter().copied()),
        )
    });
    assert!(cold < 10.0 && warm < 1.0, "{cold} {warm}");
    assert!(sorting < 0.05 && filtering < 0.05, "{sorting} {filtering}");
}

/// Shows the curves of twenty runs and tells what a frame of them takes.
fn curves_of_twenty(window: &mut Harness<'static, StudioApp>) {
    let runs = window.state().studio().runs()[..20].iter();
    let ids: Vec<RunId> = runs.map(|run| run.id.clone()).collect();
    for id in &ids {
        window
            .state_mut()
            .act(LibraryAction::ShowRun(id.clone(), true));
    }
    window.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    window.step();
    let is_there = |app: &StudioApp, id: &RunId| {
        let run = app.studio().run(id);
        run.is_some_and(|run| run.state.points.len() as u64 == N_POINTS)
    };
    let (_, reading) = timed("reading 20 runs of 10,000 points", || {
        wait(window, "the points", |app| {
            ids.iter().all(|id| is_there(app, id))
        });
    });
    window.run_steps(4);
    let (_, secs) = timed("60 frames of 20 curves of 10,000 points", || {
        (0..60).for_each(|_| window.step());
    });
    println!(
        "{:.0} ms to read, a frame: {:.2} ms",
        1e3 * reading,
        1e3 * secs / 60.0
    );
}

/// A window that knows ten thousand runs without points, at a view of the Compare tab.
fn window_of_ten_thousand() -> Harness<'static, StudioApp> {
    let run = |idx: u64| {
        let mut run = RunState::new(format!("run {idx}"), config(idx));
        run.status = Status::Finished(Finish::Completed);
        run.test = Some(Metrics {
            loss: 0.2,
            accuracy: 0.97 - 0.02 * noise(idx, 9),
        });
        run
    };
    let model = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/window/lenet-5.safetensors"
    );
    let model = Classifier::load(model.as_ref()).unwrap();
    let mut window = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_max_steps(60)
        .build_eframe(move |cc| {
            let studio = Studio::new(None, StudioApp::wake(&cc.egui_ctx)).unwrap();
            let studio = studio.with_history((0..10_000).map(run).collect(), model);
            StudioApp::with_studio(cc, studio)
        });
    settle(&mut window);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Num6);
    window.run_steps(4);
    window.get_by_label("10000 runs");
    window
}

#[test]
#[ignore = "a measurement: wants an idle machine"]
fn ten_thousand_runs_are_looked_at() {
    let mut window = window_of_ten_thousand();
    for view in ["Table", "Parallel", "Scatter", "Importance", "Verdict"] {
        window.get_by_label(view).click();
        timed(&format!("turning to {view}"), || window.run_steps(4));
        let (_, secs) = timed(&format!("30 frames of {view}"), || {
            (0..30).for_each(|_| window.step());
        });
        println!("a frame of {view}: {:.2} ms", 1e3 * secs / 30.0);
        let rect = window.get_by_label(view).rect();
        let at = rect.center() + egui::vec2(300.0, 400.0);
        let (_, secs) = timed(&format!("30 frames of {view} under the pointer"), || {
            (0..30).for_each(|idx| {
                window.hover_at(at + egui::vec2(0.0, idx as f32));
                window.step();
            });
        });
        println!(
            "a frame of {view} under the pointer: {:.2} ms",
            1e3 * secs / 30.0
        );
    }
}
