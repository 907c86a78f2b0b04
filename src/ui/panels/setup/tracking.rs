//! Where runs are sent while they train.

use egui::{Label, TextEdit, Ui};

use crate::studio::{LibraryAction, TrackForm, TrackState};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::section;

const ABOUT: &str = "Sends each run to an MLflow server while it trains: settings, metrics, dataset and \
                     model file. Training never waits for it.";

/// The section, with the address that is being typed.
#[derive(Default)]
pub(super) struct TrackingSection {
    url: Option<String>,
}

impl TrackingSection {
    /// Draws and edits where runs are sent.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let tracker = cx.studio.run_tracker();
        let (form, state) = (tracker.form().clone(), tracker.state());
        let summary = match form.is_on {
            true => state.label(),
            false => "off",
        };
        section(ui, "MLflow", ABOUT, summary, |ui| {
            let mut edited = form.clone();
            ui.checkbox(&mut edited.is_on, "Send runs to MLflow")
                .on_hover_text(ABOUT);
            self.url_ui(ui, &mut edited);
            if edited.is_on {
                state_ui(ui, &edited, &state);
            }
            if edited != form {
                cx.act(LibraryAction::Track(edited));
            }
        });
    }

    /// Draws the field for the address; what is typed counts once the field is left.
    fn url_ui(&mut self, ui: &mut Ui, form: &mut TrackForm) {
        let mut url = self.url.take().unwrap_or_else(|| form.url.clone());
        let field = TextEdit::singleline(&mut url)
            .hint_text("http://localhost:5000")
            .desired_width(f32::INFINITY);
        let about = "The address of the server. Who asks is in the environment, as MLFLOW_TRACKING_TOKEN, \
                     or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.";
        let field = ui.add(field).on_hover_text(about);
        let field = field.accessible_name("MLflow server");
        if field.has_focus() {
            self.url = Some(url);
        } else {
            form.url = url.trim().to_owned();
        }
    }
}

/// Draws how far the newest run is with it, and why it is not there.
fn state_ui(ui: &mut Ui, form: &TrackForm, state: &TrackState) {
    let text = match state {
        _ if form.url.is_empty() => "Nothing is sent without an address.".to_owned(),
        TrackState::Idle => "The next run is sent there.".to_owned(),
        TrackState::Sending => "The run is being sent.".to_owned(),
        TrackState::Sent => "The run is there as far as it is.".to_owned(),
        TrackState::Waiting(reason) => format!("Waiting, and trying again: {reason}."),
        TrackState::Failed(reason) => format!("Not sent: {reason}."),
    };
    let text = match state {
        TrackState::Failed(_) => theme::quiet(ui, text).color(tokens(ui).bad),
        _ => theme::quiet(ui, text),
    };
    ui.add(Label::new(text).wrap());
}
