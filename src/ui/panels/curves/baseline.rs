//! The baseline, the run that others are compared with.

use super::lens::{Lens, YAxis};
use crate::picture::{Average, Series, XAxis};
use crate::runs::RunId;
use crate::studio::Run;

/// What a baseline was computed from.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineKey {
    id: RunId,
    n_points: usize,
    n_rewinds: usize,
    n_epochs: usize,
    x_axis: XAxis,
    is_x_log: bool,
    smoothing_steps: f64,
}

impl BaselineKey {
    /// The key for `run`, seen through `lens`.
    pub fn new(run: &Run, lens: &Lens) -> BaselineKey {
        BaselineKey {
            id: run.id.clone(),
            n_points: run.state.points.len(),
            n_rewinds: run.state.n_rewinds,
            n_epochs: run.state.epochs.len(),
            x_axis: lens.x_axis,
            is_x_log: lens.is_x_log,
            smoothing_steps: lens.smoothing_steps,
        }
    }
}

/// The curves of one run, to be subtracted from those of others.
pub struct Baseline {
    /// What they were computed from.
    pub key: BaselineKey,
    training: [Series; 2],
    validation: [Series; 2],
}

impl Baseline {
    /// The curves of `run` in the plot coordinates of `lens`.
    pub fn new(run: &Run, lens: &Lens) -> Baseline {
        let state = &run.state;
        let training = YAxis::ALL.map(|metric| {
            let values = Average::of(state, metric, lens.smoothing_steps);
            let points = state.points.iter().zip(values);
            Series::new(points.map(|(p, y)| [lens.x(lens.x_axis.of_step(p)), y]))
        });
        let validation = YAxis::ALL.map(|metric| {
            let point = |e| Some([lens.x(lens.x_axis.of_epoch(e)), metric.of_epoch(e)?]);
            Series::new(state.curve_epochs().filter_map(point))
        });
        Baseline {
            key: BaselineKey::new(run, lens),
            training,
            validation,
        }
    }

    /// The smoothed training curve.
    pub fn training(&self, metric: YAxis) -> &Series {
        &self.training[metric as usize]
    }

    /// The validation curve.
    pub fn validation(&self, metric: YAxis) -> &Series {
        &self.validation[metric as usize]
    }
}
