//! The form that defines a sweep.

use egui::{TextEdit, Ui, vec2};

use super::axis::AxisForm;
use crate::studio::SweepAction;
use crate::sweep::{Axis, Definition, Location, Method, OBJECTIVES, Prune, Values};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Icon, Number, Row, VALUE_WIDTH, Weight, combo, error_ui, labeled_button};

/// Width of the form: in a wider one, labels and values would not read as one line.
const WIDTH: f32 = 420.0;

/// The form with its text fields.
#[derive(Default)]
pub struct Form {
    axes: Vec<AxisForm>,
}

impl Form {
    /// Shows the form and the button that starts the sweep.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let old = cx.studio.sweeps().draft();
        let mut draft = old.clone();
        ui.scope(|ui| {
            ui.set_max_width(WIDTH.min(ui.available_width()));
            what_ui(ui, cx, &mut draft);
            self.axes_ui(ui, cx, &mut draft);
            budget_ui(ui, cx, &mut draft);
            prune_ui(ui, cx, &mut draft);
            for key in ["search", "set", "seed", "preset"] {
                if let Some(message) = error(cx, key) {
                    error_ui(ui, &format!("{key} {message}"));
                }
            }
        });
        ui.add_space(UNIT);
        let is_possible = cx.studio.sweeps().problems().is_empty()
            && !cx.studio.sweeps().is_live()
            && cx.studio.dataset().is_some();
        let start = labeled_button(
            ui,
            Some(Icon::Play),
            "Start sweep",
            Weight::Plain,
            0.0,
            is_possible,
        );
        let about = "Starts the trials, based on the current settings on the left.";
        if start.on_hover_text(about).clicked() {
            cx.act(SweepAction::Start);
        }
        if draft != *old {
            cx.act(SweepAction::SetDraft(Box::new(draft)));
        }
    }

    fn axes_ui(&mut self, ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut Definition) {
        ui.label(theme::section(ui, "Settings to vary"));
        self.axes.resize_with(draft.search.len(), AxisForm::default);
        let mut removed = None;
        for idx in 0..draft.search.len() {
            if self.axes[idx].ui(ui, cx, draft, idx) {
                removed = Some(idx);
            }
            let problems = cx.studio.sweeps().problems().iter();
            for problem in problems.filter(|p| p.at == Location::Search(idx)) {
                error_ui(ui, &problem.message);
            }
        }
        if let Some(idx) = removed {
            draft.search.remove(idx);
            self.axes.remove(idx);
        }
        let add = labeled_button(ui, Some(Icon::Plus), "Add setting", Weight::Bare, 0.0, true);
        if add
            .on_hover_text("Varies one more setting; every setting needs more trials.")
            .clicked()
        {
            let is_free = |key: &&str| draft.search.iter().all(|axis| axis.key.as_str() != *key);
            let key = ["learning_rate", "batch_size", "optimizer", "weight_decay"];
            let key = key.into_iter().find(is_free).unwrap_or("epochs");
            let values = super::axis::default_values(cx.studio.draft(), key);
            draft
                .search
                .push(Axis::new(key, values.unwrap_or(Values::IntRange([1, 10]))));
        }
    }
}

/// The error at a key of the sweep.
fn error<'a>(cx: &'a PanelContext<'_>, key: &str) -> Option<&'a str> {
    let problems = cx.studio.sweeps().problems().iter();
    let mut found = problems.filter(|p| matches!(p.at, Location::Key(k) if k == key));
    found.next().map(|p| p.message.as_str())
}

fn what_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut Definition) {
    let row = row(
        cx,
        "name",
        "Name",
        "Names the sweep's folder and its runs: letters, digits, - and _.",
    );
    row.show(ui, |ui| {
        let field = TextEdit::singleline(&mut draft.name).desired_width(VALUE_WIDTH - 8.0);
        ui.add_sized(vec2(VALUE_WIDTH, ROW_HEIGHT), field)
            .on_hover_text(row.tooltip())
            .accessible_name("Sweep name".to_owned());
    });
    let row = self::row(
        cx,
        "method",
        "Method",
        "How values are drawn: a grid is complete but soon too large, Sobol covers evenly, TPE \
         learns from results.",
    );
    row.show(ui, |ui| {
        let shown = combo(ui, "Method", draft.method.label(), |ui| {
            for method in Method::ALL {
                let choice = ui.selectable_label(draft.method == method, method.label());
                if choice.on_hover_text(method.explanation()).clicked() {
                    draft.method = method;
                }
            }
        });
        shown.on_hover_text(row.tooltip());
    });
    let row = self::row(
        cx,
        "metric",
        "Metric",
        "What trials are ranked by; training metrics reward memorization.",
    );
    row.show(ui, |ui| {
        let shown = combo(ui, "Metric", draft.metric.label(), |ui| {
            for metric in OBJECTIVES {
                let choice = ui.selectable_label(draft.metric == metric, metric.label());
                if choice
                    .on_hover_text(text::sentence(metric.explanation()))
                    .clicked()
                {
                    draft.metric = metric;
                    draft.direction = metric.direction().unwrap_or(draft.direction);
                }
            }
        });
        shown.on_hover_text(row.tooltip());
    });
}

fn budget_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut Definition) {
    ui.label(theme::section(ui, "Budget"));
    let mut count = |key: &str, label: &str, about: &str, number: Number, value: f64| {
        row(cx, key, label, about).number_ui(ui, &number, value)
    };
    let about = "Maximum number of runs; a smaller grid ends by itself, 0 means no limit.";
    let trials = draft.trials.unwrap_or(0) as f64;
    if let Some(n) = count(
        "trials",
        "Trials",
        about,
        Number::count(0.0, 65_536.0, " trials"),
        trials,
    ) {
        draft.trials = (n >= 1.0).then_some(n as usize);
    }
    let about = "Minutes after which no new trial starts; 0 means no limit.";
    let minutes = Number::rate(1e6).with_unit(" minutes");
    if let Some(m) = count(
        "minutes",
        "Time limit",
        about,
        minutes,
        draft.minutes.unwrap_or(0.0),
    ) {
        draft.minutes = (m > 0.0).then_some(m);
    }
    let about = "Repeats with other seeds: more repeats separate luck from quality but take \
                 longer.";
    let seeds = Number::count(1.0, 1000.0, " seeds");
    if let Some(n) = count(
        "seeds_per_setting",
        "Seeds per setting",
        about,
        seeds,
        draft.seeds_per_setting as f64,
    ) {
        draft.seeds_per_setting = n as usize;
    }
    let about = "Trials trained at the same time; they share the processors, so more than there \
                 are processors gain nothing.";
    let parallel = Number::count(1.0, 1024.0, " trials");
    if let Some(n) = count(
        "parallel",
        "Parallel trials",
        about,
        parallel,
        draft.parallel as f64,
    ) {
        draft.parallel = n as usize;
    }
}

fn prune_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut Definition) {
    let row = row(
        cx,
        "prune",
        "Pruning",
        "Stops trials that do badly, so that good ones get the time; pruning too early loses \
         slow starters.",
    );
    row.show(ui, |ui| {
        let chosen = draft.prune.map_or("none", Prune::label);
        let shown = combo(ui, "Pruning", chosen, |ui| {
            if ui.selectable_label(draft.prune.is_none(), "none").clicked() {
                draft.prune = None;
            }
            for rule in Prune::ALL {
                if ui
                    .selectable_label(chosen == rule.label(), rule.label())
                    .clicked()
                    && chosen != rule.label()
                {
                    draft.prune = Some(rule);
                }
            }
        });
        shown.on_hover_text(row.tooltip());
    });
    let Some(rule) = &mut draft.prune else {
        return;
    };
    let mut count = |label: &str, about: &str, unit: &'static str, value: &mut usize| {
        let row = self::row(cx, "", label, about);
        let new = row.number_ui(ui, &Number::count(1.0, 1e4, unit), *value as f64);
        *value = new.map_or(*value, |n| n as usize);
    };
    let first = "Epochs before the first decision: too few lose slow starters.";
    match rule {
        Prune::Asha { epochs, factor } => {
            count("First decision", first, " epochs", epochs);
            count(
                "Reduction factor",
                "One trial in this many continues at each decision.",
                " : 1",
                factor,
            );
        }
        Prune::Median { epochs, trials } => {
            count("First decision", first, " epochs", epochs);
            count(
                "Trials needed",
                "Other trials that must have reached this epoch before one is judged.",
                " trials",
                trials,
            );
        }
    }
}

fn row<'a>(cx: &'a PanelContext<'_>, key: &str, label: &'a str, explanation: &'a str) -> Row<'a> {
    Row {
        label,
        explanation,
        effect: None,
        error: error(cx, key),
    }
}
