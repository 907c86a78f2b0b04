//! The model as a service.

mod examples;
mod qr;
mod traffic;

use egui::{Label, RadioButton, RichText, Ui};

use crate::studio::{DeployAction, Offer, ServiceForm, ServiceState, Services};
use crate::ui::command::{Command, DeployCommand};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Number, Weight, labeled_button};
use traffic::TrafficView;

/// The pictures that are shown.
#[derive(Default)]
pub(super) struct ServiceView {
    traffic: TrafficView,
}

impl ServiceView {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        ui.label(theme::section(ui, "Service"));
        let about = "The Open Inference Protocol over HTTP, as Triton and KServe speak it, and a \
                     page to draw on.";
        ui.add(Label::new(theme::quiet(ui, about)).wrap());
        let state = cx.studio.services().state();
        let mut form = cx.studio.services().form();
        let has_beside = cx.studio.beside_to_serve().next().is_some();
        ui.add_enabled_ui(state == ServiceState::Off, |ui| {
            form_ui(ui, &mut form, has_beside);
        });
        switch_ui(ui, cx, state, &mut form);
        if form != cx.studio.services().form() {
            cx.act(DeployAction::SetService(form));
        }
        if state == ServiceState::On {
            follow_ui(ui, cx);
            address_ui(ui, cx.studio.services());
            self.traffic.ui(ui, cx);
            examples::ui(ui, cx.studio.services());
        }
        log_ui(ui, &cx.studio.services().lines());
    }
}

fn form_ui(ui: &mut Ui, form: &mut ServiceForm, has_beside: bool) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0 * UNIT;
        let about = "Offers the model as it is now; who asks gets its answers.";
        ui.radio_value(&mut form.offer, Offer::Canvas, "the model on the canvas")
            .on_hover_text(about);
        let about = "Offers the models that Evaluate → Models shows beside it, too, each by its name; \
                     int8 twins are for other engines.";
        let is_beside = form.offer == Offer::WithBeside;
        let beside = RadioButton::new(is_beside, "it and those beside it");
        let beside = ui
            .add_enabled(has_beside || is_beside, beside)
            .on_hover_text(about)
            .on_disabled_hover_text("Evaluate → Models puts other models beside it.");
        if beside.clicked() {
            form.offer = Offer::WithBeside;
        }
        let about = "Offers the finished run with the highest validation accuracy.";
        ui.radio_value(&mut form.offer, Offer::BestRun, "the best run")
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

fn switch_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, state: ServiceState, form: &mut ServiceForm) {
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let (label, command) = match state {
            ServiceState::On => ("Stop service", DeployCommand::StopService),
            _ => ("Start service", DeployCommand::StartService),
        };
        let command = Command::from(command);
        let is_possible = command.is_possible(cx.studio);
        let button = labeled_button(ui, None, label, Weight::Plain, 0.0, is_possible);
        if button.on_hover_text(command.tooltip(ui)).clicked() {
            cx.command(command);
        }
        if state == ServiceState::On {
            return;
        }
        ui.label(theme::quiet(ui, "at port"));
        let number = Number::count(0.0, 65_535.0, "")
            .ungrouped()
            .with_width(64.0);
        let entry = number.ui(ui, "Port of the service", f64::from(form.port));
        let about = "Where it listens on this machine; 0 takes a free port.";
        if let Some(port) = entry.explained(ui, about) {
            form.port = port as u16;
        }
    });
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
    if let [_, _, ..] = services.models() {
        let names = format!("models: {}", services.models().join(", "));
        ui.add(Label::new(theme::quiet(ui, names)).wrap());
    }
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
