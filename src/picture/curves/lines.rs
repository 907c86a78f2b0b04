//! The lines of runs and groups: averages, bands, differences.

use super::{Curve, CurvesView};
use crate::picture::average::Average;
use crate::picture::axis::YAxis;
use crate::picture::batches::Batches;
use crate::picture::series::{Series, Spread, band};
use crate::runs::table::group;
use crate::runs::{Record, RunState};

/// Columns of pixels for which the batches of a run are summed up.
const N_COLUMNS: usize = 800;

/// Positions at which a band is computed.
const N_PLACES: usize = 400;

/// The lines of one run or group.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) color: usize,
    pub(super) points: Vec<[f64; 2]>,
    /// Positions with the ends of the band.
    pub(super) spread: Vec<[f64; 3]>,
    /// Validation metric at the ends of epochs.
    pub(super) validation: Vec<[f64; 2]>,
    /// Metric on the user's sketches there.
    pub(super) sketches: Vec<[f64; 2]>,
    /// Where the batches of a run lie, and those that stand out.
    pub(super) batches: Batches,
    /// Every batch, if they are drawn.
    pub(super) single: Vec<[f64; 2]>,
    /// The best epoch.
    pub(super) best: Option<[f64; 2]>,
    /// Whether the run diverged at its end.
    pub(super) is_diverged: bool,
}

/// How a metric is turned into lines.
pub(super) struct Drawn<'a> {
    pub(super) view: &'a CurvesView,
    pub(super) metric: YAxis,
    /// Subtracted from all lines.
    pub(super) baseline: Option<&'a RunState>,
}

impl Drawn<'_> {
    pub(super) fn is_y_log(&self) -> bool {
        self.metric == YAxis::Loss && self.view.is_loss_log && self.baseline.is_none()
    }

    fn scaled_x(&self, x: f64) -> f64 {
        if self.view.is_x_log {
            x.max(1e-9).log10()
        } else {
            x
        }
    }

    fn scaled_y(&self, y: f64) -> f64 {
        match self.is_y_log() {
            true if y > 0.0 => y.log10(),
            true => f64::NAN,
            false => y,
        }
    }

    /// The smoothed curve of a run, and its validation metric as measured.
    fn series(&self, run: &RunState) -> [Series; 2] {
        let axis = self.view.x_axis;
        let values = Average::of(run, self.metric, self.view.smoothing_steps);
        let points = run.points.iter().zip(values);
        let training = points.map(|(p, y)| [self.scaled_x(axis.of_step(p)), y]);
        let epochs = run.curve_epochs();
        let validation = epochs
            .filter_map(|e| Some([self.scaled_x(axis.of_epoch(e)), self.metric.of_epoch(e)?]));
        [Series::new(training), Series::new(validation)]
    }

    /// A line for each run or, with bands, for each group of them.
    pub(super) fn lines(&self, curves: &[Curve<'_>]) -> Vec<Line> {
        let baseline = self.baseline.map(|run| self.series(run));
        let is_only = curves.len() == 1;
        let alone = |curve: &Curve<'_>| self.line(curve, baseline.as_ref(), is_only);
        let Some(spread) = self.view.bands else {
            return curves.iter().map(alone).collect();
        };
        let records: Vec<&Record> = curves.iter().map(|curve| curve.record).collect();
        let groups = group(&records, &self.view.group).into_iter();
        let line = |group: crate::runs::table::Group| match group.members[..] {
            [only] => alone(&curves[only]),
            _ => {
                let members: Vec<&Curve<'_>> = group.members.iter().map(|&m| &curves[m]).collect();
                self.band(&group.name, &members, spread, baseline.as_ref())
            }
        };
        groups.map(line).collect()
    }

    /// The curve of a run minus the baseline.
    fn apart(&self, run: &RunState, baseline: Option<&[Series; 2]>) -> [Series; 2] {
        let series = self.series(run);
        match baseline {
            Some(baseline) => [0, 1].map(|i| series[i].minus(&baseline[i])),
            None => series,
        }
    }

    /// The batches of a run; of several runs they would hide the lines.
    fn single(&self, curve: &Curve<'_>, is_only: bool) -> Vec<[f64; 2]> {
        match is_only && self.view.shows_batches && self.baseline.is_none() {
            true => self.points(curve.run),
            false => Vec::new(),
        }
    }

    fn points(&self, run: &RunState) -> Vec<[f64; 2]> {
        let points = run.points.iter().map(|p| {
            let x = self.scaled_x(self.view.x_axis.of_step(p));
            [x, self.scaled_y(self.metric.of_step(p))]
        });
        points.collect()
    }

    fn sketches(&self, run: &RunState) -> Vec<[f64; 2]> {
        let point = |e| {
            let x = self.scaled_x(self.view.x_axis.of_epoch(e));
            Some([x, self.scaled_y(self.metric.of_sketches(e)?)])
        };
        run.curve_epochs().filter_map(point).collect()
    }

    fn line(&self, curve: &Curve<'_>, baseline: Option<&[Series; 2]>, is_only: bool) -> Line {
        let [training, validation] = self.apart(curve.run, baseline);
        let y = |[x, y]: [f64; 2]| [x, self.scaled_y(y)];
        let mut batches = Batches::default();
        let mut best = None;
        if baseline.is_none() {
            batches = Batches::new(self.metric, &self.points(curve.run), 0, N_COLUMNS);
            best = self.metric.best(self.view.x_axis, curve.run);
        }
        if !is_only {
            batches.band.clear();
        }
        let is_diverged = curve.run.diverged_at().is_some();
        let sketches = match baseline {
            Some(_) => Vec::new(),
            None => self.sketches(curve.run),
        };
        let end = if is_diverged { ": diverged" } else { "" };
        Line {
            name: format!("{}{end}", curve.run.name),
            batches,
            single: self.single(curve, is_only),
            best: best.map(|[x, value]| [self.scaled_x(x), self.scaled_y(value)]),
            is_diverged,
            color: curve.record.color,
            points: training.points.into_iter().map(y).collect(),
            spread: Vec::new(),
            validation: validation.points.into_iter().map(y).collect(),
            sketches,
        }
    }

    fn band(
        &self,
        name: &str,
        members: &[&Curve<'_>],
        spread: Spread,
        baseline: Option<&[Series; 2]>,
    ) -> Line {
        let training = members.iter().map(|c| {
            let [training, _] = self.apart(c.run, baseline);
            training
        });
        let band = band(&training.collect::<Vec<_>>(), spread, N_PLACES);
        let ends = band
            .iter()
            .map(|p| [p.x, self.scaled_y(p.low), self.scaled_y(p.high)]);
        let means = band.iter().map(|p| [p.x, self.scaled_y(p.mean)]);
        Line {
            name: format!("{name} ×{}", members.len()),
            color: members[0].record.color,
            points: means.collect(),
            spread: ends.collect(),
            validation: Vec::new(),
            sketches: Vec::new(),
            batches: Batches::default(),
            single: Vec::new(),
            best: None,
            is_diverged: false,
        }
    }
}
