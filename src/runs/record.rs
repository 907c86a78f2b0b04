//! A run without its points, for lists, tables and filters.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::branch::Parent;
use super::error::RunFolderError;
use super::folder::RunFolder;
use super::id::RunId;
use super::manifest::{Manifest, TrialOf, utc_exact};
use super::metric::Metric;
use super::notes::Notes;
use super::run_summary::{Aggregates, RunSummary};
use super::state::{ChangePoint, RunState, Status};
use super::tail::Tail;
use super::value::{Value, settings};
use crate::train::{Setting, TrainConfig};

/// A run without its points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its id.
    pub id: RunId,
    /// Its name.
    pub name: String,
    /// When it was created, such as `2026-11-23T12:27:42.125Z`.
    pub created: String,
    /// Color number, which never changes.
    pub color: usize,
    /// The sweep it is a trial of.
    #[serde(default)]
    pub sweep: Option<TrialOf>,
    /// Its status.
    pub status: Status,
    /// Name of the dataset.
    pub data: String,
    /// Kernel threads.
    pub threads: usize,
    /// The configuration with all changes applied.
    pub config: TrainConfig,
    /// The metrics by name, see [`RunSummary::metrics`].
    pub metrics: BTreeMap<Metric, Aggregates>,
    /// Settings that were changed during training.
    #[serde(default)]
    pub changes: Vec<ChangePoint>,
    /// The run and update it branched from.
    #[serde(default)]
    pub parent: Option<Parent>,
    /// The user's notes.
    pub notes: Notes,
    /// What it started with, by path; derived from `config` and `changes`, so not serialized.
    #[serde(skip)]
    settings: BTreeMap<String, Value>,
}

impl Record {
    /// Makes the record of a run that this process starts now, in the color of its id.
    pub fn begun(id: RunId, state: &RunState) -> Record {
        let mut record = Record {
            color: id.color(),
            id,
            sweep: None,
            name: state.name.clone(),
            created: utc_exact(SystemTime::now()),
            status: state.status.clone(),
            data: state.dataset.clone(),
            threads: state.threads,
            config: state.config.clone(),
            metrics: BTreeMap::new(),
            changes: state.changes.clone(),
            parent: state.parent.clone(),
            notes: Notes::default(),
            settings: BTreeMap::new(),
        };
        record.name_settings();
        record
    }

    /// Reads the run in the folder `path` from its events, without checking whether it is still
    /// being written.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<Record, RunFolderError> {
        Ok(Reading::open(path)?.record())
    }

    /// Updates the record from the events' state.
    pub fn follow(&mut self, state: &RunState, summary: &RunSummary) {
        self.status = state.status.clone();
        self.metrics.clone_from(summary.metrics());
        self.data.clone_from(&state.dataset);
        self.threads = state.threads;
        self.parent.clone_from(&state.parent);
        if self.config != state.config || self.changes != state.changes {
            self.config = state.config.clone();
            self.changes.clone_from(&state.changes);
            self.name_settings();
        }
    }

    /// Derives the settings by path after deserialization.
    pub(super) fn name_settings(&mut self) {
        self.settings = settings(&self.started());
    }

    /// Returns the configuration that the run started with: without the changes on the way, but
    /// with the epochs it was last planned for, which say how long it was.
    pub fn started(&self) -> TrainConfig {
        let mut config = self.config.clone();
        let changes = self.changes.iter().rev();
        for change in changes.filter(|change| change.setting != Setting::Epochs) {
            config.set_setting(change.setting, &change.old);
        }
        config
    }

    /// Returns the settings that the run started with, by path.
    pub fn settings(&self) -> &BTreeMap<String, Value> {
        &self.settings
    }

    /// Returns everything that decided the run but its seed, as text: equal for runs that differ
    /// only in the seed. Includes changes during training.
    pub fn all_but_seed(&self) -> String {
        let mut text = self.data.clone();
        if let Some(parent) = &self.parent {
            let _ = write!(text, "\nbranch of {parent}");
        }
        for (key, value) in self.settings.iter().filter(|(key, _)| *key != "seed") {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{key}={value}");
        }
        if let Some(changed) = self.changed() {
            let _ = write!(text, "\n{changed}");
        }
        text
    }

    /// Describes the changes during training.
    fn changed(&self) -> Option<String> {
        let change =
            |change: &ChangePoint| format!("{} {}", change.setting.label(), change.words());
        let changes: Vec<String> = self.changes.iter().map(change).collect();
        (!changes.is_empty()).then(|| changes.join(", "))
    }

    /// Returns a setting by its path, or the field `id`, `name`, `status`, `created`, `parent`,
    /// `data`, `changed`, `threads`, `sweep`, `trial`, `note`, `tags`, `starred` or `archived`.
    pub fn value(&self, key: &str) -> Option<Value> {
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let flag = |flag: bool| text(if flag { "yes" } else { "no" });
        match key {
            "id" => text(self.id.as_str()),
            "name" => text(&self.name),
            "status" => text(self.status.word()),
            "created" => text(&self.created),
            "parent" => {
                let parent = self.parent.as_ref();
                text(&parent.map_or_else(String::new, ToString::to_string))
            }
            "data" => text(&self.data),
            "changed" => text(&self.changed()?),
            "threads" => Some(Value::Number(self.threads as f64)),
            "sweep" => text(&self.sweep.as_ref()?.name),
            "trial" => Some(Value::Number(self.sweep.as_ref()?.trial as f64)),
            "note" => text(&self.notes.note),
            "tags" => text(&self.notes.tags.join(" ")),
            "starred" => flag(self.notes.starred),
            "archived" => flag(self.notes.archived),
            _ => self.settings.get(key).cloned(),
        }
    }
}

/// A run that is being read, and can be read further as it grows.
#[derive(Debug)]
pub(super) struct Reading {
    folder: RunFolder,
    notes: Notes,
    tail: Tail,
    state: RunState,
    summary: RunSummary,
}

impl Reading {
    pub(super) fn open(path: &Path) -> Result<Reading, RunFolderError> {
        let folder = RunFolder::open(path)?;
        let mut reading = Reading {
            notes: Notes::default(),
            tail: Tail::new(path),
            state: empty_state(folder.manifest()),
            summary: RunSummary::default(),
            folder,
        };
        reading.read_on()?;
        Ok(reading)
    }

    /// Reads what was appended since, and rereads the notes.
    pub(super) fn read_on(&mut self) -> Result<(), RunFolderError> {
        self.notes = Notes::read(self.folder.path())?;
        let news = self.tail.read()?;
        if news.is_anew {
            self.state = empty_state(self.folder.manifest());
            self.summary = RunSummary::default();
        }
        for event in &news.events {
            self.state.apply(event);
            self.summary.apply(event);
            // The summary has what is needed of them; all points of all runs would fill the memory.
            self.state.points.clear();
            self.state.epochs.clear();
            self.state.layer_points.clear();
        }
        Ok(())
    }

    /// Returns the record so far.
    pub(super) fn record(&self) -> Record {
        let manifest = self.folder.manifest();
        let id = RunId::of_folder(self.folder.path());
        let mut record = Record {
            color: manifest.color.unwrap_or_else(|| id.color()),
            id,
            sweep: manifest.sweep.clone(),
            created: manifest.created.clone(),
            notes: self.notes.clone(),
            ..Record::begun(RunId::new(""), &self.state)
        };
        record.metrics.clone_from(self.summary.metrics());
        if let Some(name) = &self.notes.name {
            record.name.clone_from(name);
        }
        record
    }
}

/// Makes the state of a run before its first event.
fn empty_state(manifest: &Manifest) -> RunState {
    let mut state = RunState::new(&manifest.name, manifest.config.clone());
    state.dataset.clone_from(&manifest.data.name);
    state.threads = manifest.threads;
    state
}
