//! Which of two settings is better, and is that sure?

use egui::{Align2, RichText, Role, ScrollArea, Sense, Stroke, TextStyle, Ui, WidgetInfo, vec2};

use super::choose;
use super::parting::Parting;
use super::rows::{Row, Rows, metric_text};
use crate::compare::{Comparison, Facts, Metric, Side, Verdict, groups, seeds_to_add};
use crate::runs::RunId;
use crate::studio::{Action, Studio};
use crate::train::TrainConfig;
use crate::ui::panels::Cx;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// What is compared with what.
#[derive(Default)]
pub(super) struct VerdictView {
    /// The first run of each of the two settings.
    pair: Option<[RunId; 2]>,
    selection: Vec<RunId>,
    metric: Option<Metric>,
    parting: Parting,
}

/// Two settings, as indices into the rows.
type Pair = [Vec<usize>; 2];

impl VerdictView {
    /// Shows the view.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, rows: &Rows) {
        let facts: Vec<Facts> = rows.rows.iter().map(|row| row.facts.clone()).collect();
        let groups = groups(&facts);
        self.follow(cx.studio, rows, &groups);
        let metrics = rows.metrics();
        let metric = self.metric.filter(|m| metrics.contains(m));
        let (Some(pair), Some(metric)) = (self.pair.clone(), metric.or(metrics.first().copied()))
        else {
            choose::nothing(
                ui,
                "Select two runs, in the table or along an axis, to compare them.",
            );
            return;
        };
        self.metric = Some(metric);
        self.controls_ui(ui, rows, &groups, pair, &metrics);
        let Some(pair) = self.pair.clone() else {
            return;
        };
        let members = members(rows, &groups, &pair);
        let compared = Comparison::new(&facts, &members[0], &members[1], metric);
        ScrollArea::vertical()
            .auto_shrink(false)
            .show(ui, |ui| match compared {
                Ok(comparison) => {
                    let parted = cx.studio.compared().parted.as_ref();
                    let found = parted
                        .filter(|p| p.runs == pair)
                        .and_then(|p| p.found.as_ref().ok());
                    let comparison = match found {
                        Some((paired, _)) => comparison.with_images(*paired),
                        None => comparison,
                    };
                    verdict_ui(ui, &comparison);
                    seeds_ui(ui, cx, rows, &members, &comparison);
                    self.parting.ui(ui, cx, &pair, &comparison);
                }
                Err(reason) => choose::nothing(ui, &reason),
            });
    }

    /// A new selection is compared; otherwise what is compared stays while it is there.
    fn follow(&mut self, studio: &Studio, rows: &Rows, groups: &[Vec<usize>]) {
        let selection: Vec<RunId> = studio.selected_runs().map(|run| run.id.clone()).collect();
        let is_there = |id: &RunId| rows.rows.iter().any(|row| row.id == *id);
        if self
            .pair
            .as_ref()
            .is_some_and(|pair| !pair.iter().all(is_there))
        {
            self.pair = None;
        }
        if selection == self.selection && self.pair.is_some() {
            return;
        }
        self.selection.clone_from(&selection);
        let selected: Vec<usize> = (0..rows.rows.len())
            .filter(|&idx| selection.contains(&rows.rows[idx].id))
            .collect();
        let group = |idx: usize| groups.iter().position(|g| g.contains(&idx));
        let first = selected.first().copied();
        let other = first.and_then(|first| {
            let differs = |idx: &&usize| group(**idx) != group(first);
            selected.iter().find(differs).or(selected.get(1)).copied()
        });
        // Something is said before anybody selects.
        let (first, other) = match groups {
            [.., a, b] if selected.is_empty() => (Some(a[0]), Some(b[0])),
            _ => (first, other),
        };
        if let (Some(a), Some(b)) = (first, other) {
            self.pair = Some([a, b].map(|idx| rows.rows[idx].id.clone()));
        }
    }

    fn controls_ui(
        &mut self,
        ui: &mut Ui,
        rows: &Rows,
        groups: &[Vec<usize>],
        mut pair: [RunId; 2],
        metrics: &[Metric],
    ) {
        let choices = || {
            // Of each settings the run that is compared now, or the first.
            groups.iter().map(|group| {
                let shown = group.iter().find(|&&idx| {
                    self.pair
                        .iter()
                        .flatten()
                        .any(|id| rows.rows[idx].id == *id)
                });
                let row = &rows.rows[*shown.unwrap_or(&group[0])];
                (row.id.clone(), side_label(row, group.len()))
            })
        };
        let (baselines, candidates): (Vec<_>, Vec<_>) = (choices().collect(), choices().collect());
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            choose::word(ui, "is");
            let about = "The settings that the verdict is about, with all their seeds.";
            choose::one(ui, "Candidate", about, &mut pair[1], candidates);
            choose::word(ui, "better than");
            let about = "The settings it is compared with, with all their seeds.";
            choose::one(ui, "Baseline", about, &mut pair[0], baselines);
            choose::word(ui, "by");
            let about = "What they are compared by.";
            let choices = metrics.iter().map(|m| (Some(*m), m.label().to_owned()));
            choose::one(ui, "Metric", about, &mut self.metric, choices);
        });
        self.pair = Some(pair);
    }
}

fn side_label(row: &Row, n: usize) -> String {
    match n {
        1 => row.facts.name.clone(),
        _ => format!("{} · {n} seeds", row.facts.name),
    }
}

/// All runs with the settings of each of the two. Two runs of the same settings are compared by
/// themselves.
fn members(rows: &Rows, groups: &[Vec<usize>], pair: &[RunId; 2]) -> Pair {
    let place = |id: &RunId| rows.rows.iter().position(|row| row.id == *id).unwrap_or(0);
    let places = pair.each_ref().map(place);
    let found = places.map(|idx| groups.iter().position(|g| g.contains(&idx)).unwrap_or(0));
    if found[0] == found[1] {
        return places.map(|idx| vec![idx]);
    }
    // The run that was picked comes first: it gives the name, and its model is asked.
    [0, 1].map(|side| {
        let group = groups[found[side]].iter().copied();
        let rest = group.filter(|idx| *idx != places[side]);
        std::iter::once(places[side]).chain(rest).collect()
    })
}

fn verdict_ui(ui: &mut Ui, comparison: &Comparison) {
    let t = tokens(ui);
    let (word, color) = match comparison.verdict() {
        Verdict::Better => ("Better", t.good),
        Verdict::Worse => ("Worse", t.bad),
        Verdict::CannotTell => ("Cannot tell", t.warning),
        Verdict::SameSettings => ("The same settings", t.quiet),
    };
    ui.add_space(2.0 * theme::UNIT);
    ui.label(RichText::new(word).heading().color(color));
    ui.label(comparison.words());
    ui.add_space(theme::UNIT);
    sides_ui(ui, comparison);
    if let Some(test) = comparison.seeds {
        interval_ui(ui, comparison, test.difference, test.interval);
    }
}

/// Each of the two with its seeds.
fn sides_ui(ui: &mut Ui, comparison: &Comparison) {
    let line = |ui: &mut Ui, side: &Side| {
        let values: Vec<String> = side
            .values
            .iter()
            .zip(&side.seeds)
            .map(|(value, seed)| {
                format!("{} (seed {seed})", metric_text(comparison.metric, *value))
            })
            .collect();
        ui.horizontal(|ui| {
            let mean = metric_text(comparison.metric, side.mean);
            ui.label(theme::number(format!("{mean:>9}")));
            ui.add(egui::Label::new(&side.name).truncate())
                .on_hover_text(values.join("\n"));
            let seeds = if side.seeds.len() == 1 {
                "seed"
            } else {
                "seeds"
            };
            ui.label(theme::quiet(
                ui,
                format!("mean of {} {seeds}", side.seeds.len()),
            ))
            .on_hover_text(values.join("\n"));
        });
    };
    line(ui, &comparison.candidate);
    line(ui, &comparison.baseline);
}

/// The difference with its interval, against no difference.
fn interval_ui(ui: &mut Ui, comparison: &Comparison, difference: f64, interval: [f64; 2]) {
    let t = tokens(ui);
    let size = vec2(ui.available_width().min(480.0), 52.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let amount = |value: f64| {
        if comparison.metric.is_share() {
            format!("{:+.2} points", 100.0 * value)
        } else {
            format!("{value:+.4}")
        }
    };
    let name = format!(
        "Difference {} with an interval from {} to {}",
        amount(difference),
        amount(interval[0]),
        amount(interval[1])
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &name));
    let most = interval
        .iter()
        .fold(0.0_f64, |most, v| most.max(v.abs()))
        .max(1e-9)
        * 1.2;
    let x = |value: f64| rect.center().x + (value / most) as f32 * rect.width() / 2.0;
    let y = rect.min.y + 20.0;
    let painter = ui.painter();
    painter.hline(rect.x_range(), y, Stroke::new(1.0, t.hairline));
    painter.vline(
        rect.center().x,
        y - 10.0..=y + 10.0,
        Stroke::new(1.0, t.quiet),
    );
    let is_sure = interval[0] > 0.0 || interval[1] < 0.0;
    let ink = if is_sure { t.accent } else { t.quiet };
    painter.hline(x(interval[0])..=x(interval[1]), y, Stroke::new(3.0, ink));
    painter.circle_filled(egui::pos2(x(difference), y), 5.0, ink);
    let font = TextStyle::Small.resolve(ui.style());
    let at = egui::pos2(rect.center().x, y + 14.0);
    painter.text(
        at,
        Align2::CENTER_TOP,
        "no difference",
        font.clone(),
        t.quiet,
    );
    let ends = [
        (rect.left(), Align2::LEFT_TOP, -most),
        (rect.right(), Align2::RIGHT_TOP, most),
    ];
    for (at, align, value) in ends {
        painter.text(
            egui::pos2(at, y + 14.0),
            align,
            amount(value),
            font.clone(),
            t.quiet,
        );
    }
    response.on_hover_text(
        "The dot is the difference of the means; the bar is its 95 % interval. A bar that does not \
         reach the middle is hardly luck.",
    );
}

/// The button that trains the seeds that are missing, and what waits.
fn seeds_ui(ui: &mut Ui, cx: &mut Cx<'_>, rows: &Rows, members: &Pair, comparison: &Comparison) {
    ui.horizontal(|ui| {
        if let Some(wanted) = comparison.seeds_wanted() {
            let configs = missing(cx.studio, rows, members, wanted);
            let n = configs.len();
            let text = format!("Train {n} more {}", if n == 1 { "seed" } else { "seeds" });
            let is_free = cx.studio.queue().len() == 0 && n > 0;
            let button = labeled_button(ui, None, &text, Weight::Plain, 0.0, is_free);
            let about = "Starts these runs one after the other, with the same settings and other \
                         seeds; they begin when no other run is live.";
            if button.on_hover_text(about).clicked() {
                cx.act(Action::QueueRuns(configs));
            }
        }
        queue_ui(ui, cx);
    });
}

/// What waits to be trained.
fn queue_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let n = cx.studio.queue().len();
    if n == 0 {
        return;
    }
    let runs = if n == 1 { "run waits" } else { "runs wait" };
    choose::word(ui, &format!("{n} {runs} to be trained"));
    let button = labeled_button(ui, None, "Do not train them", Weight::Bare, 0.0, true);
    let about = "Gives up the runs that wait; the one that trains goes on.";
    if button.on_hover_text(about).clicked() {
        cx.act(Action::ClearQueue);
    }
}

/// The settings of the two with the seeds they lack, in turns, so that both are ready at about the
/// same time.
fn missing(studio: &Studio, rows: &Rows, members: &Pair, wanted: [usize; 2]) -> Vec<TrainConfig> {
    let seeds = |side: usize| -> Vec<u64> {
        let runs = members[side].iter().map(|&idx| &rows.rows[idx]);
        runs.map(|row| row.facts.seed).collect()
    };
    let configs = |side: usize| -> Vec<TrainConfig> {
        let id = &rows.rows[members[side][0]].id;
        let Some(run) = studio.run(id) else {
            return Vec::new();
        };
        let with_seed = |seed: u64| TrainConfig {
            seed,
            ..run.state.config.clone()
        };
        let add = seeds_to_add(&seeds(side), &seeds(1 - side), wanted[side]);
        add.into_iter().map(with_seed).collect()
    };
    let (mut a, mut b) = (configs(0).into_iter(), configs(1).into_iter());
    let mut all = Vec::new();
    loop {
        let next = [a.next(), b.next()];
        if next.iter().all(Option::is_none) {
            return all;
        }
        all.extend(next.into_iter().flatten());
    }
}
