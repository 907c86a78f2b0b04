//! Which of two settings is better, and whether the difference is significant.

mod interval;
mod seeds;
mod words;

use std::collections::BTreeSet;

use egui::{ScrollArea, Ui};

use super::disagreements::DisagreementsView;
use super::rows::Rows;
use super::selectors;
use crate::compare::{Comparison, Paired};
use crate::runs::table::SummaryMetric;
use crate::runs::{Record, RunId};
use crate::studio::Studio;
use crate::text;
use crate::ui::panels::PanelContext;

/// The state of the view.
#[derive(Default)]
pub(super) struct VerdictView {
    /// One run of each of the two settings: baseline and candidate.
    pair: Option<[RunId; 2]>,
    selection: BTreeSet<RunId>,
    metric: Option<SummaryMetric>,
    disagreements: DisagreementsView,
    made: Option<Made>,
}

/// Row indices of the runs of each of the two settings.
type Pair = [Vec<usize>; 2];

/// A comparison, cached until its inputs change.
struct Made {
    key: Key,
    members: Pair,
    comparison: Result<Comparison, String>,
}

/// The inputs of a comparison: rows, the two runs, the metric, and their models' paired answers.
type Key = (u64, [RunId; 2], SummaryMetric, Option<Paired>);

impl VerdictView {
    /// Shows the view.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, rows: &Rows) {
        self.follow(cx.studio, rows);
        let metrics = rows.metrics();
        let metric = self.metric.filter(|m| metrics.contains(m));
        let (Some(pair), Some(metric)) = (self.pair.clone(), metric.or(metrics.first().copied()))
        else {
            let text = "Select two runs, in the table or along an axis, to compare them.";
            return selectors::nothing_selected(ui, cx, text);
        };
        self.metric = Some(metric);
        self.controls_ui(ui, rows, pair, metrics);
        let (Some(pair), Some(metric)) = (self.pair.clone(), self.metric) else {
            return;
        };
        let made = self.make(cx.studio, rows, &pair, metric);
        ScrollArea::vertical()
            .auto_shrink(false)
            .show(ui, |ui| match &made.comparison {
                Ok(comparison) => {
                    words::ui(ui, comparison);
                    seeds::ui(ui, cx, rows, &made.members, comparison);
                    self.disagreements.ui(ui, cx, &pair, comparison);
                }
                Err(reason) => selectors::nothing(ui, reason),
            });
        self.made = Some(made);
    }

    /// Returns the comparison, recomputed if its inputs changed.
    fn make(
        &mut self,
        studio: &Studio,
        rows: &Rows,
        pair: &[RunId; 2],
        metric: SummaryMetric,
    ) -> Made {
        let found = studio.compared().disagreements.as_ref();
        let found = found.filter(|p| p.runs == *pair);
        let paired = found.and_then(|p| Some(p.found.as_ref().ok()?.0));
        let key = (rows.generation, pair.clone(), metric, paired);
        if let Some(made) = self.made.take().filter(|made| made.key == key) {
            return made;
        }
        let members = members(rows, pair);
        let [baseline, candidate] = members.each_ref().map(|members| -> Vec<&Record> {
            members.iter().map(|&idx| &rows.rows[idx]).collect()
        });
        let comparison = Comparison::new(&baseline, &candidate, metric);
        Made {
            key,
            members,
            comparison: comparison.map(|comparison| match paired {
                Some(paired) => comparison.with_images(paired),
                None => comparison,
            }),
        }
    }

    /// Compares a new selection; otherwise the pair stays as long as both runs exist.
    fn follow(&mut self, studio: &Studio, rows: &Rows) {
        let is_there = |id: &RunId| rows.place(id).is_some();
        self.pair = self.pair.take().filter(|pair| pair.iter().all(is_there));
        if *studio.selection() == self.selection && self.pair.is_some() {
            return;
        }
        self.selection.clone_from(studio.selection());
        let is_selected = |idx: &usize| self.selection.contains(&rows.rows[*idx].id);
        let selected: Vec<usize> = (0..rows.rows.len()).filter(is_selected).collect();
        let groups = rows.groups();
        let first = selected.first().copied();
        let other = first.and_then(|first| {
            let differs = |idx: &&usize| groups.of(**idx) != groups.of(first);
            selected.iter().find(differs).or(selected.get(1)).copied()
        });
        // Without a selection, the two newest groups are compared.
        let (first, other) = match &groups.members[..] {
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
        mut pair: [RunId; 2],
        metrics: &[SummaryMetric],
    ) {
        let groups = rows.groups();
        let places = pair.each_ref().map(|id| rows.place(id).unwrap_or(0));
        // A group is shown by the run that is compared now, or else by its first.
        let shown = |side: usize, group: usize| {
            let is_shown = |idx: &usize| groups.of(*idx) == group;
            let compared = [places[side], places[1 - side]].into_iter().find(is_shown);
            compared.unwrap_or(groups.members[group][0])
        };
        let candidate_ui = |ui: &mut Ui| {
            selectors::word(ui, "is");
            let about = "The settings to judge, with all their seeds.";
            side_ui(
                ui,
                rows,
                ("Candidate", about),
                |group| shown(1, group),
                places[1],
            )
        };
        let baseline_ui = |ui: &mut Ui| {
            selectors::word(ui, "better than");
            let about = "The settings to compare with, with all their seeds.";
            side_ui(
                ui,
                rows,
                ("Baseline", about),
                |group| shown(0, group),
                places[0],
            )
        };
        let (mut candidate, mut baseline) = (None, None);
        selectors::line(
            ui,
            &mut [
                &mut |ui| candidate = candidate_ui(ui),
                &mut |ui| baseline = baseline_ui(ui),
                &mut |ui| {
                    selectors::word(ui, "by");
                    let about = "The metric to compare.";
                    let choices = metrics.iter().map(|m| (Some(*m), m.label()));
                    selectors::one(ui, "Metric", about, &mut self.metric, choices);
                },
            ],
        );
        for (side, chosen) in [baseline, candidate].into_iter().enumerate() {
            if let Some(idx) = chosen {
                pair[side] = rows.rows[idx].id.clone();
            }
        }
        self.pair = Some(pair);
    }
}

/// Shows a selector for one side, and returns the selected row. `shown` maps a group to the row
/// that represents it, `now` is the current row.
fn side_ui(
    ui: &mut Ui,
    rows: &Rows,
    (name, about): (&str, &str),
    shown: impl Fn(usize) -> usize,
    now: usize,
) -> Option<usize> {
    let groups = rows.groups();
    let label = |group: usize| side_label(&rows.rows[shown(group)], groups.members[group].len());
    let n = groups.members.len();
    selectors::of_many(ui, name, about, groups.of(now), n, label).map(&shown)
}

fn side_label(row: &Record, n: usize) -> String {
    match n {
        1 => row.name.clone(),
        _ => format!("{} · {}", row.name, text::count(n, "seed")),
    }
}

/// All runs with the settings of each of the two. Two runs with the same settings are compared
/// directly.
fn members(rows: &Rows, pair: &[RunId; 2]) -> Pair {
    let groups = rows.groups();
    let places = pair.each_ref().map(|id| rows.place(id).unwrap_or(0));
    let found = places.map(|idx| groups.of(idx));
    if found[0] == found[1] {
        return places.map(|idx| vec![idx]);
    }
    // The selected run comes first: it gives the name, and its model is used.
    [0, 1].map(|side| {
        let group = groups.members[found[side]].iter().copied();
        let rest = group.filter(|idx| *idx != places[side]);
        std::iter::once(places[side]).chain(rest).collect()
    })
}
