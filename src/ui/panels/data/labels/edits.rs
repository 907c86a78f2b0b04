//! What is done with the edits: stored, trained on, judged.

use egui::{Label, RichText, Ui};

use crate::compare::Verdict;
use crate::data::edits::Edits;
use crate::studio::DataAction;
use crate::text::count;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Weight, labeled_button};

const TRAIN_AGAIN: &str = "Train again with the edits";

/// Draws how many edits there are, and what can be done with them.
pub(super) fn edits_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, edits: &Edits) {
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let n = edits.n_changes();
        let text = match n {
            0 => "No label is changed yet.".to_owned(),
            n => count(n, "change"),
        };
        ui.label(theme::quiet(ui, text));
        let can_undo = cx.studio.datasets().cleaner().can_undo();
        let undo = labeled_button(ui, None, "Undo edit", Weight::Bare, 0.0, can_undo);
        if undo
            .on_hover_text("Undoes the last decision (Ctrl+Z).")
            .clicked()
        {
            cx.act(DataAction::UndoEdit);
        }
        let save = labeled_button(ui, None, "Save as dataset", Weight::Plain, 0.0, n > 0);
        let about = "Stores this dataset with the changes under a name of its own, and opens it; \
                     what it is made of stays as it is. Train on it and let Compare say whether \
                     the changes help.";
        if save.on_hover_text(about).clicked() {
            cx.act(DataAction::SaveEdited);
        }
        let can_train = cx.studio.can_train_edited();
        let train = labeled_button(ui, None, TRAIN_AGAIN, Weight::Plain, 0.0, can_train);
        let about = "Does that, trains on it with the settings and the seed of the newest run on this \
                     dataset, and says whether the edits helped: both models on the same test images.";
        if train.on_hover_text(about).clicked() {
            cx.act(DataAction::TrainEdited);
        }
    });
}

/// Says what the edits did, once a run with them has ended.
pub(super) fn verdict_ui(ui: &mut Ui, cx: &PanelContext<'_>) {
    let retrainer = cx.studio.datasets().retrainer();
    if retrainer.is_busy() {
        ui.label(theme::quiet(ui, "Training with the edits…"));
    }
    let Some(found) = retrainer.verdict() else {
        return;
    };
    let t = tokens(ui);
    let color = match found.verdict() {
        Verdict::Better => t.good,
        Verdict::Worse => t.bad,
        Verdict::CannotTell | Verdict::SameSettings => t.warning,
    };
    let headline = RichText::new(found.headline()).strong().color(color);
    ui.add(Label::new(headline).wrap());
    ui.add(Label::new(found.describe()).wrap());
}
