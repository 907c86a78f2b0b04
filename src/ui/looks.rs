//! How a run looks wherever it is shown: its colour, and whether the pointer is at it.

use std::collections::HashMap;
use std::sync::Arc;

use egui::Color32;

use super::theme::Tokens;
use crate::runs::RunId;
use crate::studio::Run;

/// The looks of all runs. Panels ask for a run's colour here, and tell when the pointer is at one.
#[derive(Default)]
pub struct RunLooks {
    /// A number for each run, in the order they were seen in: it stays when others come and go.
    numbers: Arc<HashMap<RunId, usize>>,
    hovered: Option<RunId>,
    next_hovered: Option<RunId>,
}

impl RunLooks {
    /// Before a frame: runs that are new get a colour, and what was told of the pointer during the
    /// last frame holds for this one.
    pub fn begin_frame(&mut self, runs: &[Run]) {
        self.hovered = self.next_hovered.take();
        if self.numbers.len() < runs.len() || !runs.iter().all(|r| self.is_known(&r.id)) {
            let numbers = Arc::make_mut(&mut self.numbers);
            for run in runs {
                let n_known = numbers.len();
                numbers.entry(run.id.clone()).or_insert(n_known);
            }
        }
    }

    fn is_known(&self, id: &RunId) -> bool {
        self.numbers.contains_key(id)
    }

    /// The colour of a run.
    pub fn color(&self, tokens: &Tokens, id: &RunId) -> Color32 {
        tokens.run_color(self.number(id))
    }

    fn number(&self, id: &RunId) -> usize {
        self.numbers.get(id).copied().unwrap_or(0)
    }

    /// The numbers of all colours, see [`crate::picture::Palette::data`].
    pub fn numbers(&self) -> &Arc<HashMap<RunId, usize>> {
        &self.numbers
    }

    /// The pointer is at this run.
    pub fn hover(&mut self, id: &RunId) {
        self.next_hovered = Some(id.clone());
    }

    /// The run the pointer was at in the last frame, in whatever view.
    pub fn hovered(&self) -> Option<&RunId> {
        self.hovered.as_ref()
    }

    /// Whether the pointer moved to another run, so that all views have to be drawn again.
    pub fn is_stale(&self) -> bool {
        self.hovered != self.next_hovered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PRESETS;
    use crate::runs::RunState;
    use crate::studio::Studio;
    use crate::train::TrainConfig;
    use crate::ui::theme::DARK;

    #[test]
    fn a_run_keeps_its_colour_when_others_come_before_it() {
        let config = TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000);
        let state = |name: &str| RunState::new(name, config.clone());
        let model = || {
            let path = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/fixtures/window/lenet-5.safetensors"
            );
            crate::model::Classifier::load(path.as_ref()).unwrap()
        };
        let studio = |names: &[&str]| {
            let states = names.iter().map(|name| state(name)).collect();
            let studio = Studio::new(None, std::sync::Arc::new(|| {})).unwrap();
            studio.with_history(states, model())
        };
        let mut looks = RunLooks::default();
        looks.begin_frame(studio(&["new"]).runs());
        let color = looks.color(&DARK, &RunId::new("new"));
        looks.begin_frame(studio(&["old", "older", "new"]).runs());
        assert_eq!(looks.color(&DARK, &RunId::new("new")), color);
        let others = ["old", "older"].map(|name| looks.color(&DARK, &RunId::new(name)));
        assert!(!others.contains(&color) && others[0] != others[1]);
    }

    #[test]
    fn what_is_hovered_holds_for_the_next_frame() {
        let mut looks = RunLooks::default();
        looks.hover(&RunId::new("a"));
        assert_eq!(looks.hovered(), None);
        assert!(looks.is_stale());
        looks.begin_frame(&[]);
        assert_eq!(looks.hovered(), Some(&RunId::new("a")));
        looks.begin_frame(&[]);
        assert_eq!(looks.hovered(), None);
    }
}
