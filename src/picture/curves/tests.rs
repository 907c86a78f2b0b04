//! Tests of the drawn curves.

use super::*;
use crate::model::PRESETS;
use crate::picture::Item;
use crate::picture::palette::LIGHT;
use crate::picture::series::Spread;
use crate::runs::Status;
use crate::runs::table::Column;
use crate::runs::{Record, RunId};
use crate::train::{EpochPoint, Finish, Metrics, StepPoint, TrainConfig};

/// A run of `n` batches whose loss falls from 2 and whose seed is `seed`.
fn run(name: &str, seed: u64, n: u64) -> RunState {
    let mut config = TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000);
    config.seed = seed;
    let mut run = RunState::new(name, config);
    run.points = (1..=n)
        .map(|step| StepPoint {
            step,
            images: 32 * step,
            epoch: step as f64 / 100.0,
            secs: step as f64,
            loss: 2.0 / step as f64 + 0.01 * seed as f64,
            accuracy: 1.0 - 0.9 / step as f64,
            learning_rate: 1e-3,
        })
        .collect();
    run
}

fn view() -> CurvesView {
    CurvesView {
        x_axis: XAxis::Epoch,
        is_x_log: false,
        is_loss_log: true,
        smoothing_steps: 1.0,
        shows_batches: false,
        bands: None,
        group: GroupBy::AllButSeed,
    }
}

fn draw(runs: &[RunState], view: &CurvesView) -> Picture {
    draw_apart(runs, None, view)
}

fn draw_apart(runs: &[RunState], baseline: Option<&RunState>, view: &CurvesView) -> Picture {
    let record = |(idx, run): (usize, &RunState)| {
        let mut record = Record::begun(RunId::new(&run.name), run);
        record.color = idx;
        record
    };
    let records: Vec<Record> = runs.iter().enumerate().map(record).collect();
    let list: Vec<Curve<'_>> = runs
        .iter()
        .zip(&records)
        .map(|(run, record)| Curve { record, run })
        .collect();
    curves(&list, baseline, view, [900.0, 600.0], &LIGHT)
}

#[test]
fn every_run_has_its_line_in_both_plots_and_its_name_in_the_legend() {
    let svg = draw(&[run("one", 1, 5000), run("two", 2, 300)], &view()).svg();
    for color in [0, 1] {
        let [r, g, b] = LIGHT.data(color);
        // Loss, accuracy, legend.
        let lines = format!("stroke=\"#{r:02x}{g:02x}{b:02x}\"");
        assert_eq!(svg.matches(&lines).count(), 3, "{lines}");
    }
    for words in [
        ">one<",
        ">two<",
        ">Loss<",
        ">Accuracy<",
        ">epoch<",
        ">0.1<",
        ">100.0 %<",
    ] {
        assert!(svg.contains(words), "no {words} in {svg}");
    }
}

#[test]
fn everything_stays_within_the_picture() {
    let mut broken = run("broken", 1, 50);
    broken.points[20].loss = f64::NAN;
    broken.points[21].loss = f64::INFINITY;
    for is_log in [false, true] {
        let view = CurvesView {
            is_x_log: is_log,
            is_loss_log: is_log,
            ..view()
        };
        let runs = [broken.clone(), run("empty", 2, 0), run("single", 3, 1)];
        let picture = draw(&runs, &view);
        for item in &picture.items {
            if let Item::Line { points, .. } = item {
                for [x, y] in points {
                    assert!((0.0..=900.0).contains(x) && (0.0..=600.0).contains(y));
                }
            }
        }
        assert!(!picture.svg().contains("NaN"));
    }
    draw(&[], &view());
}

#[test]
fn runs_of_one_setting_become_a_band() {
    let runs = [run("a", 1, 300), run("b", 2, 300), run("c", 3, 300)];
    let grouped = CurvesView {
        bands: Some(Spread::Range),
        ..view()
    };
    let areas = |picture: &Picture| {
        let is_area = |item: &&Item| matches!(item, Item::Area { .. });
        picture.items.iter().filter(is_area).count()
    };
    assert_eq!(areas(&draw(&runs, &view())), 0);
    let picture = draw(&runs, &grouped);
    assert_eq!(areas(&picture), 2, "one for loss, one for accuracy");
    assert!(picture.svg().contains(">a ×3<"));
}

#[test]
fn runs_are_grouped_by_any_setting() {
    let mut runs = [run("a", 1, 300), run("b", 2, 300), run("c", 3, 300)];
    runs[2].config.batch_size = 64;
    let by_batch = CurvesView {
        bands: Some(Spread::Deviation),
        group: GroupBy::Column(Column::setting("batch_size")),
        ..view()
    };
    let svg = draw(&runs, &by_batch).svg();
    assert!(
        svg.contains(">batch_size 32 ×2<") && svg.contains(">c<"),
        "{svg}"
    );
}

#[test]
fn against_itself_a_run_is_a_flat_line() {
    let runs = [run("a", 1, 300)];
    let picture = draw_apart(&runs, Some(&runs[0]), &view());
    assert!(picture.svg().contains("difference from a"));
    let [r, g, b] = LIGHT.data(0);
    let flat = picture.items.iter().filter_map(|item| match item {
        Item::Line { points, ink, .. } if ink.rgb == [r, g, b] => Some(points),
        _ => None,
    });
    for points in flat {
        assert!(points.iter().all(|p| p[1] == points[0][1]), "{points:?}");
    }
}

/// The run with these validation metrics, loss and accuracy, after its epochs.
fn validated(mut run: RunState, metrics: &[(f64, f64)]) -> RunState {
    run.epochs = metrics
        .iter()
        .enumerate()
        .map(|(idx, &(loss, accuracy))| EpochPoint {
            epoch: idx + 1,
            step: 100 * (idx as u64 + 1),
            images: 3200 * (idx as u64 + 1),
            secs: idx as f64,
            epoch_secs: 1.0,
            train: Metrics { loss, accuracy },
            validation: Some(Metrics { loss, accuracy }),
            sketches: None,
            epsilon: None,
        })
        .collect();
    run
}

#[test]
fn the_best_epoch_of_a_curve_is_best_by_its_own_metric_and_never_gets_worse() {
    let metrics = [(0.05, 0.90), (0.04, 0.91), (0.06, 0.95), (0.05, 0.94)];
    let mut bests: Vec<[f64; 2]> = Vec::new();
    for n in 1..=metrics.len() {
        let run = validated(run("a", 1, 400), &metrics[..n]);
        let value = |metric: YAxis| metric.best(XAxis::Epoch, &run).unwrap()[1];
        bests.push([value(YAxis::Loss), value(YAxis::Accuracy)]);
    }
    assert_eq!(
        bests,
        [[0.05, 0.90], [0.04, 0.91], [0.04, 0.95], [0.04, 0.95]]
    );
}

#[test]
fn a_spike_has_its_full_height_whatever_the_smoothing() {
    let mut spiky = run("a", 1, 3000);
    spiky.points[2000].loss = 9.0;
    for smoothing_steps in [1.0, 50.0, 1000.0] {
        for is_loss_log in [false, true] {
            let view = CurvesView {
                smoothing_steps,
                is_loss_log,
                ..view()
            };
            let picture = draw(std::slice::from_ref(&spiky), &view);
            let [r, g, b] = LIGHT.data(0);
            let vertical = picture.items.iter().any(|item| match item {
                Item::Line { points, ink, .. } if ink.rgb == [r, g, b] && points.len() == 2 => {
                    // In the upper plot, from its lower part to its very top.
                    points[0][0] == points[1][0] && (TOP..TOP + 30.0).contains(&points[1][1])
                }
                _ => false,
            });
            assert!(vertical, "{smoothing_steps} {is_loss_log}");
        }
    }
}

#[test]
fn single_batches_are_drawn_on_demand_and_a_band_only_for_one_run() {
    let noisy = |name: &str, seed: u64| {
        let mut run = run(name, seed, 2000);
        for point in &mut run.points {
            point.loss *= 1.0 + 0.3 * (point.step as f64 * 0.7).sin();
        }
        run
    };
    let count = |runs: &[RunState], shows_batches: bool| {
        let view = CurvesView {
            shows_batches,
            ..view()
        };
        let picture = draw(runs, &view);
        let n = |is_kind: fn(&Item) -> bool| picture.items.iter().filter(|i| is_kind(i)).count();
        let areas = n(|item| matches!(item, Item::Area { .. }));
        (areas, n(|item| matches!(item, Item::Circle { .. })))
    };
    let one = [noisy("a", 1)];
    let two = [noisy("a", 1), noisy("b", 2)];
    assert_eq!(count(&one, false), (2, 0));
    assert!(count(&one, true).1 > 500);
    assert_eq!(count(&two, false), (0, 0));
    assert_eq!(count(&two, true), (0, 0));
}

#[test]
fn a_run_that_diverged_is_named_so() {
    let mut runs = [run("sound", 1, 300), run("broken", 2, 300)];
    runs[1].status = Status::Finished(Finish::Diverged { step: 301 });
    let svg = draw(&runs, &view()).svg();
    assert!(svg.contains(">sound<") && svg.contains(">broken: diverged<"));
}
