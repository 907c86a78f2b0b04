//! The curves of runs as a picture: loss above accuracy, with axes, ticks and a legend.

mod axes;
mod draw;
mod lines;
#[cfg(test)]
mod tests;

use super::axis::{XAxis, YAxis};
use super::batches::range_with_spikes;
use super::palette::{Palette, Rgb};
use super::series::Spread;
use super::{Anchor, Face, Ink, Picture, Span};
use crate::runs::table::GroupBy;
use crate::runs::{Record, RunState};
use crate::stats::quantile;
use crate::train::Loss;
use lines::{Drawn, Line};

/// The options of a curve plot.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvesView {
    /// The x axis.
    pub x_axis: XAxis,
    /// Whether the x axis is logarithmic.
    pub is_x_log: bool,
    /// Whether the loss axis is logarithmic.
    pub is_loss_log: bool,
    /// Updates the curves are smoothed over.
    pub smoothing_steps: f64,
    /// Whether the batches of a single run are drawn as points.
    pub shows_batches: bool,
    /// Whether groups of runs are drawn as bands, and how.
    pub bands: Option<Spread>,
    /// How runs are grouped.
    pub group: GroupBy,
}

/// A run to draw.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// Its name and settings.
    pub record: &'a Record,
    /// Its history.
    pub run: &'a RunState,
}

const LEFT: f32 = 64.0;
const RIGHT: f32 = 176.0;
const TOP: f32 = 40.0;
const BOTTOM: f32 = 44.0;
/// Space between the two plots, for the title of the lower one.
const BETWEEN: f32 = 56.0;

/// Draws `curves` with the options `view`, `size` points wide and high; with a `baseline`, their
/// difference from that run.
pub fn curves(
    curves: &[Curve<'_>],
    baseline: Option<&RunState>,
    view: &CurvesView,
    size: [f32; 2],
    palette: &Palette,
) -> Picture {
    let names: Vec<&str> = curves.iter().map(|c| c.run.name.as_str()).collect();
    let mut picture = Picture {
        title: format!("Loss and accuracy of {}", names.join(", ")),
        size,
        paper: palette.background,
        items: Vec::new(),
    };
    let height = (size[1] - TOP - BETWEEN - BOTTOM) / 2.0;
    let width = size[0] - LEFT - RIGHT;
    for metric in YAxis::ALL {
        let top = TOP + (height + BETWEEN) * metric as usize as f32;
        let mut panel = Panel {
            picture: &mut picture,
            palette,
            drawn: Drawn {
                view,
                metric,
                baseline,
            },
            unit: match metric {
                YAxis::Loss => Loss::common_unit(curves.iter().map(|c| c.run.config.loss)),
                YAxis::Accuracy => "images classified correctly",
            },
            rect: [LEFT, top, width, height],
            x: (0.0, 1.0),
            y: (0.0, 1.0),
        };
        panel.draw(curves);
    }
    picture
}

/// One of the two plots.
struct Panel<'a> {
    picture: &'a mut Picture,
    palette: &'a Palette,
    drawn: Drawn<'a>,
    /// The label of the metric.
    unit: &'static str,
    /// Left, top, width, height.
    rect: [f32; 4],
    /// Visible range of the axes, in their own coordinates.
    x: (f64, f64),
    y: (f64, f64),
}

impl Panel<'_> {
    fn draw(&mut self, curves: &[Curve<'_>]) {
        let lines = self.drawn.lines(curves);
        self.fit(&lines);
        self.axes();
        for line in &lines {
            self.line(line);
        }
        if self.drawn.metric == YAxis::Loss {
            self.legend(&lines);
        }
    }

    /// Fits the axes to all lines, except their first moments, which would squeeze the rest into a
    /// corner.
    fn fit(&mut self, lines: &[Line]) {
        let points = || {
            lines
                .iter()
                .flat_map(|l| l.points.iter().chain(&l.validation))
        };
        let xs = points().map(|p| p[0]);
        let (low, high) = ends(xs);
        self.x = if self.drawn.view.is_x_log {
            (low, high)
        } else {
            (low.min(0.0), high)
        };
        let mut ys: Vec<f64> = points().map(|p| p[1]).filter(|y| y.is_finite()).collect();
        ys.sort_by(f64::total_cmp);
        let at = |share: f64| ys.get((share * ys.len().saturating_sub(1) as f64) as usize);
        let is_difference = self.drawn.baseline.is_some();
        let (from, to) = match (is_difference, self.drawn.metric, self.drawn.is_y_log()) {
            (true, ..) => (0.02, 0.98),
            (_, YAxis::Loss, true) => (0.0, 1.0),
            (_, YAxis::Loss, false) => (0.0, 0.98),
            (_, YAxis::Accuracy, _) => (0.02, 1.0),
        };
        let held_out = lines
            .iter()
            .flat_map(|l| l.validation.iter().chain(&l.sketches))
            .map(|p| p[1]);
        let zero = is_difference.then_some(0.0);
        let band = |at: usize, share: f64| {
            let ends = lines.iter().flat_map(|line| &line.batches.band);
            quantile(&mut ends.map(|p| p[at]).collect::<Vec<_>>(), share)
        };
        let bands = [band(1, 0.1), band(2, 0.9)].into_iter().flatten();
        let kept = at(from).into_iter().chain(at(to)).copied();
        let (low, high) = ends(kept.chain(bands).chain(held_out).chain(zero));
        let margin = 0.05 * (high - low).max(1e-3);
        self.y = (low - margin, high + margin);
        let spikes = lines.iter().flat_map(|line| &line.batches.spikes);
        self.y = range_with_spikes(self.y, spikes);
        if self.drawn.metric == YAxis::Accuracy && !is_difference {
            self.y = (self.y.0.max(0.0), self.y.1.min(1.0));
        }
    }

    /// Position of a point of the plot in the picture.
    fn at(&self, x: f64, y: f64) -> [f32; 2] {
        let share = |v: f64, (low, high): (f64, f64)| ((v - low) / (high - low).max(1e-12)) as f32;
        let [left, top, width, height] = self.rect;
        [
            left + width * share(x, self.x),
            top + height * (1.0 - share(y, self.y)),
        ]
    }

    /// The same position, or the nearest one within the plot.
    fn inside(&self, x: f64, y: f64) -> [f32; 2] {
        let [left, top, width, height] = self.rect;
        let [px, py] = self.at(x, y);
        [px.clamp(left, left + width), py.clamp(top, top + height)]
    }

    /// The legend, right of the upper plot.
    fn legend(&mut self, lines: &[Line]) {
        let [left, top, width, height] = self.rect;
        let x = left + width + 16.0;
        let n_shown = ((height / 18.0) as usize).max(1);
        for (idx, line) in lines.iter().take(n_shown).enumerate() {
            let y = top + 9.0 + 18.0 * idx as f32;
            let ink = Ink::solid(self.palette.data(line.color));
            self.picture.line(&[[x, y], [x + 16.0, y]], ink, 2.0);
            let is_last = idx + 1 == n_shown && lines.len() > n_shown;
            let words = match is_last {
                true => format!("and {} more", lines.len() - idx),
                false => line.name.clone(),
            };
            let name = self.span(&words, Face::Text, 12.0, self.palette.text);
            self.picture.text([x + 24.0, y], Anchor::Start, name);
        }
    }

    fn span(&self, text: &str, face: Face, size: f32, rgb: Rgb) -> Span {
        Span {
            text: text.to_owned(),
            face,
            size,
            ink: Ink::solid(rgb),
        }
    }
}

/// Smallest and largest finite value; 0 and 1 if there is none.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    if low <= high { (low, high) } else { (0.0, 1.0) }
}
