//! "It is a …": labels the sketch on the canvas, and says how the model does on all that were.

use egui::{Align, Key, KeyboardShortcut, Label, Layout, Modifiers, Ui};

use crate::studio::{Model, SketchAction, Studio};
use crate::text;
use crate::ui::command::{Command, SketchCommand};
use crate::ui::panels::PanelContext;
use crate::ui::theme;
use crate::ui::widgets::{Weight, combo_of_width, labeled_button};

/// The keys of the digits, from 0.
pub(in crate::ui::panels) const DIGITS: [Key; 10] = [
    Key::Num0,
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

/// The name of the list of classes.
const NAME: &str = "It is a";

/// What stands for no label.
const NONE: &str = "–";

/// Width of the list of classes.
const LIST_WIDTH: f32 = 84.0;

const ABOUT: &str = "What you drew: keeps it as one of your sketches, which every run is measured on, or \
                     corrects its label.";

/// Draws the label of the sketch and what the sketches say about the model.
pub(super) fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    keys(ui, cx);
    ui.horizontal(|ui| {
        caption_ui(ui);
        label_ui(ui, cx);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let command = Command::from(SketchCommand::Show);
            let is_possible = command.is_possible(cx.studio);
            let button = labeled_button(ui, None, "Sketches…", Weight::Plain, 0.0, is_possible);
            if button.on_hover_text(command.tooltip(ui)).clicked() {
                cx.command(command);
            }
        });
    });
    let (text, about) = score_text(cx.studio);
    ui.add(Label::new(theme::quiet(ui, text)).truncate())
        .on_hover_text(about);
}

/// Draws the words before the list, which are its name for screen readers.
fn caption_ui(ui: &mut Ui) {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let color = theme::tokens(ui).text;
    let words = ui.painter().layout_no_wrap(NAME.to_owned(), font, color);
    let (rect, _) = ui.allocate_exact_size(words.size(), egui::Sense::hover());
    ui.painter().galley(rect.min, words, color);
}

fn label_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let label = cx.studio.sketch_label().map(str::to_owned);
    let mut chosen = None;
    ui.add_enabled_ui(cx.studio.can_label(), |ui| {
        let shown = label.as_deref().unwrap_or(NONE);
        let list = combo_of_width(ui, NAME, shown, LIST_WIDTH, |ui| {
            for class in cx.studio.sketch_classes() {
                let is_it = label.as_deref() == Some(class);
                let item = ui.selectable_label(is_it, class);
                let keys = key_of(ui, cx.studio, class).unwrap_or_default();
                if item.on_hover_text(format!("{ABOUT}{keys}")).clicked() {
                    chosen = Some(class.clone());
                }
            }
            ui.separator();
            let teach = Command::from(SketchCommand::Teach);
            let item = ui.selectable_label(false, teach.label());
            if item.on_hover_text(teach.tooltip(ui)).clicked() {
                cx.output.commands.push(teach);
            }
        });
        list.on_hover_text(format!("{ABOUT} Alt and a digit does the same."))
            .on_disabled_hover_text(
                "Draw something to label it; images of the dataset have labels.",
            );
    });
    if let Some(class) = chosen {
        cx.act(SketchAction::Label(class));
    }
}

/// The shortcut of a class, in parentheses.
fn key_of(ui: &Ui, studio: &Studio, class: &str) -> Option<String> {
    let digit = (0..10).find(|&digit| studio.sketch_class(digit) == Some(class))?;
    let keys = KeyboardShortcut::new(Modifiers::ALT, DIGITS[usize::from(digit)]);
    Some(format!(" ({})", ui.format_shortcut(&keys)))
}

/// Labels the sketch by Alt and a digit, unless something else is open or text is typed.
fn keys(ui: &Ui, cx: &mut PanelContext<'_>) {
    let is_covered = ui.memory(|memory| memory.top_modal_layer().is_some());
    if is_covered || ui.text_edit_focused() {
        return;
    }
    if let Some(class) = pressed(ui, cx.studio) {
        cx.act(SketchAction::Label(class));
    }
}

/// The class whose key is pressed.
pub(in crate::ui::panels) fn pressed(ui: &Ui, studio: &Studio) -> Option<String> {
    let digit = ui.input_mut(|input| {
        let mut digits = (0u8..).zip(DIGITS);
        digits.find_map(|(digit, key)| input.consume_key(Modifiers::ALT, key).then_some(digit))
    })?;
    studio.sketch_class(digit).map(str::to_owned)
}

/// How the model does on the dataset and on the sketches, and what these numbers are.
fn score_text(studio: &Studio) -> (String, String) {
    let n_all = studio.sketches().all().len();
    let score = studio.sketches().score().filter(|score| score.n > 0);
    let Some((score, accuracy)) = score.and_then(|s| Some((s, s.accuracy()?))) else {
        let text = match n_all {
            0 => "Every run is measured on what you label.".to_owned(),
            n => text::count(n, "labeled sketch"),
        };
        return (text, ABOUT.to_owned());
    };
    // Of a few, more digits would say nothing; of many, 99.6 % is not 100 %.
    let percent = if score.n < 100 {
        text::percent_whole
    } else {
        text::percent
    };
    let yours = format!("you {}, n = {}", percent(accuracy), score.n);
    let trained = match score.n_trained {
        0 => String::new(),
        n => format!(" It was trained on {} more, which do not count.", n),
    };
    let of_yours = format!(
        "The model on the canvas classifies {} of your {} correctly.{trained}",
        score.n_right,
        text::count(score.n, "sketch")
    );
    match data_accuracy(studio) {
        Some((name, accuracy, images)) => (
            format!("{name} {}, {yours}", text::percent(accuracy)),
            format!("{of_yours} {name}: the run's accuracy on its {images}."),
        ),
        None => (yours, of_yours),
    }
}

/// The name of the dataset, the accuracy of the model on it, and on which of its images.
fn data_accuracy(studio: &Studio) -> Option<(String, f64, &'static str)> {
    if !matches!(studio.model(), Model::Trained(_)) {
        return None;
    }
    let run = &studio.trained_run()?.state;
    let validation = run.epochs.last().and_then(|epoch| epoch.validation);
    let (metrics, images) = match (run.test, validation) {
        (Some(test), _) => (test, "test images"),
        (None, Some(validation)) => (validation, "validation images"),
        (None, None) => return None,
    };
    Some((run.dataset.clone(), metrics.accuracy, images))
}
