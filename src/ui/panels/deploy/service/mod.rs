//! The model as a service.

use egui::{Label, Ui};

use crate::studio::{DeployAction, ServiceState};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Number, Weight, labeled_button};

/// The port that the form names.
pub(super) struct ServiceView {
    port: f64,
}

impl Default for ServiceView {
    fn default() -> ServiceView {
        ServiceView { port: 8000.0 }
    }
}

impl ServiceView {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        ui.label(theme::section(ui, "Service"));
        let about = "The Open Inference Protocol over HTTP, as Triton and KServe speak it, and a \
                     page to draw on. Only this machine can reach it; `candle-studio serve` offers \
                     it to others, with a token.";
        ui.add(Label::new(theme::quiet(ui, about)).wrap());
        self.switch_ui(ui, cx);
        let services = cx.studio.services();
        if let (Some(url), Some(model)) = (services.url(), services.model()) {
            follow_ui(ui, cx);
            ui.hyperlink_to(format!("{url}/"), format!("{url}/"))
                .on_hover_text("Opens the page to draw on.");
            examples_ui(ui, url, model);
        }
        log_ui(ui, &services.lines());
    }

    fn switch_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let state = cx.studio.services().state();
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            if state == ServiceState::On {
                let stop = labeled_button(ui, None, "Stop service", Weight::Plain, 0.0, true);
                let about = "Answers what was asked, then ends.";
                if stop.on_hover_text(about).clicked() {
                    cx.act(DeployAction::StopService);
                }
                return;
            }
            let is_off = state == ServiceState::Off;
            let start = labeled_button(ui, None, "Start service", Weight::Plain, 0.0, is_off);
            let about = "Offers the model as it is now; who asks gets its answers.";
            if start.on_hover_text(about).clicked() {
                cx.act(DeployAction::Serve(self.port as u16));
            }
            ui.label(theme::quiet(ui, "at port"));
            let number = Number::count(0.0, 65_535.0, "").with_width(64.0);
            let entry = number.ui(ui, "Port of the service", self.port);
            let about = "Where it listens on this machine; 0 takes a free port.";
            if let Some(port) = entry.explained(ui, about) {
                self.port = port;
            }
        });
    }
}

fn follow_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let mut follows = cx.studio.services().follows();
    let check = ui.checkbox(&mut follows, "Follow the run in training");
    let about = "Serves its newest weights, exchanged between requests every two seconds.";
    if check.on_hover_text(about).changed() {
        cx.act(DeployAction::Follow(follows));
    }
}

/// Draws commands to copy.
fn examples_ui(ui: &mut Ui, url: &str, model: &str) {
    ui.add_space(UNIT);
    let curl = format!("curl {url}/v2/models/{model}");
    let python = format!(
        "import tritonclient.http as http, numpy as np\n\
         client = http.InferenceServerClient(\"{}\")\n\
         print(client.get_model_metadata(\"{model}\"))",
        url.trim_start_matches("http://")
    );
    for (name, text) in [("curl", curl), ("Python", python)] {
        ui.horizontal(|ui| {
            ui.label(theme::quiet(ui, name));
            let copy = labeled_button(ui, None, "Copy", Weight::Bare, 0.0, true);
            let copy = copy.accessible_name(format!("Copy {name} example"));
            if copy.on_hover_text("Copies it.").clicked() {
                ui.copy_text(text.clone());
            }
        });
        ui.add(Label::new(egui::RichText::new(&text).monospace().small()).wrap());
    }
}

/// Draws the last requests.
fn log_ui(ui: &mut Ui, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    ui.add_space(UNIT);
    ui.label(theme::section(ui, "Requests"));
    for line in lines.iter().take(50) {
        ui.add(Label::new(theme::quiet(ui, line)).truncate());
    }
}
