//! Keyboard shortcuts of commands.

use egui::{Key, KeyboardShortcut, Modifiers};

use super::Command;
use crate::ui::tabs::Tab;

impl Command {
    /// The keyboard shortcut.
    pub fn shortcut(self) -> Option<KeyboardShortcut> {
        const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
        let (modifiers, key) = match self {
            Command::Train => (Modifiers::COMMAND, Key::Enter),
            Command::PauseOrResume => (Modifiers::NONE, Key::Space),
            Command::Step => (Modifiers::COMMAND, Key::Period),
            Command::Stop => (CTRL_SHIFT, Key::Period),
            Command::SaveModel => (Modifiers::COMMAND, Key::S),
            Command::OpenModel => (Modifiers::COMMAND, Key::O),
            Command::OpenImage => (Modifiers::COMMAND, Key::I),
            Command::RandomTestImage => (Modifiers::COMMAND, Key::T),
            Command::Undo => (Modifiers::COMMAND, Key::Z),
            Command::Redo => (CTRL_SHIFT, Key::Z),
            Command::Clear => (Modifiers::NONE, Key::Delete),
            Command::Tab(Tab::Train) => (Modifiers::COMMAND, Key::Num1),
            Command::Tab(Tab::Compare) => (Modifiers::COMMAND, Key::Num2),
            Command::Tab(Tab::Sweep) => (Modifiers::COMMAND, Key::Num3),
            Command::Tab(Tab::Network) => (Modifiers::COMMAND, Key::Num4),
            Command::Tab(Tab::Layers) => (Modifiers::COMMAND, Key::Num5),
            Command::PreviousSnapshot => (Modifiers::ALT, Key::ArrowLeft),
            Command::NextSnapshot => (Modifiers::ALT, Key::ArrowRight),
            Command::UseTrainedModel => (Modifiers::ALT, Key::End),
            Command::Palette => (Modifiers::COMMAND, Key::P),
            _ => return None,
        };
        Some(KeyboardShortcut::new(modifiers, key))
    }

    /// Explanation and shortcut, for a tooltip.
    pub fn tooltip(self, ctx: &egui::Context) -> String {
        // These shortcuts act on whichever was edited last.
        let shortcut = match self {
            Command::UndoStroke | Command::UndoEdit => Command::Undo.shortcut(),
            Command::RedoStroke | Command::RedoEdit => Command::Redo.shortcut(),
            _ => self.shortcut(),
        };
        match shortcut {
            Some(shortcut) => {
                format!(
                    "{} ({})",
                    self.explanation(),
                    ctx.format_shortcut(&shortcut)
                )
            }
            None => self.explanation().to_owned(),
        }
    }
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
