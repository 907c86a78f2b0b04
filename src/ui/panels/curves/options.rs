//! Ways to compare runs: as groups, against a baseline, in a file.

use egui::{ScrollArea, Ui};

use crate::picture::Spread;
use crate::runs::table::{Column, GroupBy, differing_columns};
use crate::runs::{Record, RunId};
use crate::studio::{LibraryAction, Run, Studio};
use crate::ui::command::{Command, FileCommand};
use crate::ui::panels::PanelContext;
use crate::ui::settings::Settings;
use crate::ui::widgets::{Weight, labeled_button};
use crate::ui::{column_names, theme};

/// The baseline, once its points are loaded.
pub fn baseline(studio: &Studio) -> Option<&Run> {
    let baseline = studio.baseline();
    baseline.filter(|run| !run.state.points.is_empty())
}

/// Shows a menu with less frequent options.
pub fn button_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let button = labeled_button(ui, None, "More", Weight::Bare, 0.0, true)
        .accessible_name("More options for the curves")
        .on_hover_text(
            "Single batches, groups of runs as bands, differences from one run, and saving or copying \
             the curves.",
        );
    egui::Popup::menu(&button).show(|ui| {
        ui.set_min_width(220.0);
        let about = "Shows every batch as a point: of the only run, or of the one at the pointer.";
        ui.checkbox(&mut cx.settings.shows_batches, "Single batches")
            .on_hover_text(about);
        ui.separator();
        bands_ui(ui, cx.settings);
        if cx.settings.bands.is_some() {
            group_ui(ui, cx);
        }
        ui.separator();
        baseline_ui(ui, cx);
        ui.separator();
        for command in [FileCommand::SaveCurves, FileCommand::CopyCurves] {
            let command = Command::from(command);
            let item = ui.button(command.label());
            if item.on_hover_text(command.explanation()).clicked() {
                cx.command(command);
            }
        }
    });
}

fn bands_ui(ui: &mut Ui, settings: &mut Settings) {
    let about = "Draws the runs of a group as one band, so that differences between settings can \
                 be told apart from the spread between seeds.";
    ui.label(theme::quiet(ui, "Group runs"))
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
    choice(ui, None, "separately");
    for spread in Spread::ALL {
        choice(ui, Some(spread), spread.label());
    }
}

/// Shows what runs can be grouped by: what differs between those that are shown.
fn group_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let about = "Groups runs with the same value of this.";
    let shown = cx.studio.runs().iter().filter(|run| run.is_visible);
    let records: Vec<&Record> = shown.map(|run| &run.record).collect();
    let is_setting = |c: &Column| matches!(c, Column::Setting(key) if !["seed", "status"].contains(&key.as_str()));
    let columns = differing_columns(&records).into_iter().filter(is_setting);
    let mut choices = vec![GroupBy::AllButSeed];
    choices.extend(columns.map(GroupBy::Column));
    if !choices.contains(&cx.settings.group) {
        choices.push(cx.settings.group.clone());
    }
    ui.separator();
    ui.label(theme::quiet(ui, "Group by")).on_hover_text(about);
    ScrollArea::vertical().max_height(160.0).show(ui, |ui| {
        for by in choices {
            let name = match &by {
                GroupBy::AllButSeed => "all but seed".to_owned(),
                GroupBy::Column(column) => column_names::full_name(column),
            };
            let is_chosen = cx.settings.group == by;
            let item = ui.selectable_label(is_chosen, name);
            if item.on_hover_text(about).clicked() {
                cx.settings.group = by;
            }
        }
    });
}

fn baseline_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let about = "Shows the curves and the table's results as differences from this run; 0 means \
                 equal.";
    ui.label(theme::quiet(ui, "Difference from"))
        .on_hover_text(about);
    let chosen = cx.studio.baseline().map(|run| &run.id);
    let mut wanted = None;
    let mut choice = |ui: &mut Ui, id: Option<&RunId>, label: &str| {
        let item = ui.selectable_label(chosen == id, label);
        if item.on_hover_text(about).clicked() {
            wanted = Some(id.cloned());
        }
    };
    choice(ui, None, "none");
    let is_offered = |run: &&Run| run.is_visible || Some(&run.id) == chosen;
    for run in cx.studio.runs().iter().filter(is_offered) {
        choice(ui, Some(&run.id), &run.state.name);
    }
    if let Some(id) = wanted {
        cx.act(LibraryAction::SetBaseline(id));
    }
}
