//! The timelines of this session's runs, and the one that is shown.

use super::opened_timeline::OpenedTimeline;
use super::timeline::{SharedTimeline, Timeline};
use crate::runs::RunId;

/// The timelines in memory.
#[derive(Default)]
pub(super) struct Timelines {
    /// The newest run's.
    newest: Timeline,
    /// The run whose timeline is shown instead.
    opened: Option<OpenedTimeline>,
    /// Those of earlier runs of this session.
    past: Vec<(RunId, Timeline)>,
}

impl Timelines {
    /// The timeline that is shown.
    pub(super) fn shown(&self) -> &Timeline {
        match &self.opened {
            Some(opened) => &opened.timeline,
            None => &self.newest,
        }
    }

    pub(super) fn newest(&self) -> &Timeline {
        &self.newest
    }

    pub(super) fn opened(&self) -> Option<&OpenedTimeline> {
        self.opened.as_ref()
    }

    /// Shows `timeline` instead of the newest run's.
    pub(super) fn open(&mut self, timeline: OpenedTimeline) {
        self.opened = Some(timeline);
    }

    /// Shows the newest run's timeline; returns whether another one was shown.
    pub(super) fn close(&mut self) -> bool {
        self.opened.take().is_some()
    }

    /// Reads the states of the newest run.
    pub(super) fn update(&mut self, live: &SharedTimeline) {
        if live.read_into(&mut self.newest) {
            self.forget_past();
        }
    }

    /// The states of an earlier run of this session, while they are in memory.
    pub(super) fn past(&self, id: &RunId) -> Option<&Timeline> {
        let (_, timeline) = self.past.iter().find(|(past, _)| past == id)?;
        Some(timeline)
    }

    /// Called before another run begins: the states of the newest one, `id`, stay in memory while
    /// there is room.
    pub(super) fn remember(&mut self, id: RunId) {
        self.past.retain(|(past, _)| *past != id);
        self.past.push((id, self.newest.clone()));
        // The next run starts without states.
        self.newest.clear();
        self.forget_past();
    }

    /// Keeps all timelines of this session within the memory limit of one: the oldest go first.
    fn forget_past(&mut self) {
        let n_bytes = |past: &[(RunId, Timeline)]| -> usize {
            past.iter().map(|(_, timeline)| timeline.n_bytes()).sum()
        };
        while !self.past.is_empty()
            && n_bytes(&self.past) + self.newest.n_bytes() > self.newest.budget()
        {
            self.past.remove(0);
        }
    }

    /// The snapshot before or after the one at `shown`, which is `None` for the newest weights;
    /// after the last one of the newest run come its newest weights.
    pub(super) fn neighbor(&self, shown: Option<u64>, is_forward: bool) -> Option<u64> {
        let steps = self.shown().states().iter().map(|s| s.step());
        match (shown, is_forward) {
            (None, true) => None,
            (None, false) => steps.max(),
            (Some(shown), true) => {
                let next = steps.filter(|&s| s > shown).min();
                next.or(self.opened.is_some().then_some(shown))
            }
            (Some(shown), false) => steps.filter(|&s| s < shown).max().or(Some(shown)),
        }
    }
}
