//! The command palette: a searchable list of all commands.

use egui::{Align2, Context, Id, Key, Modal, Modifiers, ScrollArea, TextEdit, Ui, vec2};

use super::command::{Command, ViewCommand};
use super::theme::{self, ROW_HEIGHT};
use crate::studio::Studio;

/// The palette, open or closed.
#[derive(Default)]
pub struct Palette {
    search: Option<Search>,
}

#[derive(Default)]
struct Search {
    text: String,
    chosen: usize,
    is_old: bool,
}

impl Palette {
    /// Opens or closes the palette.
    pub fn toggle(&mut self) {
        self.search = match self.search {
            Some(_) => None,
            None => Some(Search::default()),
        };
    }

    /// Whether the palette is open.
    pub fn is_open(&self) -> bool {
        self.search.is_some()
    }

    /// Shows the palette if it is open, and appends the selected command.
    pub fn ui(&mut self, ctx: &Context, studio: &Studio, commands: &mut Vec<Command>) {
        let Some(search) = &mut self.search else {
            return;
        };
        let area =
            Modal::default_area(Id::unique("palette")).anchor(Align2::CENTER_TOP, vec2(0.0, 72.0));
        let modal = Modal::new(Id::unique("palette"))
            .area(area)
            .show(ctx, |ui| {
                ui.set_width(420.0);
                search.ui(ui, studio)
            });
        if let Some(command) = modal.inner {
            commands.push(command);
            self.search = None;
        } else if modal.should_close() {
            self.search = None;
        }
    }
}

impl Search {
    fn ui(&mut self, ui: &mut Ui, studio: &Studio) -> Option<Command> {
        let (is_down, is_up, is_enter) = ui.input_mut(|i| {
            (
                i.consume_key(Modifiers::NONE, Key::ArrowDown),
                i.consume_key(Modifiers::NONE, Key::ArrowUp),
                i.consume_key(Modifiers::NONE, Key::Enter),
            )
        });
        self.field_ui(ui);
        let mut found: Vec<Command> = Command::all()
            .filter(|c| *c != ViewCommand::Palette.into() && finds(*c, &self.text))
            .collect();
        // Commands that are not available come last.
        found.sort_by_key(|c| !c.is_possible(studio));
        if is_down {
            self.chosen += 1;
        }
        if is_up {
            self.chosen = self.chosen.saturating_sub(1);
        }
        self.chosen = self.chosen.min(found.len().saturating_sub(1));
        ui.add_space(4.0);
        let nothing = elsewhere(&self.text).unwrap_or("No matching command.");
        let clicked = list_ui(ui, studio, (&found, nothing), self.chosen, is_down || is_up);
        let entered = is_enter.then(|| found.get(self.chosen).copied()).flatten();
        clicked.or(entered).filter(|c| c.is_possible(studio))
    }

    fn field_ui(&mut self, ui: &mut Ui) {
        let edit = TextEdit::singleline(&mut self.text)
            .hint_text("Search commands")
            .align(Align2::LEFT_CENTER)
            .min_size(vec2(0.0, ROW_HEIGHT))
            .desired_width(f32::INFINITY);
        let response = ui.add(edit).accessible_name("Search commands");
        if !std::mem::replace(&mut self.is_old, true) {
            response.request_focus();
        }
        if response.changed() {
            self.chosen = 0;
        }
    }
}

/// Height of the list of commands, in points.
const LIST_HEIGHT: f32 = 360.0;

fn list_ui(
    ui: &mut Ui,
    studio: &Studio,
    (found, nothing): (&[Command], &str),
    chosen: usize,
    is_moved: bool,
) -> Option<Command> {
    let mut clicked = None;
    // Always of one height: a window remembers its size, so that one search without a match would
    // leave it two rows high.
    let list = ScrollArea::vertical()
        .max_height(LIST_HEIGHT)
        .min_scrolled_height(LIST_HEIGHT)
        .auto_shrink(false);
    list.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        if found.is_empty() {
            ui.label(theme::quiet(ui, nothing));
        }
        for (idx, command) in found.iter().enumerate() {
            let keys = command.shortcut().map(|s| ui.format_shortcut(&s));
            let button = egui::Button::selectable(idx == chosen, command.label())
                .right_text(theme::quiet(ui, keys.unwrap_or_default()))
                .min_size(vec2(ui.available_width(), ROW_HEIGHT));
            let response = ui
                .add_enabled(command.is_possible(studio), button)
                .on_hover_text(command.explanation());
            if idx == chosen && is_moved {
                response.scroll_to_me(None);
            }
            if response.clicked() {
                clicked = Some(*command);
            }
        }
    });
    clicked
}

/// What the command line does and the window does not: words to search for, and the answer.
const ON_THE_COMMAND_LINE: [(&str, &str); 4] = [
    (
        "predict batch classify folder of images csv",
        "Answers for a folder of images: candle-studio predict MODEL FOLDER",
    ),
    (
        "report html page print share",
        "A report as one page: candle-studio report RUN --out FILE",
    ),
    (
        "serve service http server api online deploy",
        "Offer a model over HTTP: candle-studio serve MODEL",
    ),
    (
        "check verify workspace damaged checksum",
        "Verify the workspace: candle-studio runs check",
    ),
];

/// The answer to a search for something that only the command line does.
fn elsewhere(typed: &str) -> Option<&'static str> {
    let mut answers = ON_THE_COMMAND_LINE.iter();
    answers.find_map(|(words, answer)| matches(words, typed).then_some(*answer))
}

/// Whether the command has every typed word in its label or among its keywords.
fn finds(command: Command, typed: &str) -> bool {
    matches(
        &format!("{} {}", command.label(), command.keywords()),
        typed,
    )
}

/// Whether the label contains every typed word.
fn matches(label: &str, typed: &str) -> bool {
    let label = label.to_lowercase();
    typed
        .to_lowercase()
        .split_whitespace()
        .all(|word| label.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_order_and_case() {
        assert!(matches("Random test image", "IMAGE rand"));
        assert!(matches("Train", ""));
        assert!(!matches("Train", "stop"));
    }
}
