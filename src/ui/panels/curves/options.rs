//! How runs are held against each other: as groups, against one of them, on paper.

use egui::Ui;

use crate::picture::Spread;
use crate::runs::RunId;
use crate::studio::{Run, Studio};
use crate::ui::command::Command;
use crate::ui::panels::Cx;
use crate::ui::settings::Settings;
use crate::ui::theme;
use crate::ui::widgets::{Weight, labeled_button};

/// The run that all others are held against, where somebody chose one.
pub fn baseline<'a>(studio: &'a Studio, settings: &Settings) -> Option<&'a Run> {
    let id = settings.baseline.as_ref()?;
    studio.run(id).filter(|run| !run.state.points.is_empty())
}

/// A button with everything that few people need often.
pub fn button_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let button = labeled_button(ui, None, "More", Weight::Bare, 0.0, true)
        .accessible_name("More about the curves")
        .on_hover_text(
            "Groups of runs as bands, differences to one run, and the curves as a file.",
        );
    egui::Popup::menu(&button).show(|ui| {
        ui.set_min_width(220.0);
        bands_ui(ui, cx.settings);
        ui.separator();
        baseline_ui(ui, cx);
        ui.separator();
        let command = Command::SaveCurves;
        let item = ui.button(command.label());
        if item.on_hover_text(command.explanation()).clicked() {
            cx.command(command);
        }
    });
}

fn bands_ui(ui: &mut Ui, settings: &mut Settings) {
    let about = "Runs that differ in their seed alone are drawn as one: what is left of a \
                 difference between two groups is not chance.";
    ui.label(theme::quiet(ui, "Runs of one setting"))
        .on_hover_text(about);
    let mut choice = |ui: &mut Ui, spread: Option<Spread>, label: &str| {
        let is_chosen = settings.bands == spread;
        if ui
            .selectable_label(is_chosen, label)
            .on_hover_text(about)
            .clicked()
        {
            settings.bands = spread;
        }
    };
    choice(ui, None, "each by itself");
    for spread in Spread::ALL {
        choice(ui, Some(spread), spread.label());
    }
}

fn baseline_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let about = "The curves show how far each run is above or below this one; 0 is the same.";
    ui.label(theme::quiet(ui, "Difference to"))
        .on_hover_text(about);
    let mut choice = |ui: &mut Ui, id: Option<&RunId>, label: &str| {
        let is_chosen = cx.settings.baseline.as_ref() == id;
        let item = ui.selectable_label(is_chosen, label);
        if item.on_hover_text(about).clicked() {
            cx.settings.baseline = id.cloned();
        }
    };
    choice(ui, None, "nothing");
    for run in cx.studio.runs().iter().filter(|run| run.is_visible) {
        choice(ui, Some(&run.id), &run.state.name);
    }
}
