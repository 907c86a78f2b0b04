//! How the answers changed while a run learned: recall of each class, when images were learned, which
//! were forgotten, which flipped.

use std::sync::Arc;

use egui::{Label, ProgressBar, RichText, Ui};
use egui_plot::{Line, Plot, PlotPoints, VLine};

use super::models::select_among;
use crate::evaluate::{Among, History};
use crate::studio::{EvaluateAction, Evaluation, RunHistory, TimelineAction};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Weight, first_step_ui, labeled_button};

/// Most classes that have a line of their own; of more, only the worst have.
const MAX_LINES: usize = 12;

/// Most images of those hardest to learn.
const MAX_HARDEST: usize = 200;

/// The state of the view.
#[derive(Default)]
pub(super) struct OverTimeView {
    made: Option<Made>,
}

/// What is shown of a history.
struct Made {
    of: Arc<RunHistory>,
    /// The moment shown, and the one before it.
    moments: Option<[u64; 2]>,
    sets: Vec<Set>,
}

/// Images to select.
struct Set {
    label: String,
    about: String,
    among: Among,
}

impl OverTimeView {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, evaluation: &Evaluation) {
        let historian = cx.studio.evaluator().historian();
        if let Some([n_done, n_all]) = historian.progress() {
            progress_ui(ui, cx, n_done, n_all);
        } else if let Some(problem) = historian.problem() {
            let text = text::sentence(problem);
            ui.add(Label::new(RichText::new(text).color(tokens(ui).bad)).wrap());
        }
        let found = cx.studio.timeline_run_id().and_then(|run| {
            cx.studio
                .evaluator()
                .historian()
                .of(run, evaluation.split)
                .cloned()
        });
        // One that was under way while the dataset changed is of other images.
        let is_of_these =
            |found: &Arc<RunHistory>| Arc::ptr_eq(&found.dataset, &evaluation.dataset);
        let found = found.filter(is_of_these);
        match found {
            Some(found) => self.history_ui(ui, cx, evaluation, &found),
            None if historian_is_busy(cx) => {}
            None => first_ui(ui, cx),
        }
    }

    fn history_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        evaluation: &Evaluation,
        found: &Arc<RunHistory>,
    ) {
        let moments = shown_moments(cx, &found.history);
        let is_made = |made: &Made| Arc::ptr_eq(&made.of, found) && made.moments == moments;
        let made = self.made.take().filter(is_made);
        let made = made.unwrap_or_else(|| Made::new(found, moments));
        sets_ui(ui, cx, &made.sets);
        let text = format!(
            "recall of each class at {}, and accuracy (thick); a click shows a moment",
            text::count(found.history.moments().len(), "moment")
        );
        ui.label(theme::quiet(ui, text));
        plot_ui(ui, cx, evaluation, &found.history);
        self.made = Some(made);
    }
}

impl Made {
    fn new(of: &Arc<RunHistory>, moments: Option<[u64; 2]>) -> Made {
        let history = &of.history;
        let n = history.n_images();
        let learned: Vec<_> = (0..n).map(|at| history.learned(at)).collect();
        let set = |what: &str, about: &str, images: Vec<usize>| Set {
            label: format!("{what}: {}", text::thousands(images.len() as u64)),
            about: format!("{about} A click shows them."),
            among: Among::new(what, images, n),
        };
        let by = |is_it: &dyn Fn(usize) -> bool| (0..n).filter(|&at| is_it(at)).collect();
        let mut sets = vec![
            set(
                "hardest",
                "The images that were wrong at most moments.",
                history.hardest().into_iter().take(MAX_HARDEST).collect(),
            ),
            set(
                "not learned",
                "Images that are wrong at the last moment.",
                by(&|at| learned[at].since.is_none()),
            ),
            set(
                "forgotten",
                "Images whose answer was right and later wrong, at least once.",
                by(&|at| learned[at].n_forgotten > 0),
            ),
        ];
        if let Some([before, now]) = moments {
            let about = format!(
                "Images whose answer changed from update {} to update {}.",
                text::thousands(before),
                text::thousands(now)
            );
            sets.push(set("flipped", &about, history.flipped(before, now)));
        }
        Made {
            of: of.clone(),
            moments,
            sets,
        }
    }
}

/// The moment that is shown, and the one before it.
fn shown_moments(cx: &PanelContext<'_>, history: &History) -> Option<[u64; 2]> {
    let moments = history.moments();
    let at = match cx.studio.shown_step() {
        Some(step) => moments.partition_point(|moment| moment.step <= step),
        None => moments.len(),
    };
    let before = at.checked_sub(2)?;
    Some([moments[before].step, moments[before + 1].step])
}

fn historian_is_busy(cx: &PanelContext<'_>) -> bool {
    cx.studio.evaluator().historian().progress().is_some()
}

fn first_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let n = cx.studio.timeline().states().len();
    if n < 2 || cx.studio.timeline_run_id().is_none() {
        let line = "A run of this session, or one whose timeline is open in Train, shows here how each \
                    class and image was learned.";
        ui.add(Label::new(theme::quiet(ui, line)).wrap());
        return;
    }
    let line = format!(
        "The {} of the timeline can be evaluated one after another, to see how each class and image \
         was learned.",
        text::count(n, "snapshot")
    );
    let tooltip = "Evaluates the model of every snapshot on these images; new ones follow after each \
                   epoch.";
    if first_step_ui(
        ui,
        &line,
        "Evaluate every snapshot",
        tooltip.to_owned(),
        true,
    ) {
        cx.act(EvaluateAction::MakeHistory);
    }
}

fn progress_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, n_done: usize, n_all: usize) {
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let share = n_done as f32 / n_all.max(1) as f32;
        let text = format!("{n_done} of {}", text::count(n_all, "snapshot"));
        let width = (ui.available_width() - 64.0).max(80.0);
        ui.add(ProgressBar::new(share).desired_width(width).text(text));
        let stop = labeled_button(ui, None, "Stop", Weight::Plain, 0.0, true);
        if stop
            .on_hover_text("Keeps what is evaluated so far.")
            .clicked()
        {
            cx.act(EvaluateAction::StopHistory);
        }
    });
}

fn sets_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, sets: &[Set]) {
    ui.horizontal_wrapped(|ui| {
        for set in sets {
            let chosen = &cx.studio.evaluator().selection().filter.among;
            let is_chosen = chosen.as_ref() == Some(&set.among);
            let label = ui.selectable_label(is_chosen, &set.label);
            if label.on_hover_text(&set.about).clicked() {
                select_among(cx, (!is_chosen).then(|| set.among.clone()));
            }
        }
    });
}

/// Draws recall and accuracy over the updates; a click shows the moment.
fn plot_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, evaluation: &Evaluation, history: &History) {
    let height = (ui.available_height() - UNIT).clamp(120.0, 420.0);
    let t = tokens(ui);
    let classes = shown_classes(history);
    let shown = cx.studio.shown_step();
    let plot = Plot::new("recall over time")
        .height(height)
        .x_axis_label("update")
        .y_axis_label("recall")
        .include_y(1.0)
        .allow_scroll(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_boxed_zoom(false);
    let response = plot.show(ui, |plot| {
        for (idx, class) in classes.into_iter().enumerate() {
            let points: PlotPoints<'_> = history
                .moments()
                .iter()
                .map(|moment| [moment.step as f64, moment.recall[class as usize]])
                .collect();
            let name = format!("recall of {}", evaluation.class(class));
            let line = Line::new(name, points).color(t.run_color(idx)).width(1.2);
            plot.line(line);
        }
        let points: PlotPoints<'_> = history
            .moments()
            .iter()
            .map(|moment| [moment.step as f64, moment.accuracy])
            .collect();
        plot.line(Line::new("accuracy", points).color(t.text).width(2.5));
        if let Some(step) = shown {
            plot.vline(VLine::new("shown", step as f64).color(t.accent));
        }
        plot.pointer_coordinate()
    });
    if response.response.clicked()
        && let Some(at) = response.inner
    {
        let distance = |step: u64| (step as f64 - at.x).abs();
        let steps = history.moments().iter().map(|moment| moment.step);
        let nearest = steps.min_by(|a, b| distance(*a).total_cmp(&distance(*b)));
        cx.act(TimelineAction::ShowStep(nearest));
    }
}

/// The classes that have a line: all, or those with the lowest recall at the last moment.
fn shown_classes(history: &History) -> Vec<u32> {
    let Some(last) = history.moments().last() else {
        return Vec::new();
    };
    let mut classes: Vec<u32> = (0..last.recall.len() as u32)
        .filter(|&class| last.recall[class as usize].is_finite())
        .collect();
    if classes.len() > MAX_LINES {
        classes.sort_by(|&a, &b| last.recall[a as usize].total_cmp(&last.recall[b as usize]));
        classes.truncate(MAX_LINES);
    }
    classes
}
