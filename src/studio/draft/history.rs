//! Undo history of the settings.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::train::TrainConfig;

/// Maximum number of undo steps.
const LIMIT: usize = 200;

/// A number that is dragged or typed takes many values: those that follow each other within this
/// time are one edit.
const PAUSE: Duration = Duration::from_millis(800);

/// The settings before each edit, and those that were undone.
#[derive(Debug, Default)]
pub struct History {
    past: Vec<TrainConfig>,
    future: Vec<TrainConfig>,
    /// The number that was edited last, and when.
    last: Option<(String, Instant)>,
}

impl History {
    /// The history of an earlier session.
    pub fn of(past: Vec<TrainConfig>, future: Vec<TrainConfig>) -> History {
        History {
            past,
            future,
            last: None,
        }
    }

    /// The settings before each edit, and those that were undone.
    pub fn parts(&self) -> (&[TrainConfig], &[TrainConfig]) {
        (&self.past, &self.future)
    }

    /// Records that the settings changed from `before` to `after`.
    pub fn record(&mut self, before: &TrainConfig, after: &TrainConfig, now: Instant) {
        if before == after {
            return;
        }
        let number = only_number_changed(before, after);
        let is_same_edit = self.last.as_ref().is_some_and(|(last, at)| {
            number.as_ref() == Some(last) && now.duration_since(*at) < PAUSE
        });
        if !is_same_edit {
            self.past.push(before.clone());
            let n_old = self.past.len().saturating_sub(LIMIT);
            self.past.drain(..n_old);
        }
        self.future.clear();
        self.last = number.map(|number| (number, now));
    }

    /// Undoes the last edit and returns the settings before it; `now` are the current ones.
    pub fn undo(&mut self, now: &TrainConfig) -> Option<TrainConfig> {
        let before = self.past.pop()?;
        self.future.push(now.clone());
        self.last = None;
        Some(before)
    }

    /// Redoes the last undone edit and returns its settings; `now` are the current ones.
    pub fn redo(&mut self, now: &TrainConfig) -> Option<TrainConfig> {
        let after = self.future.pop()?;
        self.past.push(now.clone());
        self.last = None;
        Some(after)
    }

    /// Whether there is an edit to undo.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is an edit to redo.
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}

/// The path of the one number in which two settings differ; `None` if more differs.
fn only_number_changed(before: &TrainConfig, after: &TrainConfig) -> Option<String> {
    let value = |config: &TrainConfig| serde_json::to_value(config).ok();
    let mut places = Vec::new();
    collect_changes("", &value(before)?, &value(after)?, &mut places);
    // The preset's name follows from the layers.
    places.retain(|(place, _)| place != "/preset");
    match places.as_slice() {
        [(place, true)] => Some(place.clone()),
        _ => None,
    }
}

/// Collects the paths at which two values differ, and whether each is a number.
fn collect_changes(place: &str, before: &Value, after: &Value, places: &mut Vec<(String, bool)>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            for (key, value) in a {
                collect_changes(&format!("{place}/{key}"), value, &b[key], places);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (idx, (a, b)) in a.iter().zip(b).enumerate() {
                collect_changes(&format!("{place}/{idx}"), a, b, places);
            }
        }
        _ if before != after => {
            places.push((place.to_owned(), before.is_number() && after.is_number()));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Layer, PRESETS};

    fn config() -> TrainConfig {
        TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000)
    }

    /// The settings after a change, recorded `millis` after the beginning.
    fn edit(
        history: &mut History,
        start: Instant,
        millis: u64,
        before: &TrainConfig,
        change: impl FnOnce(&mut TrainConfig),
    ) -> TrainConfig {
        let mut after = before.clone();
        change(&mut after);
        history.record(before, &after, start + Duration::from_millis(millis));
        after
    }

    #[test]
    fn a_dragged_number_is_one_edit_and_another_number_another() {
        let (mut history, start) = (History::default(), Instant::now());
        let first = config();
        let mut now = first.clone();
        for n in 1..=10u16 {
            now = edit(&mut history, start, 33 * u64::from(n), &now, |c| {
                c.learning_rate = f64::from(n);
            });
        }
        let dragged = now.clone();
        now = edit(&mut history, start, 400, &now, |c| c.epochs += 1);
        let more = now.clone();
        // After a pause it is a new edit of the same number.
        now = edit(&mut history, start, 5000, &now, |c| c.epochs += 1);
        let last = now.clone();
        for expected in [&more, &dragged, &first] {
            now = history.undo(&now).unwrap();
            assert_eq!(now, *expected);
        }
        assert!(!history.can_undo());
        for expected in [&dragged, &more, &last] {
            now = history.redo(&now).unwrap();
            assert_eq!(now, *expected);
        }
        assert!(!history.can_redo());
    }

    #[test]
    fn layers_that_come_go_and_move_are_edits_of_their_own() {
        let (mut history, start) = (History::default(), Instant::now());
        let mut now = config();
        for millis in 0..3 {
            now = edit(&mut history, start, millis, &now, |c| {
                c.model.layers.insert(0, Layer::BatchNorm);
            });
        }
        now = edit(&mut history, start, 3, &now, |c| c.model.layers.swap(3, 4));
        now = edit(&mut history, start, 4, &now, |c| c.model.layers.swap(4, 5));
        for _ in 0..5 {
            now = history.undo(&now).unwrap();
        }
        assert_eq!(now, config());
    }

    #[test]
    fn a_new_edit_forgets_what_was_taken_back() {
        let (mut history, start) = (History::default(), Instant::now());
        let first = config();
        let changed = edit(&mut history, start, 0, &first, |c| c.epochs = 9);
        let back = history.undo(&changed).unwrap();
        edit(&mut history, start, 1, &back, |c| c.seed = 9);
        assert!(!history.can_redo());
        // Recording unchanged settings is not an edit.
        let mut history = History::default();
        edit(&mut history, start, 0, &first, |_| {});
        assert!(!history.can_undo());
    }

    #[test]
    fn the_past_has_an_end() {
        let (mut history, start) = (History::default(), Instant::now());
        let mut now = config();
        for n in 0..LIMIT as u64 + 50 {
            now = edit(&mut history, start, 1000 * n, &now, |c| c.seed += 1);
        }
        let mut n_undone = 0;
        while let Some(before) = history.undo(&now) {
            now = before;
            n_undone += 1;
        }
        assert_eq!(n_undone, LIMIT);
    }
}
