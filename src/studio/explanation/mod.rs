//! What Explain shows about the model and what is on the canvas: each view follows both in a thread
//! of its own while it is shown.

mod action;
mod follower;
mod layers;
mod settings;
mod view;
mod why;

use super::thread::Wake;
use crate::explain::{Method, Target};

pub use action::ExplainAction;
use follower::Followed;
pub use follower::Follower;
pub use layers::LayerMaps;
pub use settings::ExplainSettings;
pub use view::ExplainView;
pub use why::Explanation;

/// What Explain shows.
pub struct Explainer {
    shown: Option<ExplainView>,
    why: Follower<ExplainSettings, Explanation>,
    layers: Follower<(), LayerMaps>,
}

impl Explainer {
    pub(super) fn new(wake: Wake) -> std::io::Result<Explainer> {
        let why = ExplainSettings {
            method: Method::IntegratedGradients { steps: 50 },
            target: Target::default(),
            with_random_weights: false,
        };
        Ok(Explainer {
            shown: None,
            why: Follower::new("explainer", wake.clone(), why, why::explain)?,
            layers: Follower::new("layers", wake, (), layers::run)?,
        })
    }

    /// The view that is shown.
    pub fn shown(&self) -> Option<ExplainView> {
        self.shown
    }

    /// The map of the pixels that count.
    pub fn why(&self) -> &Follower<ExplainSettings, Explanation> {
        &self.why
    }

    /// What every layer computes.
    pub fn layers(&self) -> &Follower<(), LayerMaps> {
        &self.layers
    }

    /// Takes what was made, and asks for what is next.
    fn pump(&mut self, followed: Followed<'_>) {
        let is_shown = |view| self.shown == Some(view);
        self.why.pump(followed, is_shown(ExplainView::Why));
        self.layers.pump(followed, is_shown(ExplainView::Layers));
    }
}
