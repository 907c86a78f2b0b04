//! Keyboard navigation of the table: up and down, Home and End, and by pages of ten rows.

use egui::{EventFilter, Key, Modifiers, Response, Ui};

use super::layout::{Line, Made};

/// Rows that Page Up and Page Down move.
const PAGE: usize = 10;

/// Where a key moves the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The line of the table that shows the run.
    pub(super) line: usize,
    /// The run's index.
    pub(super) run: usize,
    /// Whether the selection is extended to it.
    pub(super) is_picking: bool,
}

/// Returns the step for the keys pressed while the row at `line` has focus.
pub(super) fn step(ui: &Ui, row: &Response, made: &Made, line: usize) -> Option<Step> {
    if !row.has_focus() {
        return None;
    }
    // Up and down do not move the focus to another widget; Tab still does.
    let ours = EventFilter {
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(row.id, ours));
    const KEYS: [Key; 6] = [
        Key::ArrowUp,
        Key::ArrowDown,
        Key::PageUp,
        Key::PageDown,
        Key::Home,
        Key::End,
    ];
    let (key, is_picking) = ui.input_mut(|input| {
        let modifiers = [(Modifiers::SHIFT, true), (Modifiers::NONE, false)];
        modifiers.into_iter().find_map(|(held, is_picking)| {
            let key = KEYS.into_iter().find(|key| input.consume_key(held, *key))?;
            Some((key, is_picking))
        })
    })?;
    let (line, run) = target(&made.lines, line, key)?;
    Some(Step {
        line,
        run,
        is_picking,
    })
}

/// The line and the run to which `key` moves; group headings are skipped.
fn target(lines: &[Line], from: usize, key: Key) -> Option<(usize, usize)> {
    let runs: Vec<(usize, usize)> = lines
        .iter()
        .enumerate()
        .filter_map(|(line, kind)| match kind {
            Line::Run(run) => Some((line, *run)),
            Line::Group(_) => None,
        })
        .collect();
    let now = runs.iter().position(|(line, _)| *line == from)?;
    let last = runs.len() - 1;
    let next = match key {
        Key::ArrowUp => now.saturating_sub(1),
        Key::ArrowDown => now + 1,
        Key::PageUp => now.saturating_sub(PAGE),
        Key::PageDown => now + PAGE,
        Key::Home => 0,
        _ => last,
    };
    Some(runs[next.min(last)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_from_run_to_run_and_stop_at_the_ends() {
        let lines = [
            Line::Group(0),
            Line::Run(7),
            Line::Run(3),
            Line::Group(1),
            Line::Run(5),
        ];
        for (from, key, found) in [
            (1, Key::ArrowDown, (2, 3)),
            (2, Key::ArrowDown, (4, 5)),
            (4, Key::ArrowDown, (4, 5)),
            (4, Key::ArrowUp, (2, 3)),
            (1, Key::ArrowUp, (1, 7)),
            (1, Key::PageDown, (4, 5)),
            (2, Key::Home, (1, 7)),
            (1, Key::End, (4, 5)),
        ] {
            assert_eq!(target(&lines, from, key), Some(found), "{from} {key:?}");
        }
        assert_eq!(target(&lines, 0, Key::End), None);
    }
}
