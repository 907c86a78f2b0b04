//! The bar at the top: dataset, preset, the training buttons and progress.

use egui::{
    Align, Align2, FontId, Layout, Rect, Role, Sense, Shape, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::PanelContext;
use crate::model::PRESETS;
use crate::runs::{RunState, Status};
use crate::studio::{DataState, DraftAction};
use crate::text;
use crate::train::Finish;
use crate::ui::command::Command;
use crate::ui::logo;
use crate::ui::settings::ThemeChoice;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Icon, Weight, combo_of_width, icon_button, labeled_button};

/// Draws the bar.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal_centered(|ui| {
        let (mark, _) = ui.allocate_exact_size(vec2(14.0, 20.0), Sense::hover());
        flame_ui(ui, mark);
        let name = egui::RichText::new("Candle Studio").font(FontId::new(14.0, theme::semibold()));
        ui.label(name);
        ui.add_space(4.0);
        data_ui(ui, cx);
        preset_ui(ui, cx);
        ui.add_space(4.0);
        training_ui(ui, cx);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            window_ui(ui, cx);
            ui.add_space(12.0);
            progress_ui(ui, cx);
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
        for command in [Command::UseMnist, Command::OpenData] {
            let item = ui.selectable_label(false, command.label());
            if item.on_hover_text(command.explanation()).clicked() {
                cx.command(command);
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
    shown.on_hover_text(about);
}

/// Draws the training buttons; the first one is Train, Pause or Resume.
fn training_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let (icon, text, command) = match cx.studio.live_run().map(|r| &r.status) {
        None => (Icon::Play, "Train", Command::Train),
        Some(Status::Paused) => (Icon::Play, "Resume", Command::PauseOrResume),
        Some(_) => (Icon::Pause, "Pause", Command::PauseOrResume),
    };
    let mut button = |text: &str, icon, command: Command, weight, width| {
        let is_possible = command.is_possible(cx.studio);
        let why_not = reason(cx, command).filter(|_| !is_possible);
        let response = labeled_button(ui, Some(icon), text, weight, width, is_possible)
            .on_hover_text(why_not.unwrap_or_else(|| command.tooltip(ui)));
        if response.clicked() {
            cx.command(command);
        }
    };
    button(text, icon, command, Weight::Primary, 96.0);
    button("Step", Icon::Step, Command::Step, Weight::Plain, 0.0);
    button("Stop", Icon::Stop, Command::Stop, Weight::Plain, 0.0);
}

/// Returns why training cannot start.
fn reason(cx: &PanelContext<'_>, command: Command) -> Option<String> {
    let is_start = matches!(command, Command::Train | Command::Step);
    let text = match cx.studio.data() {
        _ if !is_start => return None,
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
        .on_hover_text(Command::Palette.tooltip(ui))
        .clicked()
    {
        cx.command(Command::Palette);
    }
    let theme = icon_button(ui, Icon::Theme, "Theme", true)
        .on_hover_text("Dark, light, or follow the desktop.");
    egui::Popup::menu(&theme).show(|ui| {
        for choice in ThemeChoice::ALL {
            if ui
                .selectable_label(cx.settings.theme == choice, choice.label())
                .clicked()
            {
                cx.command(Command::Theme(choice));
            }
        }
    });
}

/// Draws the progress of the newest run in the remaining width.
fn progress_ui(ui: &mut Ui, cx: &PanelContext<'_>) {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    // Runs of earlier sessions are hidden until their curves are shown.
    let newest = cx
        .studio
        .own_run()
        .or(cx.studio.runs().last())
        .filter(|r| r.is_visible || r.state.is_live());
    let Some(run) = newest.map(|r| &r.state) else {
        return;
    };
    match &run.status {
        Status::Starting => line_ui(ui, rect, "Starting…", tokens(ui).quiet),
        Status::Running | Status::Paused => live_ui(ui, rect, run, &response),
        Status::Interrupted => line_ui(ui, rect, "Interrupted", tokens(ui).warning),
        Status::Finished(finish) => {
            let (text, ink) = ending(ui, run, finish);
            line_ui(ui, rect, &text, ink);
        }
    }
}

/// Draws one line of small text, wrapped if it does not fit.
fn line_ui(ui: &mut Ui, rect: Rect, text: &str, ink: egui::Color32) {
    let text = egui::RichText::new(text).small().color(ink);
    let builder = egui::UiBuilder::new()
        .max_rect(rect)
        .layout(Layout::left_to_right(Align::Center));
    ui.new_child(builder).add(egui::Label::new(text).wrap());
}

fn ending(ui: &Ui, run: &RunState, finish: &Finish) -> (String, egui::Color32) {
    let t = tokens(ui);
    match (finish, run.test) {
        (Finish::Completed, Some(test)) => {
            let accuracy = text::percent_exact(test.accuracy);
            (format!("Completed: {accuracy} test accuracy"), t.good)
        }
        (Finish::EarlyStopped, Some(test)) => {
            let accuracy = text::percent_exact(test.accuracy);
            (format!("Early stopped: {accuracy} test accuracy"), t.good)
        }
        (Finish::EarlyStopped, None) => ("Early stopped".to_owned(), t.good),
        (Finish::Completed, None) => ("Completed".to_owned(), t.good),
        (Finish::Stopped, Some(test)) => {
            let accuracy = text::percent_exact(test.accuracy);
            (format!("Stopped: {accuracy} test accuracy"), t.quiet)
        }
        (Finish::Stopped, None) => ("Stopped".to_owned(), t.quiet),
        (Finish::Diverged { step }, _) => (
            format!("Diverged at update {}", text::thousands(*step)),
            t.bad,
        ),
        (Finish::Failed { .. }, _) => ("Failed".to_owned(), t.bad),
    }
}

/// Draws `epoch 3/5 ▓▓▓▓░░ 62 % 31.2k images/s 4 s left`, the speed only if it fits.
fn live_ui(ui: &Ui, rect: Rect, run: &RunState, response: &egui::Response) {
    let t = tokens(ui);
    let epochs = run.config.epochs;
    let epoch =
        (run.points.last().map_or(0.0, |p| p.epoch).ceil() as usize).clamp(1, epochs.max(1));
    let epoch = format!("epoch {epoch}/{epochs}");
    let share = run.progress();
    let percent = text::percent_whole(f64::from(share));
    let speed = run
        .images_per_second()
        .map(|s| format!("{} images/s", text::short_count(s as u64)));
    let left = match run.status {
        Status::Paused => Some("paused".to_owned()),
        _ => run
            .secs_left()
            .map(|s| format!("{} left", text::duration(s))),
    };
    let spoken = [
        Some(epoch.clone()),
        Some(percent.clone()),
        speed.clone(),
        left.clone(),
    ];
    response.widget_info(|| {
        let text = spoken
            .iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        WidgetInfo::labeled(Role::ProgressIndicator, true, text)
    });
    let font = TextStyle::Monospace.resolve(ui.style());
    let char_width = ui.fonts_mut(|f| f.glyph_width(&font, '0'));
    let width = |text: &str| char_width * text.chars().count() as f32 + 12.0;
    let painter = ui.painter();
    let write = |x: f32, align, text: &str, ink| {
        painter.text(pos2(x, rect.center().y), align, text, font.clone(), ink);
    };
    write(rect.min.x, Align2::LEFT_CENTER, &epoch, t.text);
    let mut right = rect.max.x;
    let is_paused = run.status == Status::Paused;
    if let Some(left) = left {
        write(
            right,
            Align2::RIGHT_CENTER,
            &left,
            if is_paused { t.warning } else { t.quiet },
        );
        // The column does not move when the number loses a digit.
        right -= width(&left).max(width("10.0 s left"));
    }
    let bar_left = rect.min.x + width(&epoch);
    let percent_width = width("100 %");
    if let Some(speed) = speed.filter(|s| right - width(s) - percent_width - bar_left > 60.0) {
        write(right, Align2::RIGHT_CENTER, &speed, t.quiet);
        right -= width(&speed);
    }
    write(right, Align2::RIGHT_CENTER, &percent, t.text);
    let bar = Rect::from_min_max(
        pos2(bar_left, rect.center().y - 3.0),
        pos2(right - percent_width, rect.center().y + 3.0),
    );
    if bar.width() > 8.0 {
        painter.rect_filled(bar, 3.0, t.raised);
        let done = bar.with_max_x(bar.min.x + bar.width() * share);
        painter.rect_filled(done, 3.0, t.accent);
    }
}
