//! Which commands the pressed keys request.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use super::command::{Command, HelpCommand, ViewCommand};
use super::place::Side;

/// When the shortcut of a command is looked for in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before the panels are drawn.
    BeforePanels,
    /// After it: a panel may have its own use for the keys.
    AfterPanels,
}

impl When {
    fn of(command: Command) -> When {
        match command {
            // A layer that has the focus is duplicated by the same keys.
            Command::View(ViewCommand::Fold(Side::Draw)) => When::AfterPanels,
            _ => When::BeforePanels,
        }
    }
}

/// What is open over the panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenWindow {
    /// Nothing.
    None,
    /// A dialog, which takes all keys.
    Dialog,
    /// Something that the palette may be opened or closed with.
    Other,
}

/// Collects the commands whose shortcuts were pressed.
pub fn pressed(ctx: &Context, open: OpenWindow, when: When, commands: &mut Vec<Command>) {
    let is_typing = ctx.text_edit_focused();
    let has_focus = ctx.memory(|m| m.focused().is_some());
    // Help has two: one that is looked for, and one that also works while typing.
    let question = KeyboardShortcut::new(Modifiers::NONE, Key::Questionmark);
    let all: Vec<(Command, KeyboardShortcut)> = Command::all()
        .filter_map(|command| Some((command, command.shortcut()?)))
        .chain([(HelpCommand::Shortcuts.into(), question)])
        .filter(|&(command, _)| When::of(command) == when)
        .filter(|&(command, keys)| match command {
            Command::View(ViewCommand::Palette) => open != OpenWindow::Dialog,
            _ if open != OpenWindow::None => false,
            // A text field has its own undo, and Space and Delete belong to what has focus.
            Command::LastEdit(_) => !is_typing,
            Command::Help(_) if keys.logical_key == Key::F1 => true,
            _ => keys.modifiers != Modifiers::NONE || !has_focus,
        })
        .collect();
    ctx.input_mut(|input| {
        // A shortcut with Shift also matches without it, so the longer ones are tried first.
        let (with_shift, without): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, keys)| keys.modifiers.shift);
        for (command, keys) in with_shift.into_iter().chain(without) {
            if input.consume_shortcut(&keys) {
                commands.push(command);
            }
        }
    });
}

/// Removes focus from a text field, so that it hands over its text in the next frame. Returns
/// `false` if no text field has focus.
pub fn leave_text_field(ctx: &Context) -> bool {
    let is_typing = ctx.text_edit_focused();
    if is_typing {
        ctx.memory_mut(|memory| {
            if let Some(field) = memory.focused() {
                memory.surrender_focus(field);
            }
        });
    }
    is_typing
}
