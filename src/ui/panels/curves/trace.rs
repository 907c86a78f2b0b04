//! Reduces a run's points to what the pixels can show.
//!
//! The run keeps every point. The plot shows a reduction: the smallest and the largest value of
//! each pixel column, recomputed only when points arrive or the view changes.

use egui_plot::PlotPoint;

use super::baseline::{Baseline, BaselineKey};
use super::lens::{Lens, YAxis};
use crate::picture::{Average, Batches, Series, reduce};
use crate::runs::RunState;
use crate::train::StepPoint;

/// Batches on each side of those in sight that these are compared with.
const AROUND: usize = 32;

/// One run seen through a lens, as lines to draw.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Every batch, reduced; one line per stretch without a break.
    pub raw: Vec<Vec<PlotPoint>>,
    /// Where most batches lie, and those that stand out.
    pub batches: Batches,
    /// The moving average over batches, reduced.
    pub smooth: Vec<Vec<PlotPoint>>,
    /// Validation values, at the end of each epoch.
    pub validation: Vec<PlotPoint>,
    /// Values on the user's sketches, at the end of each epoch; none beside a baseline.
    pub sketches: Vec<PlotPoint>,
    /// Where the value was NaN or infinite.
    pub breaks: Vec<f64>,
}

/// The curves of one run for one metric, cached between frames.
#[derive(Clone, Debug, Default)]
pub struct RunCurve {
    /// The run it was built from: its name, its first point, and how often it was rolled back. Runs
    /// of earlier sessions are inserted before those of this one once they are read, so an index is
    /// not enough.
    run: Option<(String, Option<StepPoint>, usize)>,
    average: Average,
    key: Option<(Lens, usize, usize, Option<BaselineKey>)>,
    trace: Trace,
}

impl RunCurve {
    /// Returns the lines, rebuilt where something changed.
    pub fn trace(&mut self, run: &RunState, lens: &Lens, baseline: Option<&Baseline>) -> &Trace {
        let n_points = run.points.len();
        let key = Some((
            *lens,
            n_points,
            run.epochs.len(),
            baseline.map(|b| b.key.clone()),
        ));
        let is_same = self.run.as_ref().is_some_and(|(name, first, n)| {
            *name == run.name && first.as_ref() == run.points.first() && *n == run.n_rewinds
        });
        if !is_same {
            *self = RunCurve {
                run: Some((run.name.clone(), run.points.first().copied(), run.n_rewinds)),
                ..RunCurve::default()
            };
        }
        if self.key != key {
            self.average.follow(run, lens.metric, lens.smoothing_steps);
            self.trace = self.build(run, lens, baseline);
            self.key = key;
        }
        &self.trace
    }

    /// The lines as they were last built.
    pub fn kept(&self) -> &Trace {
        &self.trace
    }

    /// The smoothed value of the update nearest to `x`. Call [`RunCurve::trace`] first.
    pub fn smooth_at(&self, run: &RunState, lens: &Lens, x: f64) -> Option<f64> {
        let end = run
            .points
            .partition_point(|p| lens.x(lens.x_axis.of_step(p)) <= x);
        self.average.values().get(end.saturating_sub(1)).copied()
    }

    /// The smoothed curve as numbers, in plot coordinates. Call [`RunCurve::trace`] first.
    pub fn series(&self, run: &RunState, lens: &Lens, baseline: Option<&Baseline>) -> Series {
        let values = run.points.iter().zip(self.average.values());
        let series = Series::new(values.map(|(p, &y)| [lens.x(lens.x_axis.of_step(p)), y]));
        match baseline {
            Some(baseline) => series.minus(baseline.training(lens.metric)),
            None => series,
        }
    }

    fn build(&self, run: &RunState, lens: &Lens, baseline: Option<&Baseline>) -> Trace {
        let x_of = |p: &StepPoint| lens.x(lens.x_axis.of_step(p));
        // One point beyond each edge, so that lines extend to the edges of the plot.
        let (low, high) = lens.x_range;
        let first = run
            .points
            .partition_point(|p| x_of(p) < low)
            .saturating_sub(1);
        let last = run.points.partition_point(|p| x_of(p) <= high);
        let seen = first..(last + 1).min(run.points.len());
        let points = &run.points[seen.clone()];
        let metric = lens.metric;
        // Without a baseline value there is no difference either.
        let apart = |x: f64, y: f64, from: fn(&Baseline, YAxis) -> &Series| match baseline {
            Some(baseline) => Some((x, lens.y(y - from(baseline, metric).at(x)?))),
            None => Some((x, lens.y(y))),
        };
        let raw = points
            .iter()
            .filter_map(|p| apart(x_of(p), metric.of_step(p), Baseline::training));
        let smooth = points
            .iter()
            .zip(&self.average.values()[seen.clone()])
            .filter_map(|(p, &value)| apart(x_of(p), value, Baseline::training));
        let validation = run.curve_epochs().filter_map(|e| {
            let x = lens.x(lens.x_axis.of_epoch(e));
            let (x, y) = apart(x, metric.of_epoch(e)?, Baseline::validation)?;
            y.is_finite().then(|| PlotPoint::new(x, y))
        });
        let (raw, breaks) = reduce(raw, lens.x_range, lens.n_columns);
        let batches = match baseline {
            Some(_) => Batches::default(),
            None => self.batches(run, lens, seen),
        };
        Trace {
            raw,
            batches,
            smooth: reduce(smooth, lens.x_range, lens.n_columns).0,
            validation: validation.collect(),
            sketches: match baseline {
                Some(_) => Vec::new(),
                None => sketches(run, lens),
            },
            breaks,
        }
    }

    /// The batches `seen`, judged with those around them that are out of sight.
    fn batches(&self, run: &RunState, lens: &Lens, seen: std::ops::Range<usize>) -> Batches {
        let start = seen.start.saturating_sub(AROUND);
        let end = (seen.end + AROUND).min(run.points.len());
        let point = |p: &StepPoint| {
            let x = lens.x(lens.x_axis.of_step(p));
            [x, lens.y(lens.metric.of_step(p))]
        };
        let points: Vec<[f64; 2]> = run.points[start..end].iter().map(point).collect();
        Batches::new(lens.metric, &points, start, lens.n_columns)
    }
}

fn sketches(run: &RunState, lens: &Lens) -> Vec<PlotPoint> {
    let point = |e| {
        let y = lens.y(lens.metric.of_sketches(e)?);
        let x = lens.x(lens.x_axis.of_epoch(e));
        y.is_finite().then(|| PlotPoint::new(x, y))
    };
    run.curve_epochs().filter_map(point).collect()
}

impl Trace {
    /// The smoothed value at a plot coordinate, as it is drawn.
    pub fn smooth_y(&self, x: f64) -> Option<f64> {
        let line = self.smooth.iter().find(|line| {
            let ends = (line.first(), line.last());
            matches!(ends, (Some(a), Some(b)) if a.x <= x && x <= b.x)
        })?;
        let next = line.partition_point(|p| p.x < x);
        let right = line.get(next)?;
        let left = line[next.saturating_sub(1)];
        if right.x <= left.x {
            return Some(right.y);
        }
        Some(left.y + (right.y - left.y) * (x - left.x) / (right.x - left.x))
    }
}

#[cfg(test)]
mod tests {
    use super::super::lens::{XAxis, whole_range};
    use super::*;
    use crate::model::PRESETS;
    use crate::train::TrainConfig;

    fn run(losses: &[f64]) -> RunState {
        let config = TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000);
        let mut run = RunState::new("test", config);
        run.n_train = 100;
        run.points = losses
            .iter()
            .enumerate()
            .map(|(idx, &loss)| StepPoint {
                step: idx as u64 + 1,
                images: (idx as u64 + 1) * 10,
                epoch: (idx + 1) as f64 / 10.0,
                secs: idx as f64,
                loss,
                accuracy: 0.5,
                learning_rate: 1e-3,
            })
            .collect();
        run
    }

    fn lens(n: usize, n_columns: usize) -> Lens {
        Lens {
            metric: YAxis::Loss,
            x_axis: XAxis::Step,
            is_x_log: false,
            is_y_log: false,
            is_difference: false,
            smoothing_steps: 10.0,
            x_range: (0.0, n as f64),
            n_columns,
        }
    }

    #[test]
    fn a_reduction_keeps_every_extreme_and_the_order() {
        let mut losses: Vec<f64> = (0..10_000).map(|i| (i as f64 * 0.7).sin()).collect();
        losses[4_321] = 9.0;
        losses[7_777] = -9.0;
        let mut curve = RunCurve::default();
        let trace = curve.trace(&run(&losses), &lens(10_000, 200), None);
        let line = &trace.raw[0];
        assert!(line.len() <= 4 * 202, "{}", line.len());
        assert!(line.is_sorted_by(|a, b| a.x < b.x));
        assert_eq!(line.iter().map(|p| p.y).fold(f64::MIN, f64::max), 9.0);
        assert_eq!(line.iter().map(|p| p.y).fold(f64::MAX, f64::min), -9.0);
        assert_eq!((line[0].x, line[line.len() - 1].x), (1.0, 10_000.0));
    }

    #[test]
    fn few_points_are_drawn_as_they_are() {
        let mut curve = RunCurve::default();
        let trace = curve.trace(&run(&[3.0, 2.0, 2.5]), &lens(3, 300), None);
        let drawn: Vec<(f64, f64)> = trace.raw[0].iter().map(|p| (p.x, p.y)).collect();
        assert_eq!(drawn, [(1.0, 3.0), (2.0, 2.0), (3.0, 2.5)]);
    }

    #[test]
    fn what_is_not_a_number_breaks_the_line_and_is_told() {
        let mut curve = RunCurve::default();
        let losses = [1.0, 2.0, f64::NAN, f64::INFINITY, 3.0];
        let trace = curve.trace(&run(&losses), &lens(5, 300), None);
        let lengths: Vec<usize> = trace.raw.iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 1]);
        assert_eq!(trace.breaks, [3.0, 4.0]);
        let mut log = lens(5, 300);
        log.is_y_log = true;
        assert_eq!(
            curve.trace(&run(&[1.0, 0.0, 10.0]), &log, None).breaks,
            [2.0]
        );
    }

    #[test]
    fn a_constant_is_its_own_average_from_the_first_step() {
        let mut curve = RunCurve::default();
        let run = run(&[0.7; 50]);
        let trace = curve.trace(&run, &lens(50, 300), None);
        assert!(trace.smooth[0].iter().all(|p| (p.y - 0.7).abs() < 1e-12));
        assert_eq!(
            curve.smooth_at(&run, &lens(50, 300), 20.4),
            Some(curve.average.values()[19])
        );
    }

    #[test]
    fn following_a_run_gives_what_reading_it_at_once_gives() {
        let losses: Vec<f64> = (0..500).map(|i| 1.0 / (1.0 + i as f64)).collect();
        let lens = lens(500, 100);
        let mut growing = RunCurve::default();
        for n in [1, 20, 21, 500] {
            growing.trace(&run(&losses[..n]), &lens, None);
        }
        let mut at_once = RunCurve::default();
        at_once.trace(&run(&losses), &lens, None);
        assert_eq!(growing.average.values(), at_once.average.values());
        assert_eq!(growing.trace.raw, at_once.trace.raw);
    }

    #[test]
    fn the_axis_begins_with_one_whole_epoch() {
        let run = run(&[1.0; 3]);
        assert_eq!(
            whole_range([&run].into_iter(), XAxis::Epoch, false),
            (0.0, 1.0)
        );
        let end = whole_range([&run].into_iter(), XAxis::Step, false).1;
        assert_eq!(end, 100.0 / 32.0);
    }
}
