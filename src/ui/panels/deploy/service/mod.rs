//! The model as a service.

mod examples;
mod qr;
mod traffic;

use egui::{Label, RichText, Ui};

use crate::studio::{DeployAction, ServiceForm, ServiceState, Services};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Number, Weight, labeled_button};
use traffic::TrafficView;

/// What the form says, and the pictures that are shown.
pub(super) struct ServiceView {
    form: ServiceForm,
    traffic: TrafficView,
}

impl Default for ServiceView {
    fn default() -> ServiceView {
        ServiceView {
            form: ServiceForm {
                port: 8000,
                is_open: false,
                is_best: false,
            },
            traffic: TrafficView::default(),
        }
    }
}

impl ServiceView {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        ui.label(theme::section(ui, "Service"));
        let about = "The Open Inference Protocol over HTTP, as Triton and KServe speak it, and a \
                     page to draw on.";
        ui.add(Label::new(theme::quiet(ui, about)).wrap());
        let state = cx.studio.services().state();
        ui.add_enabled_ui(state == ServiceState::Off, |ui| self.form_ui(ui));
        self.switch_ui(ui, cx, state);
        if state == ServiceState::On {
            follow_ui(ui, cx);
            address_ui(ui, cx.studio.services());
            self.traffic.ui(ui, cx);
            examples::ui(ui, cx.studio.services());
        }
        log_ui(ui, &cx.studio.services().lines());
    }

    fn form_ui(&mut self, ui: &mut Ui) {
        let form = &mut self.form;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 3.0 * UNIT;
            let about = "Offers the model as it is now; who asks gets its answers.";
            ui.radio_value(&mut form.is_best, false, "the model on the canvas")
                .on_hover_text(about);
            let about = "Offers the finished run with the highest validation accuracy.";
            ui.radio_value(&mut form.is_best, true, "the best run")
                .on_hover_text(about);
        });
        let about = "Listens on all addresses of this machine; whoever asks has to show the token. \
                     Without encryption: for a network you trust.";
        ui.checkbox(
            &mut form.is_open,
            "Other machines can reach it, with a token",
        )
        .on_hover_text(about);
    }

    fn switch_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, state: ServiceState) {
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
            if start.on_hover_text("Starts to listen.").clicked() {
                cx.act(DeployAction::Serve(self.form));
            }
            ui.label(theme::quiet(ui, "at port"));
            let number = Number::count(0.0, 65_535.0, "")
                .ungrouped()
                .with_width(64.0);
            let entry = number.ui(ui, "Port of the service", f64::from(self.form.port));
            let about = "Where it listens on this machine; 0 takes a free port.";
            if let Some(port) = entry.explained(ui, about) {
                self.form.port = port as u16;
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

/// Draws where it answers, and for others how to get there.
fn address_ui(ui: &mut Ui, services: &Services) {
    let Some(url) = services.url() else {
        return;
    };
    let page = format!("{url}/");
    ui.hyperlink_to(&page, &page)
        .on_hover_text("Opens the page to draw on.");
    let Some(token) = services.token() else {
        return;
    };
    ui.horizontal(|ui| {
        ui.label(theme::quiet(ui, "token"));
        copy_ui(ui, "token", token);
        ui.add(Label::new(RichText::new(token).monospace().small()).truncate());
    });
    let about = "Scan it with a phone in the same network, and paste or type the token there.";
    ui.add(Label::new(theme::quiet(ui, about)).wrap());
    qr::ui(ui, &page);
}

/// Draws a button that copies `text`.
fn copy_ui(ui: &mut Ui, what: &str, text: &str) {
    let copy = labeled_button(ui, None, "Copy", Weight::Bare, 0.0, true);
    let copy = copy.accessible_name(format!("Copy {what}"));
    if copy.on_hover_text("Copies it.").clicked() {
        ui.copy_text(text.to_owned());
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
