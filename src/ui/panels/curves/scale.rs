//! The horizontal scale of the plots on the screen, which the timeline shares.

use egui_plot::PlotTransform;

use super::lens::{Lens, XAxis};
use crate::runs::RunState;
use crate::studio::{Studio, TimelineAction};

/// Where a moment of a run is on the screen.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    transform: PlotTransform,
    x_axis: XAxis,
    is_x_log: bool,
}

/// A snapshot on the timeline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Its update; `None` for the newest weights.
    pub step: Option<u64>,
    /// Its horizontal position on the screen.
    pub x: f32,
}

impl Scale {
    /// The scale of a plot.
    pub fn new(lens: &Lens, transform: &PlotTransform) -> Scale {
        Scale {
            transform: *transform,
            x_axis: lens.x_axis,
            is_x_log: lens.is_x_log,
        }
    }

    /// Left and right edge of the plot on the screen.
    pub fn edges(&self) -> (f32, f32) {
        let frame = self.transform.frame();
        (frame.min.x, frame.max.x)
    }

    /// The position of an update of `run` on the screen, within the plot.
    fn x_of(&self, run: &RunState, step: u64) -> Option<f32> {
        // The axis begins before the first update.
        let x = match step {
            0 => 0.0,
            _ => self.x_axis.of_step_number(run, step)?,
        };
        let x = if self.is_x_log {
            x.max(1e-9).log10()
        } else {
            x
        };
        let (left, right) = self.edges();
        Some(self.transform.position_from_point_x(x).clamp(left, right))
    }
}

/// The snapshots that the timeline offers, oldest first, with the newest weights at the end unless
/// it is that of an earlier run. Without a scale they are spread evenly between `edges`.
pub fn stops(studio: &Studio, scale: Option<&Scale>, edges: (f32, f32)) -> Vec<Stop> {
    let Some(run) = studio.timeline_run() else {
        return Vec::new();
    };
    let states = studio.timeline().states().iter();
    let mut steps: Vec<Option<u64>> = states.map(|state| Some(state.step())).collect();
    if studio.earlier_run().is_none() {
        steps.push(None);
    }
    let last = run.points.last().map_or(0, |point| point.step);
    let n_gaps = steps.len().saturating_sub(1).max(1) as f32;
    let stop = |(idx, &step): (usize, &Option<u64>)| {
        let evenly = edges.0 + (edges.1 - edges.0) * idx as f32 / n_gaps;
        let x = scale.and_then(|scale| scale.x_of(run, step.unwrap_or(last)));
        Stop {
            step,
            x: x.unwrap_or(evenly),
        }
    };
    steps.iter().enumerate().map(stop).collect()
}

/// Shows the snapshot that is nearest to a position on the screen, if another one is shown.
pub fn show_nearest(studio: &Studio, scale: &Scale, x: f32) -> Option<TimelineAction> {
    let stops = stops(studio, Some(scale), scale.edges());
    let nearest = stops
        .iter()
        .min_by(|a, b| (a.x - x).abs().total_cmp(&(b.x - x).abs()))?;
    (nearest.step != studio.shown_step()).then_some(TimelineAction::ShowStep(nearest.step))
}
