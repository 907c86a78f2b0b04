//! The curves of runs as a picture: loss above accuracy, with axes, marks and a legend.

use std::collections::HashMap;
use std::sync::Arc;

use super::marks::{Mark, linear_marks, log_marks, plain, round_to};
use super::series::{Series, Spread, band, group_key};
use super::{Anchor, Average, Face, Ink, Item, Metric, Palette, Picture, Rgb, Span, XAxis, reduce};
use crate::runs::{RunId, RunState};

/// How curves are looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvesView {
    /// What they are drawn against.
    pub x_axis: XAxis,
    /// Whether that is logarithmic.
    pub is_x_log: bool,
    /// Whether the loss is.
    pub is_loss_log: bool,
    /// Updates the curves are averaged over.
    pub smoothing_steps: f64,
    /// Whether runs that differ in their seed alone are drawn as one, and how.
    pub bands: Option<Spread>,
    /// The run whose curves are taken away from all others.
    pub baseline: Option<RunId>,
    /// The numbers of the runs' colours, see [`Palette::data`]; one that has none is coloured by
    /// its place.
    pub colors: Arc<HashMap<RunId, usize>>,
}

/// A run to draw.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// What it is known by.
    pub id: &'a RunId,
    /// What happened in it.
    pub run: &'a RunState,
}

const LEFT: f32 = 64.0;
const RIGHT: f32 = 176.0;
const TOP: f32 = 40.0;
const BOTTOM: f32 = 44.0;
/// Room between the two plots, for the title of the lower one.
const BETWEEN: f32 = 40.0;

/// Places at which a band is drawn.
const N_PLACES: usize = 400;

/// Draws `curves` as `view` says, `size` points wide and high.
pub fn curves(
    curves: &[Curve<'_>],
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
    for metric in Metric::ALL {
        let top = TOP + (height + BETWEEN) * metric as usize as f32;
        let mut panel = Panel {
            picture: &mut picture,
            palette,
            view,
            metric,
            rect: [LEFT, top, width, height],
            x: (0.0, 1.0),
            y: (0.0, 1.0),
        };
        panel.draw(curves);
    }
    picture
}

/// What is drawn of one run or group.
struct Line {
    name: String,
    color: usize,
    points: Vec<[f64; 2]>,
    /// Places with the ends of the spread.
    spread: Vec<[f64; 3]>,
    /// Held-out images, at the ends of epochs.
    held_out: Vec<[f64; 2]>,
}

struct Panel<'a> {
    picture: &'a mut Picture,
    palette: &'a Palette,
    view: &'a CurvesView,
    metric: Metric,
    /// Left, top, width, height.
    rect: [f32; 4],
    /// What is seen of the axes, in their own coordinates.
    x: (f64, f64),
    y: (f64, f64),
}

impl Panel<'_> {
    fn draw(&mut self, curves: &[Curve<'_>]) {
        let lines = self.lines(curves);
        self.fit(&lines);
        self.axes();
        for line in &lines {
            self.line(line);
        }
        if self.metric == Metric::Loss {
            self.legend(&lines);
        }
    }

    fn is_y_log(&self) -> bool {
        self.metric == Metric::Loss && self.view.is_loss_log && self.view.baseline.is_none()
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

    /// The averaged curve of a run, and its held-out images, as they were measured.
    fn series(&self, run: &RunState) -> [Series; 2] {
        let axis = self.view.x_axis;
        let values = Average::of(&run.points, self.metric, self.view.smoothing_steps);
        let points = run.points.iter().zip(values);
        let training = points.map(|(p, y)| [self.scaled_x(axis.of_step(p)), y]);
        let epochs = run.epochs.iter();
        let held_out = epochs
            .filter_map(|e| Some([self.scaled_x(axis.of_epoch(e)), self.metric.of_epoch(e)?]));
        [Series::new(training), Series::new(held_out)]
    }

    fn lines(&self, curves: &[Curve<'_>]) -> Vec<Line> {
        let baseline = curves
            .iter()
            .find(|c| Some(c.id) == self.view.baseline.as_ref())
            .map(|c| self.series(c.run));
        let mut groups: Vec<(String, Vec<(usize, &Curve<'_>)>)> = Vec::new();
        for (idx, curve) in curves.iter().enumerate() {
            let color = self.view.colors.get(curve.id).copied().unwrap_or(idx);
            let key = match self.view.bands {
                Some(_) => group_key(&curve.run.config),
                None => curve.id.to_string(),
            };
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, members)) => members.push((color, curve)),
                None => groups.push((key, vec![(color, curve)])),
            }
        }
        let line = |(_, members): &(String, Vec<(usize, &Curve<'_>)>)| {
            self.group_line(members, baseline.as_ref())
        };
        groups.iter().map(line).collect()
    }

    fn group_line(&self, members: &[(usize, &Curve<'_>)], baseline: Option<&[Series; 2]>) -> Line {
        let (color, first) = members[0];
        let mut all: Vec<[Series; 2]> = members.iter().map(|(_, c)| self.series(c.run)).collect();
        if let Some(baseline) = baseline {
            for series in &mut all {
                *series = [0, 1].map(|i| series[i].minus(&baseline[i]));
            }
        }
        let y = |[x, y]: [f64; 2]| [x, self.scaled_y(y)];
        if let (Some(spread), true) = (self.view.bands, members.len() > 1) {
            let training: Vec<Series> = all.into_iter().map(|[t, _]| t).collect();
            let band = band(&training, spread, N_PLACES);
            let ends = band
                .iter()
                .map(|p| [p.x, self.scaled_y(p.low), self.scaled_y(p.high)]);
            return Line {
                name: format!("{} ×{}", first.run.name, members.len()),
                color,
                points: band.iter().map(|p| y([p.x, p.mean])).collect(),
                spread: ends.collect(),
                held_out: Vec::new(),
            };
        }
        let [training, held_out] = all.swap_remove(0);
        Line {
            name: first.run.name.clone(),
            color,
            points: training.points.into_iter().map(y).collect(),
            spread: Vec::new(),
            held_out: held_out.points.into_iter().map(y).collect(),
        }
    }

    /// Lets the axes show all of every line, but for the first moments, which would press what
    /// follows into a corner.
    fn fit(&mut self, lines: &[Line]) {
        let points = || {
            lines
                .iter()
                .flat_map(|l| l.points.iter().chain(&l.held_out))
        };
        let xs = points().map(|p| p[0]);
        let (low, high) = ends(xs);
        self.x = if self.view.is_x_log {
            (low, high)
        } else {
            (low.min(0.0), high)
        };
        let mut ys: Vec<f64> = points().map(|p| p[1]).filter(|y| y.is_finite()).collect();
        ys.sort_by(f64::total_cmp);
        let at = |share: f64| ys.get((share * ys.len().saturating_sub(1) as f64) as usize);
        let is_difference = self.view.baseline.is_some();
        let (from, to) = match (is_difference, self.metric, self.is_y_log()) {
            (true, ..) => (0.02, 0.98),
            (_, Metric::Loss, true) => (0.0, 1.0),
            (_, Metric::Loss, false) => (0.0, 0.98),
            (_, Metric::Accuracy, _) => (0.02, 1.0),
        };
        let held_out = lines.iter().flat_map(|l| l.held_out.iter().map(|p| p[1]));
        let zero = is_difference.then_some(0.0);
        let kept = at(from).into_iter().chain(at(to)).copied();
        let (low, high) = ends(kept.chain(held_out).chain(zero));
        let margin = 0.05 * (high - low).max(1e-3);
        self.y = (low - margin, high + margin);
        if self.metric == Metric::Accuracy && !is_difference {
            self.y.1 = self.y.1.min(1.0);
        }
    }

    /// Where a point of the plot is in the picture.
    fn at(&self, x: f64, y: f64) -> [f32; 2] {
        let share = |v: f64, (low, high): (f64, f64)| ((v - low) / (high - low).max(1e-12)) as f32;
        let [left, top, width, height] = self.rect;
        [
            left + width * share(x, self.x),
            top + height * (1.0 - share(y, self.y)),
        ]
    }

    fn axes(&mut self) {
        let [left, top, width, height] = self.rect;
        let p = self.palette;
        let (name, unit) = match self.metric {
            Metric::Loss => ("Loss", "cross entropy, nats"),
            Metric::Accuracy => ("Accuracy", "images classified correctly"),
        };
        let unit = match self.view.baseline {
            Some(_) => "difference to the baseline",
            None => unit,
        };
        let title = vec![
            self.span(name, Face::Heavy, 14.0, p.text),
            self.span(&format!("   {unit}"), Face::Text, 12.0, p.quiet),
        ];
        self.picture.items.push(Item::Text {
            at: [left, top - 16.0],
            anchor: Anchor::Start,
            spans: title,
        });
        for mark in self.y_marks() {
            let [_, y] = self.at(self.x.0, mark.value);
            let grid = Ink::solid(p.hairline);
            self.picture
                .line(&[[left, y], [left + width, y]], grid, 1.0);
            let label = self.span(&self.y_label(mark), Face::Number, 12.0, p.quiet);
            self.picture.text([left - 8.0, y], Anchor::End, label);
        }
        let bottom = top + height;
        for mark in self.x_marks() {
            let [x, _] = self.at(mark.value, self.y.0);
            let tick = [[x, bottom], [x, bottom + 4.0]];
            self.picture.line(&tick, Ink::solid(p.quiet), 1.0);
            let label = self.span(&self.x_label(mark), Face::Number, 12.0, p.quiet);
            self.picture.text([x, bottom + 14.0], Anchor::Middle, label);
        }
        if self.metric == Metric::Accuracy {
            let label = self.span(self.view.x_axis.label(), Face::Text, 12.0, p.quiet);
            let middle = [left + width / 2.0, bottom + 32.0];
            self.picture.text(middle, Anchor::Middle, label);
        }
    }

    fn y_marks(&self) -> Vec<Mark> {
        let n = f64::from((self.rect[3] / 44.0).max(2.0));
        match self.is_y_log() {
            true => log_marks(self.y.0, self.y.1),
            false => linear_marks(self.y.0, self.y.1, n),
        }
    }

    fn x_marks(&self) -> Vec<Mark> {
        match self.view.is_x_log {
            true => log_marks(self.x.0, self.x.1),
            false => linear_marks(self.x.0, self.x.1, 8.0),
        }
    }

    fn y_label(&self, mark: Mark) -> String {
        match self.metric {
            Metric::Loss if self.is_y_log() => round_to(10f64.powf(mark.value), 2).to_string(),
            Metric::Loss => plain(mark.value, mark.step),
            Metric::Accuracy => format!("{} %", plain(100.0 * mark.value, 100.0 * mark.step)),
        }
    }

    fn x_label(&self, mark: Mark) -> String {
        match self.view.is_x_log {
            true => round_to(10f64.powf(mark.value), 2).to_string(),
            false => plain(mark.value, mark.step),
        }
    }

    fn line(&mut self, line: &Line) {
        let rgb = self.palette.data(line.color);
        if line.spread.len() > 1 {
            self.area(&line.spread, rgb);
        }
        let seen = line.points.iter().map(|&[x, y]| (x, y));
        // Two columns a point of width: sharper than any screen, and no larger than needed.
        let n_columns = (2.0 * self.rect[2]) as usize;
        let (stretches, _) = reduce::<[f64; 2]>(seen, self.x, n_columns);
        for stretch in stretches {
            let points: Vec<[f32; 2]> = stretch.iter().map(|&[x, y]| self.inside(x, y)).collect();
            let is_group = !line.spread.is_empty();
            let opacity = if is_group || line.held_out.is_empty() {
                1.0
            } else {
                0.6
            };
            self.picture.line(&points, Ink { rgb, opacity }, 1.5);
        }
        let dots: Vec<[f32; 2]> = line
            .held_out
            .iter()
            .map(|&[x, y]| self.inside(x, y))
            .collect();
        if !dots.is_empty() {
            self.picture.line(&dots, Ink::solid(rgb), 1.5);
        }
        for centre in dots {
            self.picture.items.push(Item::Circle {
                centre,
                radius: 3.0,
                fill: Ink::solid(rgb),
                rim: None,
            });
        }
    }

    fn area(&mut self, spread: &[[f64; 3]], rgb: Rgb) {
        let low = |y: f64| if y.is_finite() { y } else { self.y.0 };
        let above = spread.iter().map(|&[x, _, high]| self.inside(x, high));
        let below = spread.iter().rev().map(|&[x, y, _]| self.inside(x, low(y)));
        let points = above.chain(below).collect();
        let fill = Ink { rgb, opacity: 0.2 };
        self.picture.items.push(Item::Area { points, fill });
    }

    /// The same place, or the nearest one within the plot.
    fn inside(&self, x: f64, y: f64) -> [f32; 2] {
        let [left, top, width, height] = self.rect;
        let [px, py] = self.at(x, y);
        [px.clamp(left, left + width), py.clamp(top, top + height)]
    }

    /// What each colour means, right of the upper plot.
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

/// Smallest and largest of what is a number; 0 and 1 where nothing is.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PRESETS;
    use crate::picture::LIGHT;
    use crate::train::{StepPoint, TrainConfig};

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
            bands: None,
            baseline: None,
            colors: Arc::default(),
        }
    }

    fn draw(runs: &[RunState], view: &CurvesView) -> Picture {
        let ids: Vec<RunId> = runs.iter().map(|r| RunId::new(&r.name)).collect();
        let list: Vec<Curve<'_>> = runs
            .iter()
            .zip(&ids)
            .map(|(run, id)| Curve { id, run })
            .collect();
        curves(&list, view, [900.0, 600.0], &LIGHT)
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
    fn against_itself_a_run_is_a_flat_line() {
        let runs = [run("a", 1, 300)];
        let apart = CurvesView {
            baseline: Some(RunId::new("a")),
            ..view()
        };
        let picture = draw(&runs, &apart);
        let [r, g, b] = LIGHT.data(0);
        let flat = picture.items.iter().filter_map(|item| match item {
            Item::Line { points, ink, .. } if ink.rgb == [r, g, b] => Some(points),
            _ => None,
        });
        for points in flat {
            assert!(points.iter().all(|p| p[1] == points[0][1]), "{points:?}");
        }
    }
}
