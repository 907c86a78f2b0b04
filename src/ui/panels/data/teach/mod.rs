//! Teach a class: new classes with their examples, and the model that learns them.

mod class;
mod lesson;

use egui::{Key, Modifiers, ScrollArea, TextEdit, Ui, vec2};

use crate::studio::TeachAction;
use crate::ui::command::{Command, FileCommand};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Weight, labeled_button};
use class::ClassView;

/// What is typed, and the example that is chosen.
#[derive(Default)]
pub(super) struct TeachView {
    name: String,
    class: ClassView,
}

impl TeachView {
    /// Gives the textures back.
    pub(super) fn leave(&mut self) {
        self.class.leave();
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        ScrollArea::vertical()
            .id_salt("teach")
            .auto_shrink(false)
            .show(ui, |ui| {
                let text = "Name a new class, give it 10 to 20 examples, and the model on the canvas \
                            learns it in seconds.";
                ui.add(egui::Label::new(theme::quiet(ui, text)).wrap());
                self.name_ui(ui, cx);
                ui.add_space(UNIT);
                self.classes_ui(ui, cx);
                lesson::ui(ui, cx);
            });
    }

    /// Draws the field for the name of another class.
    fn name_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT;
            let width = (ui.available_width() - 100.0).clamp(80.0, 200.0);
            let field = TextEdit::singleline(&mut self.name).hint_text("such as A");
            let field = ui
                .add_sized(vec2(width, ROW_HEIGHT), field)
                .accessible_name("Name of a new class")
                .on_hover_text("What the pictures show; every class needs at least two examples.");
            let is_entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            let has_name = !self.name.trim().is_empty();
            let add = labeled_button(ui, None, "Add class", Weight::Plain, 0.0, has_name);
            let add = add.on_hover_text("Adds a class of this name, to give it examples.");
            if has_name && (is_entered || add.clicked()) {
                cx.act(TeachAction::AddClass(std::mem::take(&mut self.name)));
            }
        });
    }

    fn classes_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let classes = cx.studio.teach().classes().to_vec();
        if classes.is_empty() {
            return;
        }
        add_ui(ui, cx);
        for class in &classes {
            self.class.ui(ui, cx, class);
        }
        self.class.chosen_ui(ui, cx);
        ui.add_space(UNIT);
    }
}

/// Draws what gives the chosen class examples.
fn add_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let chosen = cx.studio.teach().chosen().unwrap_or_default().to_owned();
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let has_drawing = !cx.studio.pad().is_empty() && !chosen.is_empty();
        let name = format!("Add drawing to {chosen}");
        let add = labeled_button(ui, None, "Add drawing", Weight::Plain, 0.0, has_drawing);
        let about = "Keeps what is on the canvas as an example of the chosen class, and clears the \
                     canvas for the next one (Enter).";
        let add = add.accessible_name(name).on_hover_text(about);
        let add = add.on_disabled_hover_text("Draw something first.");
        if add.clicked() || has_drawing && is_entered(ui) {
            cx.act(TeachAction::AddDrawing);
        }
        let open = Command::from(FileCommand::OpenExamples);
        let is_possible = open.is_possible(cx.studio);
        let button = labeled_button(ui, None, "Open pictures…", Weight::Plain, 0.0, is_possible);
        if button.on_hover_text(open.tooltip(ui)).clicked() {
            cx.command(open);
        }
        let can_undo = cx.studio.teach().can_undo();
        let undo = labeled_button(ui, None, "Undo example", Weight::Bare, 0.0, can_undo);
        let about = "Undoes the last example that was added or deleted (Ctrl+Z).";
        if undo.on_hover_text(about).clicked() {
            cx.act(TeachAction::Undo);
        }
    });
}

/// Whether Enter is pressed and nothing else waits for it.
fn is_entered(ui: &Ui) -> bool {
    let is_covered = ui.memory(|memory| memory.top_modal_layer().is_some());
    let has_focus = ui.memory(|memory| memory.focused().is_some());
    !is_covered && !has_focus && ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Enter))
}
