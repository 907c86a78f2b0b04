//! The bar at the top: dataset, preset, the training buttons and progress.

use egui::{Align, FontId, Layout, Rect, Sense, Shape, Ui, vec2};

use super::{PanelContext, run_progress};
use crate::model::PRESETS;
use crate::runs::Status;
use crate::studio::{DataAction, DataState, DraftAction, SweepPhase};
use crate::text;
use crate::ui::command::{
    Command, FileCommand, HelpCommand, RunCommand, SweepCommand, ViewCommand,
};
use crate::ui::help::tour;
use crate::ui::logo;
use crate::ui::settings::ThemeChoice;
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Icon, Weight, combo_of_width, icon_button, labeled_button};

/// Width from which on the bar has room for the program's name and the buttons' labels.
const WIDE: f32 = 960.0;

/// Draws the bar.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal_centered(|ui| {
        let (mark, _) = ui.allocate_exact_size(vec2(14.0, 20.0), Sense::hover());
        flame_ui(ui, mark);
        let is_wide = ui.available_width() >= WIDE;
        if is_wide {
            let font = FontId::new(14.0, theme::semibold());
            ui.label(egui::RichText::new("Candle Studio").font(font));
        }
        ui.add_space(4.0);
        data_ui(ui, cx);
        preset_ui(ui, cx);
        ui.add_space(4.0);
        training_ui(ui, cx, is_wide);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            window_ui(ui, cx);
            ui.add_space(12.0);
            run_progress::ui(ui, cx);
        });
    });
}

/// Draws the logo: a flame.
fn flame_ui(ui: &Ui, rect: Rect) {
    let t = tokens(ui);
    let outer = logo::flame(rect.center(), 8.0);
    let inner = logo::flame(rect.center() + vec2(0.0, 2.8), 4.4);
    let painter = ui.painter();
    painter.add(Shape::convex_polygon(outer, t.accent, egui::Stroke::NONE));
    painter.add(Shape::convex_polygon(
        inner,
        theme::mix(t.accent, t.background, 0.72),
        egui::Stroke::NONE,
    ));
}

fn data_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let (name, about) = match cx.studio.data() {
        DataState::None => (
            "no dataset".to_owned(),
            "Open a folder of images.".to_owned(),
        ),
        DataState::Loading { name, .. } => ("loading…".to_owned(), format!("Loading {name}.")),
        DataState::Ready(data) => (data.name.clone(), describe(data)),
    };
    let shown = combo_of_width(ui, "Data", &name, 92.0, |ui| {
        for command in [
            FileCommand::UseMnist,
            FileCommand::OpenData,
            FileCommand::OpenDataFile,
        ]
        .map(Command::from)
        {
            let item = ui.selectable_label(false, command.label());
            if item.on_hover_text(command.explanation()).clicked() {
                cx.command(command);
            }
        }
        for folder in &cx.studio.recent().data {
            let name = folder.file_name().unwrap_or(folder.as_os_str());
            let item = ui.selectable_label(false, name.to_string_lossy());
            if item.on_hover_text(folder.display().to_string()).clicked() {
                cx.act(DataAction::Look(folder.clone()));
            }
        }
    });
    shown.on_hover_text(about);
}

/// Describes the dataset in one sentence.
fn describe(data: &crate::data::Dataset) -> String {
    let [channels, height, width] = data.image_shape();
    let kind = if channels == 1 { "gray" } else { "color" };
    format!(
        "{} training and {} test images, {kind}, {height}×{width} pixels, {}.",
        text::thousands(data.train.len() as u64),
        text::thousands(data.test.len() as u64),
        text::count(data.n_classes(), "class"),
    )
}

fn preset_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let chosen = crate::model::preset(&cx.studio.draft().preset);
    let label = chosen.map_or("Custom", |p| p.label);
    let shown = combo_of_width(ui, "Preset", label, 132.0, |ui| {
        for preset in PRESETS {
            let is_chosen = chosen.is_some_and(|c| c.name == preset.name);
            let item = ui.selectable_label(is_chosen, preset.label);
            if item.on_hover_text(preset.explanation).clicked() {
                cx.act(DraftAction::ChoosePreset(preset.name));
            }
        }
    });
    let about = chosen.map_or("A custom network; choosing a preset replaces it.", |p| {
        p.explanation
    });
    tour::mark(ui, tour::Stop::Preset, shown.rect);
    shown.on_hover_text(about);
}

/// Draws the training buttons; the first one is Train, Pause or Resume. While a sweep trains, they
/// are for the sweep. In a narrow bar, the others are icons.
fn training_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, is_wide: bool) {
    let sweep = run_progress::running_sweep(cx.studio);
    let is_sweep_paused = sweep.map(|sweep| sweep.phase == SweepPhase::Paused);
    let (pause, stop): (Command, Command) = match is_sweep_paused {
        Some(_) => (
            SweepCommand::PauseOrResume.into(),
            SweepCommand::Stop.into(),
        ),
        None => (RunCommand::PauseOrResume.into(), RunCommand::Stop.into()),
    };
    let status = cx.studio.live_run().map(|run| &run.status);
    let (icon, text, command): (Icon, &str, Command) = match (is_sweep_paused, status) {
        (None, None) => (Icon::Play, "Train", RunCommand::Train.into()),
        (Some(true), _) | (_, Some(Status::Paused)) => (Icon::Play, "Resume", pause),
        _ => (Icon::Pause, "Pause", pause),
    };
    let mut button = |text: &str, icon, command: Command, weight, width| {
        let why_not = reason(cx, command);
        let is_possible = command.is_possible(cx.studio);
        let why_not = why_not.filter(|_| !is_possible);
        let button = match is_wide || weight == Weight::Primary {
            true => labeled_button(ui, Some(icon), text, weight, width, is_possible),
            false => icon_button(ui, icon, text, is_possible),
        };
        let response = button.on_hover_text(why_not.unwrap_or_else(|| command.tooltip(ui)));
        if response.clicked() {
            cx.command(command);
        }
        response.rect
    };
    let train = button(text, icon, command, Weight::Primary, 104.0);
    if is_sweep_paused.is_none() {
        let step = RunCommand::Step.into();
        button("Step", Icon::Step, step, Weight::Plain, 0.0);
    }
    button("Stop", Icon::Stop, stop, Weight::Plain, 0.0);
    tour::mark(ui, tour::Stop::Train, train);
}

/// Returns why training cannot start.
fn reason(cx: &PanelContext<'_>, command: Command) -> Option<String> {
    let is_start = matches!(command, Command::Run(RunCommand::Train | RunCommand::Step));
    let text = match cx.studio.data() {
        _ if !is_start => return None,
        _ if cx.studio.sweeps().is_live() => "A sweep is running: stop it first.",
        _ if !cx.studio.errors().is_empty() => "Fix the settings marked in red first.",
        DataState::Loading { .. } => "The dataset is still loading.",
        DataState::None => "No dataset: open a folder or use MNIST.",
        DataState::Ready(_) => return None,
    };
    Some(text.to_owned())
}

fn window_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.spacing_mut().item_spacing.x = 0.0;
    let palette = icon_button(ui, Icon::Search, "All commands", true);
    if palette
        .on_hover_text(Command::from(ViewCommand::Palette).tooltip(ui))
        .clicked()
    {
        cx.command(ViewCommand::Palette);
    }
    let theme = icon_button(ui, Icon::Theme, "Theme", true)
        .on_hover_text("Dark, light, or follow the desktop.");
    egui::Popup::menu(&theme).show(|ui| {
        for choice in ThemeChoice::ALL {
            if ui
                .selectable_label(cx.settings.theme == choice, choice.label())
                .clicked()
            {
                cx.command(ViewCommand::Theme(choice));
            }
        }
        ui.separator();
        let scale = text::percent_whole(f64::from(ui.zoom_factor()));
        ui.label(theme::quiet(ui, format!("Interface: {scale}")));
        for command in [
            ViewCommand::Larger,
            ViewCommand::Smaller,
            ViewCommand::NormalSize,
        ] {
            menu_item_ui(ui, cx, command.into());
        }
    });
    let help = icon_button(ui, Icon::Help, "Help", true).on_hover_text("Shortcuts, tour, about.");
    egui::Popup::menu(&help).show(|ui| {
        for command in [
            HelpCommand::Shortcuts,
            HelpCommand::Tour,
            HelpCommand::About,
        ] {
            menu_item_ui(ui, cx, command.into());
        }
    });
}

/// Draws a command as an item of a menu.
fn menu_item_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, command: Command) {
    let item = ui.selectable_label(false, command.label());
    if item.on_hover_text(command.tooltip(ui)).clicked() {
        cx.command(command);
    }
}
