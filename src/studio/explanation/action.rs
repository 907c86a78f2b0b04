//! Actions on the explanation.

use super::Explainer;
use super::settings::ExplainSettings;
use crate::studio::Studio;
use crate::studio::canvas::Model;

/// An action on the explanation of what is on the canvas.
#[derive(Clone, Debug)]
pub enum ExplainAction {
    /// Keep explaining what is on the canvas, or stop.
    Show(bool),
    /// Explain this, in this way.
    Set(Box<ExplainSettings>),
}

impl Explainer {
    /// Whether an action would change anything.
    pub(in crate::studio) fn would_change(&self, action: &ExplainAction) -> bool {
        match action {
            ExplainAction::Show(is_shown) => *is_shown != self.is_shown,
            ExplainAction::Set(settings) => **settings != self.settings,
        }
    }
}

impl Studio {
    pub(in crate::studio) fn handle_explain(&mut self, action: ExplainAction) {
        match action {
            ExplainAction::Show(is_shown) => self.explainer.is_shown = is_shown,
            ExplainAction::Set(settings) => self.explainer.settings = *settings,
        }
    }

    /// What Explain shows.
    pub fn explainer(&self) -> &Explainer {
        &self.explainer
    }

    /// Takes a map, and asks for the next one.
    pub(in crate::studio) fn pump_explainer(&mut self) {
        let is_training = self.live_run().is_some() && matches!(self.model(), Model::Trained(_));
        let prediction = self.canvas.answer().and_then(|answer| answer.as_ref().ok());
        let classifier = self.canvas.classifier();
        self.explainer.pump(classifier, prediction, is_training);
    }
}
