//! Private training, with the ε of the planned run.

use egui::{Label, Ui};

use super::rows::{choice_ui, setting_ui};
use crate::train::{Privacy, Setting, TrainConfig};
use crate::ui::panels::PanelContext;
use crate::ui::theme;
use crate::ui::widgets::section;

/// The section, with the ε that was computed last and what it was computed for.
#[derive(Default)]
pub(super) struct PrivacySection {
    planned: Option<(Plan, f64)>,
}

/// What ε depends on.
#[derive(Clone, Copy, PartialEq)]
struct Plan {
    privacy: Privacy,
    batch_size: usize,
    epochs: usize,
    n_train: usize,
}

impl PrivacySection {
    /// Draws and edits the private training of `draft`.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
        let info = Setting::Privacy.info();
        let epsilon = self.planned(cx, draft);
        let summary = match (draft.privacy.is_on(), epsilon) {
            (false, _) => "off".to_owned(),
            (true, Some(epsilon)) => format!("ε {epsilon:.2}"),
            (true, None) => draft.privacy.label().to_owned(),
        };
        section(ui, info.row_label, &info.help(), &summary, |ui| {
            let chosen = draft.privacy.label();
            let (all, label) = (Privacy::ALL, Privacy::label);
            if let Some(new) = choice_ui(ui, cx, Setting::Privacy, all, label, chosen) {
                draft.privacy = new;
            }
            for setting in [
                Setting::NoiseMultiplier,
                Setting::MaxGradNorm,
                Setting::Delta,
            ] {
                setting_ui(ui, cx, draft, setting);
            }
            plan_ui(ui, cx, draft, epsilon);
        });
    }

    /// ε of a run with these settings; `None` if there is none, or they are wrong.
    fn planned(&mut self, cx: &PanelContext<'_>, draft: &TrainConfig) -> Option<f64> {
        let n_train = n_train(cx, draft)?;
        let plan = Plan {
            privacy: draft.privacy,
            batch_size: draft.batch_size,
            epochs: draft.epochs,
            n_train,
        };
        if !draft.privacy.is_on() || !cx.studio.errors().is_empty() {
            return None;
        }
        if let Some((_, epsilon)) = self.planned.filter(|(known, _)| *known == plan) {
            return Some(epsilon);
        }
        let epsilon = draft.planned_epsilon(n_train, None)?;
        self.planned = Some((plan, epsilon));
        Some(epsilon)
    }
}

fn n_train(cx: &PanelContext<'_>, draft: &TrainConfig) -> Option<usize> {
    let n_images = cx.studio.dataset()?.train.len();
    n_images.checked_sub(draft.n_validation)
}

/// Shows what a run with these settings promises, and what should be known about it.
fn plan_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &TrainConfig, epsilon: Option<f64>) {
    let promise = epsilon.and_then(|epsilon| draft.privacy_promise(epsilon));
    if let Some(promise) = promise {
        ui.add(Label::new(format!("Planned: {promise}.")).wrap());
    }
    for hint in draft.privacy_hints(n_train(cx, draft).unwrap_or_default()) {
        let mut letters = hint.chars();
        let first: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        let text = format!("{first}{}.", letters.as_str());
        ui.add(Label::new(theme::quiet(ui, &text)).wrap());
    }
}
