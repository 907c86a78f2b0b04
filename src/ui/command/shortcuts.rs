//! Keyboard shortcuts of commands.

use egui::{Key, KeyboardShortcut, Modifiers};

use super::Command;
use super::canvas::CanvasCommand;
use super::draft::DraftCommand;
use super::file::FileCommand;
use super::help::HelpCommand;
use super::last_edit::LastEditCommand;
use super::run::RunCommand;
use super::sketch::SketchCommand;
use super::timeline::TimelineCommand;
use super::view::ViewCommand;
use crate::ui::place::{Place, Side};

impl Command {
    /// The keyboard shortcut.
    pub fn shortcut(self) -> Option<KeyboardShortcut> {
        const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
        let (modifiers, key) = match self {
            Command::Run(RunCommand::Train) => (Modifiers::COMMAND, Key::Enter),
            Command::Run(RunCommand::PauseOrResume) => (Modifiers::NONE, Key::Space),
            Command::Run(RunCommand::Step) => (Modifiers::COMMAND, Key::Period),
            Command::Run(RunCommand::Stop) => (CTRL_SHIFT, Key::Period),
            Command::File(FileCommand::SaveModel) => (Modifiers::COMMAND, Key::S),
            Command::File(FileCommand::OpenModel) => (Modifiers::COMMAND, Key::O),
            Command::File(FileCommand::OpenImage) => (Modifiers::COMMAND, Key::I),
            Command::Canvas(CanvasCommand::RandomTestImage) => (Modifiers::COMMAND, Key::T),
            Command::LastEdit(LastEditCommand::Undo) => (Modifiers::COMMAND, Key::Z),
            Command::LastEdit(LastEditCommand::Redo) => (CTRL_SHIFT, Key::Z),
            Command::Canvas(CanvasCommand::Clear) => (Modifiers::NONE, Key::Delete),
            Command::View(ViewCommand::Place(place)) => (Modifiers::COMMAND, digit(place)),
            Command::View(ViewCommand::Fold(Side::Settings)) => (Modifiers::COMMAND, Key::B),
            Command::View(ViewCommand::Fold(Side::Draw)) => (Modifiers::COMMAND, Key::D),
            Command::Timeline(TimelineCommand::Previous) => (Modifiers::ALT, Key::ArrowLeft),
            Command::Timeline(TimelineCommand::Next) => (Modifiers::ALT, Key::ArrowRight),
            Command::Canvas(CanvasCommand::UseTrainedModel) => (Modifiers::ALT, Key::End),
            Command::Sketch(SketchCommand::ConfirmAnswer) => (Modifiers::ALT, Key::Enter),
            Command::View(ViewCommand::Palette) => (Modifiers::COMMAND, Key::P),
            Command::Help(HelpCommand::Shortcuts) => (Modifiers::NONE, Key::F1),
            _ => return None,
        };
        Some(KeyboardShortcut::new(modifiers, key))
    }

    /// Explanation and shortcut, for a tooltip.
    pub fn tooltip(self, ctx: &egui::Context) -> String {
        // These shortcuts act on whichever was edited last.
        let command = match self {
            Command::Canvas(CanvasCommand::Undo) | Command::Draft(DraftCommand::Undo) => {
                LastEditCommand::Undo.into()
            }
            Command::Canvas(CanvasCommand::Redo) | Command::Draft(DraftCommand::Redo) => {
                LastEditCommand::Redo.into()
            }
            _ => self,
        };
        let explanation = self.explanation();
        match command.shortcut() {
            Some(shortcut) => format!("{explanation} ({})", ctx.format_shortcut(&shortcut)),
            None => explanation.to_owned(),
        }
    }
}

/// The key of a place: the digit of its number.
fn digit(place: Place) -> Key {
    const DIGITS: [Key; 10] = [
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
    DIGITS[place.number() % DIGITS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_shortcut_or_a_label() {
        let commands: Vec<Command> = Command::all().collect();
        for (idx, a) in commands.iter().enumerate() {
            for b in &commands[..idx] {
                assert_ne!(a.label(), b.label());
                if let (Some(x), Some(y)) = (a.shortcut(), b.shortcut()) {
                    assert_ne!(x, y, "{a:?} and {b:?}");
                }
            }
        }
    }

    #[test]
    fn no_shortcut_hides_one_of_the_toolkit() {
        // Quitting, zooming, and the clipboard.
        let taken = [
            Key::Q,
            Key::Plus,
            Key::Minus,
            Key::Num0,
            Key::C,
            Key::X,
            Key::V,
            Key::A,
        ];
        for command in Command::all() {
            if let Some(shortcut) = command.shortcut() {
                assert!(!taken.contains(&shortcut.logical_key), "{command:?}");
            }
        }
    }
}
