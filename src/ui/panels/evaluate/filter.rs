//! Which images are selected, and in which order they come.

use std::ops::Range;

use egui::{Label, Ui};

use crate::evaluate::{Filter, Selection, SortKey};
use crate::studio::{EvaluateAction, Evaluation};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Weight, combo_of_width, labeled_button};

/// Shows which images are selected.
pub(super) fn filter_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, evaluation: &Evaluation) {
    let old = cx.studio.evaluator().selection().clone();
    let mut filter = old.filter.clone();
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        for (is_right, label, about) in [
            (None, "All", "Images with any answer."),
            (
                Some(false),
                "Wrong",
                "Only images that are classified wrongly.",
            ),
            (
                Some(true),
                "Right",
                "Only images that are classified correctly.",
            ),
        ] {
            ui.selectable_value(&mut filter.is_right, is_right, label)
                .on_hover_text(about);
        }
        class_ui(
            ui,
            evaluation,
            "Label of the images",
            "any label",
            &mut filter.label,
        );
        class_ui(
            ui,
            evaluation,
            "Answer to the images",
            "any answer",
            &mut filter.answer,
        );
        confidence_ui(ui, &mut filter.confidence);
        if let Some(among) = &filter.among {
            let text = format!("only {}", among.what);
            ui.add(Label::new(theme::quiet(ui, text)).truncate());
        }
        if filter != Filter::default() {
            let clear = labeled_button(ui, None, "Clear filter", Weight::Bare, 0.0, true);
            if clear.on_hover_text("Shows all images.").clicked() {
                filter = Filter::default();
            }
        }
    });
    if filter != old.filter {
        cx.act(EvaluateAction::Select(Selection { filter, ..old }));
    }
}

/// Ranges of confidence to choose from. 1 is within the last one.
const CONFIDENCES: [(&str, Range<f32>); 5] = [
    ("below 50 %", 0.0..0.5),
    ("50 to 90 %", 0.5..0.9),
    ("90 to 99 %", 0.9..0.99),
    ("below 99 %", 0.0..0.99),
    ("99 % or more", 0.99..f32::INFINITY),
];

/// Draws the choice of a range of confidence; a bin of the reliability diagram is another one.
fn confidence_ui(ui: &mut Ui, chosen: &mut Option<Range<f32>>) {
    let label = match chosen {
        None => "any confidence".to_owned(),
        Some(range) => match CONFIDENCES.iter().find(|(_, known)| known == range) {
            Some((label, _)) => (*label).to_owned(),
            None => format!(
                "{} to {}",
                text::percent_whole(f64::from(range.start)),
                text::percent_whole(f64::from(range.end.min(1.0)))
            ),
        },
    };
    let shown = combo_of_width(ui, "Confidence of the answers", &label, 104.0, |ui| {
        ui.selectable_value(chosen, None, "any confidence");
        for (label, range) in CONFIDENCES {
            ui.selectable_value(chosen, Some(range), label);
        }
    });
    shown.on_hover_text("Only images whose answer has such a probability.");
}

/// Draws the choice of a class, or any.
fn class_ui(ui: &mut Ui, evaluation: &Evaluation, name: &str, any: &str, class: &mut Option<u32>) {
    let chosen = class.map_or_else(|| any.to_owned(), |class| evaluation.class(class));
    let n_classes = evaluation.report.confusion.counts.len() as u32;
    combo_of_width(ui, name, &chosen, 76.0, |ui| {
        ui.selectable_value(class, None, any);
        for each in 0..n_classes {
            ui.selectable_value(class, Some(each), evaluation.class(each));
        }
    });
}

/// Shows the order of the images and their number.
pub(super) fn order_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let old = cx.studio.evaluator().selection().clone();
    let orders = [
        (SortKey::Loss, true, "highest loss"),
        (SortKey::Loss, false, "lowest loss"),
        (SortKey::Confidence, false, "least confident"),
        (SortKey::Confidence, true, "most confident"),
        (SortKey::Margin, false, "smallest margin"),
        (SortKey::Margin, true, "largest margin"),
        (SortKey::Data, false, "order of the data"),
        (SortKey::Chosen, false, "as chosen"),
    ];
    let is_chosen = old.filter.among.is_some();
    let mut order = (old.sort, old.is_descending);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0 * UNIT;
        let chosen = orders
            .iter()
            .find(|(sort, down, _)| (*sort, *down) == order);
        let label = chosen.map_or("order", |(_, _, label)| label);
        let shown = combo_of_width(ui, "Order of the images", label, 132.0, |ui| {
            let offered = |(sort, ..): &(SortKey, _, _)| *sort != SortKey::Chosen || is_chosen;
            for (sort, is_descending, label) in orders.into_iter().filter(offered) {
                ui.selectable_value(&mut order, (sort, is_descending), label);
            }
        });
        shown.on_hover_text("Which images come first.");
        let evaluator = cx.studio.evaluator();
        let n_all = evaluator.newest().map_or(0, |e| e.predictions.len());
        let n = text::thousands(evaluator.positions().len() as u64);
        let text = format!("{n} of {}", text::count(n_all, "image"));
        ui.label(theme::quiet(ui, text));
    });
    if order != (old.sort, old.is_descending) {
        let (sort, is_descending) = order;
        cx.act(EvaluateAction::Select(Selection {
            sort,
            is_descending,
            ..old
        }));
    }
}
