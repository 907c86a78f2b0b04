//! The events that a resumed run keeps: those up to its checkpoint, past whatever damaged the file.

use std::borrow::Cow;

use super::folder::RunFolder;
use super::state::RunState;
use super::tail::EVENTS;
use crate::files;
use crate::text;
use crate::train::{Checkpoint, Event, live_changes};

/// The events that a resumed run keeps.
pub(super) struct KeptEvents {
    /// The new content of the file.
    pub(super) bytes: Vec<u8>,
    /// What the old file had that the new one has not, or should have had: a sentence without
    /// capital and period. The old file must be kept.
    pub(super) loss: Option<String>,
}

/// Returns what a run in `folder` that resumes from `checkpoint`, or from its start, keeps of the
/// file `old`. `n_train` is its number of training images.
pub(super) fn kept_events(
    folder: &RunFolder,
    old: &[u8],
    checkpoint: Option<&Checkpoint>,
    n_train: usize,
) -> KeptEvents {
    let file = folder.path().join(EVENTS).display().to_string();
    let Some(checkpoint) = checkpoint else {
        return KeptEvents {
            bytes: Vec::new(),
            loss: Scan::of(old, None).not_repeated(&file),
        };
    };
    if let Some(before) = before(old, checkpoint) {
        let scan = Scan::of(before, None);
        if !scan.is_damaged() && scan.last == checkpoint.step() {
            return KeptEvents {
                bytes: before.to_vec(),
                loss: None,
            };
        }
    }
    let mut scan = match before(old, checkpoint).map(|before| Scan::of(before, None)) {
        // It cannot be the part before the checkpoint if it has more updates.
        Some(scan) if scan.last <= checkpoint.step() => scan,
        _ => Scan::of(old, Some(checkpoint.step())),
    };
    scan.expect(checkpoint.step());
    let loss = scan.is_damaged().then(|| scan.words(&file));
    if loss.is_some() {
        scan.complete(folder, checkpoint, n_train);
    }
    KeptEvents {
        bytes: scan
            .lines
            .iter()
            .flat_map(|(_, line)| &**line)
            .copied()
            .collect(),
        loss,
    }
}

/// Returns the events of a file as far as they can be read.
pub(super) fn readable(file: &[u8]) -> impl Iterator<Item = Event> {
    Scan::of(file, None)
        .lines
        .into_iter()
        .map(|(event, _)| event)
}

/// Returns the part of `events` that was written before `checkpoint`, if the file still has whole
/// lines up to there.
fn before<'a>(events: &'a [u8], checkpoint: &Checkpoint) -> Option<&'a [u8]> {
    let n_bytes = usize::try_from(checkpoint.n_event_bytes?).ok()?;
    let before = events.get(..n_bytes)?;
    (before.is_empty() || before.ends_with(b"\n")).then_some(before)
}

/// The lines of a file, as far as they can be read.
#[derive(Default)]
struct Scan<'a> {
    lines: Vec<(Event, Cow<'a, [u8]>)>,
    /// Numbers of the damaged lines.
    damaged: Vec<usize>,
    /// Updates that are missing, first and last.
    missing: Vec<(u64, u64)>,
    /// The last update.
    last: u64,
}

impl<'a> Scan<'a> {
    /// Reads the lines of `file`; with `until`, only those up to this update, without the run's end.
    fn of(file: &'a [u8], until: Option<u64>) -> Scan<'a> {
        let mut scan = Scan::default();
        for (idx, line) in file.split_inclusive(|&b| b == b'\n').enumerate() {
            match serde_json::from_slice(line) {
                Ok(event) if line.ends_with(b"\n") => scan.take(event, line, until),
                // Lines after the checkpoint happen again.
                _ if until.is_some_and(|step| scan.last >= step) => {}
                _ => scan.damaged.push(idx + 1),
            }
        }
        scan
    }

    fn take(&mut self, mut event: Event, line: &'a [u8], until: Option<u64>) {
        let mut line = Cow::Borrowed(line);
        if let Some(until) = until {
            if let Event::Steps { points } = &mut event {
                let n_points = points.len();
                points.retain(|p| p.step <= until);
                if points.len() < n_points {
                    line = Cow::Owned(line_of(&event));
                }
            }
            if happened_at(&event).is_none_or(|step| step > until) {
                return;
            }
        }
        match &event {
            Event::Steps { points } => {
                if let (Some(first), Some(last)) = (points.first(), points.last()) {
                    self.expect(first.step.saturating_sub(1));
                    self.last = last.step;
                }
            }
            // The run continued there: whatever is missing before was reported then.
            Event::Resumed { step } | Event::Branched { step, .. } => self.last = *step,
            Event::RolledBack { step, .. } => self.last = *step,
            _ => {}
        }
        self.lines.push((event, line));
    }

    /// Notes the updates up to `step` as missing, if there are none.
    fn expect(&mut self, step: u64) {
        if self.last < step {
            self.missing.push((self.last + 1, step));
            self.last = step;
        }
    }

    fn is_damaged(&self) -> bool {
        !(self.damaged.is_empty() && self.missing.is_empty())
    }

    /// Describes what a run that starts over does not repeat.
    fn not_repeated(mut self, file: &str) -> Option<String> {
        let is_change = |(event, _): &(Event, _)| matches!(event, Event::Changed { .. });
        if self.lines.iter().any(is_change) {
            return Some(format!(
                "starting over does not repeat the changed settings in {file}"
            ));
        }
        // A torn last line is no damage, and a gap will be filled.
        self.missing.clear();
        let n_lines = self.lines.len() + self.damaged.len();
        self.damaged.pop_if(|line| *line == n_lines);
        self.is_damaged().then(|| self.words(file))
    }

    /// Describes the damage.
    fn words(&self, file: &str) -> String {
        let lines = files::damaged_lines(&self.damaged, file);
        match (lines, self.missing_words()) {
            (Some(lines), Some(missing)) => format!("{lines}, and its curves lack {missing}"),
            (Some(lines), None) => lines,
            (None, missing) => format!("{file} lacks {}", missing.unwrap_or_default()),
        }
    }

    /// Describes the missing updates.
    fn missing_words(&self) -> Option<String> {
        let (first, last) = (self.missing.first()?.0, self.missing.last()?.1);
        let range = format!("{} to {}", text::thousands(first), text::thousands(last));
        Some(match self.missing[..] {
            _ if first == last => format!("update {}", text::thousands(first)),
            [_] => format!("updates {range}"),
            _ => format!("some of the updates {range}"),
        })
    }

    /// Adds what the manifest and the checkpoint know of the lost events.
    fn complete(&mut self, folder: &RunFolder, checkpoint: &Checkpoint, n_train: usize) {
        let manifest = folder.manifest();
        let is_start = |(event, _): &(Event, _)| matches!(event, Event::Started { .. });
        if !self.lines.iter().any(is_start) {
            let started = Event::Started {
                config: Box::new(manifest.config.clone()),
                dataset: manifest.data.name.clone(),
                n_train,
                threads: manifest.threads,
            };
            self.insert(0, started);
        }
        let is_branch = |(event, _): &(Event, _)| matches!(event, Event::Branched { .. });
        if let Some(parent) = &manifest.parent
            && !self.lines.iter().any(is_branch)
        {
            let is_own = |(event, _): &(Event, _)| match event {
                Event::Steps { points } => points.last().is_some_and(|p| p.step > parent.step),
                event => matches!(event, Event::Resumed { .. }),
            };
            let at = self.lines.iter().position(is_own);
            let branched = Event::Branched {
                run: parent.run.clone(),
                step: parent.step,
                config: Box::new(manifest.config.clone()),
            };
            self.insert(at.unwrap_or(self.lines.len()), branched);
        }
        let mut state = RunState::new(&manifest.name, manifest.config.clone());
        self.lines.iter().for_each(|(event, _)| state.apply(event));
        for change in live_changes(&state.config, &checkpoint.config) {
            let changed = Event::Changed {
                step: checkpoint.step(),
                epoch: checkpoint.epochs(n_train),
                setting: change.setting,
                old: state.config.setting(change.setting),
                new: change.value,
            };
            self.insert(self.lines.len(), changed);
        }
        // What is missing now is known, see `Scan::take`.
        let step = checkpoint.step();
        self.insert(self.lines.len(), Event::Resumed { step });
    }

    fn insert(&mut self, at: usize, event: Event) {
        let line = Cow::Owned(line_of(&event));
        self.lines.insert(at, (event, line));
    }
}

/// Returns an event as a line of the file.
pub(super) fn line_of(event: &Event) -> Vec<u8> {
    // Events have string keys and plain values: they always have a JSON form.
    let mut line = serde_json::to_vec(event).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Returns the update after which an event happened; `None` for the end of a run.
fn happened_at(event: &Event) -> Option<u64> {
    match event {
        Event::Steps { points } => points.first().map(|p| p.step),
        Event::EpochDone { point } => Some(point.step),
        Event::Layers { point } => Some(point.step),
        Event::Diverged { divergence } => Some(divergence.step),
        Event::Changed { step, .. } | Event::Paused { step } | Event::Resumed { step } => {
            Some(*step)
        }
        Event::RolledBack { step, .. } | Event::Skipped { step, .. } => Some(*step),
        Event::Branched { .. } | Event::Started { .. } => Some(0),
        Event::Restored { .. } | Event::Finished { .. } => None,
    }
}
