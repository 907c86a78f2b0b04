//! Actions on Explain.

use super::Explainer;
use super::follower::Followed;
use super::settings::ExplainSettings;
use super::view::ExplainView;
use crate::studio::Studio;
use crate::studio::canvas::Model;

/// An action on Explain.
#[derive(Clone, Debug)]
pub enum ExplainAction {
    /// Keep following the canvas with this view, or stop.
    Show(Option<ExplainView>),
    /// Explain this, in this way.
    Set(Box<ExplainSettings>),
}

impl Explainer {
    /// Whether an action would change anything.
    pub(in crate::studio) fn would_change(&self, action: &ExplainAction) -> bool {
        match action {
            ExplainAction::Show(view) => *view != self.shown,
            ExplainAction::Set(settings) => settings.as_ref() != self.why.settings(),
        }
    }
}

impl Studio {
    pub(in crate::studio) fn handle_explain(&mut self, action: ExplainAction) {
        match action {
            ExplainAction::Show(view) => self.explainer.shown = view,
            ExplainAction::Set(settings) => self.explainer.why.set(*settings),
        }
    }

    /// What Explain shows.
    pub fn explainer(&self) -> &Explainer {
        &self.explainer
    }

    /// Takes what was made, and asks for what is next.
    pub(in crate::studio) fn pump_explainer(&mut self) {
        let followed = Followed {
            classifier: self.canvas.classifier(),
            prediction: self.canvas.answer().and_then(|answer| answer.as_ref().ok()),
            is_training: self.live_run().is_some() && matches!(self.model(), Model::Trained(_)),
        };
        self.explainer.pump(followed);
    }
}
