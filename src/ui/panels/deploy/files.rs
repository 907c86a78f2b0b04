//! The model as files that others can run.

use egui::{Label, RichText, Ui};

use crate::export::model::{Engine, Language, ModelFormat};
use crate::ui::command::{Command, FileCommand};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, UNIT};
use crate::ui::widgets::{Weight, labeled_button};

/// Draws what the model can be written as.
pub(super) fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.label(theme::section(ui, "Files"));
    let model = Command::from(FileCommand::SaveModel);
    let title = "Model file";
    let about = "Weights, layers and settings as safetensors, which PyTorch reads, too.";
    row_ui(ui, cx, model, title, about);
    for format in ModelFormat::FILES {
        format_ui(ui, cx, format);
    }
    ui.label(theme::section(ui, "For servers and clusters"));
    for engine in Engine::ALL {
        format_ui(ui, cx, ModelFormat::Engine(engine));
    }
}

fn format_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, format: ModelFormat) {
    let (title, about) = text(format);
    let command = Command::from(FileCommand::ExportModel(format));
    row_ui(ui, cx, command, title, about);
}

fn row_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, command: Command, title: &str, about: &str) {
    ui.horizontal(|ui| {
        let is_possible = command.is_possible(cx.studio);
        let button = labeled_button(ui, None, "Save…", Weight::Plain, 72.0, is_possible);
        let button = button.accessible_name(format!("Save as {title}"));
        if button.on_hover_text(command.tooltip(ui)).clicked() {
            cx.command(command);
        }
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.label(RichText::new(title).strong());
            ui.add(Label::new(theme::quiet(ui, about)).wrap());
        });
    });
    ui.add_space(2.0 * UNIT);
}

/// What a format is called, and what it is good for.
fn text(format: ModelFormat) -> (&'static str, &'static str) {
    match format {
        ModelFormat::Onnx => (
            "ONNX",
            "One file for onnxruntime, phones, browsers and servers: pixels in, probabilities out.",
        ),
        ModelFormat::Int8 => (
            "ONNX, int8",
            "A quarter of the size, with weights and layers rounded to 8 bits. Evaluate → Models shows \
             which answers flip.",
        ),
        ModelFormat::Bundle => (
            "ONNX bundle",
            "The ONNX file with labels, data to test it with, and a Python script that classifies \
             pictures.",
        ),
        ModelFormat::Page => (
            "Web page",
            "One page with the model inside: draw and see the answer, on a phone, too. It opens by \
             double click, without a network.",
        ),
        ModelFormat::Code(Language::Pytorch) => (
            "PyTorch program",
            "Python source that builds this network, loads its weights and trains on, to read and go on \
             with.",
        ),
        ModelFormat::Code(Language::Keras) => (
            "Keras program",
            "The same with the layers of Keras, for PyTorch, JAX or TensorFlow below it.",
        ),
        ModelFormat::Code(Language::Rust) => (
            "Rust program",
            "The same as a Cargo package with candle, the library that Candle Studio computes with.",
        ),
        ModelFormat::Card => (
            "Model card",
            "What the model is, how it was trained, how good it is and where it ends, as model hubs \
             read it.",
        ),
        ModelFormat::Engine(engine) => (engine.label(), engine.about()),
    }
}
