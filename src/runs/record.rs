//! A run without its points: what a list, a table or a search wants to know.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::manifest::utc_exact;
use super::run_summary::{Aggregates, RunSummary};
use super::value::{Value, settings};
use super::{
    ChangePoint, Manifest, Notes, Parent, RunFolder, RunFolderError, RunId, RunState, Status, Tail,
    TrialOf,
};
use crate::train::TrainConfig;

/// A run without its points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What it is known by.
    pub id: RunId,
    /// What people call it.
    pub name: String,
    /// When it was created, such as `2026-11-23T12:27:42.125Z`.
    pub created: String,
    /// Number of its color wherever it is drawn, for its whole life.
    pub color: usize,
    /// The sweep it is a trial of.
    #[serde(default)]
    pub sweep: Option<TrialOf>,
    /// Where it stands.
    pub status: Status,
    /// Name of the data.
    pub data: String,
    /// Kernel threads.
    pub threads: usize,
    /// The configuration with every change applied.
    pub config: TrainConfig,
    /// The metrics by their names, as [`RunSummary::metrics`] has them.
    pub metrics: BTreeMap<String, Aggregates>,
    /// Settings that were changed while it trained.
    #[serde(default)]
    pub changes: Vec<ChangePoint>,
    /// Where it branched off another run.
    #[serde(default)]
    pub parent: Option<Parent>,
    /// What a person has to say about it.
    pub notes: Notes,
    /// The configuration by paths; made of `config`, so it is not kept.
    #[serde(skip)]
    settings: BTreeMap<String, Value>,
}

impl Record {
    /// A run of this process that begins now, in the color of its id.
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

    /// The run in the folder `path` as its events left it; whether it is still written is not
    /// looked at.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<Record, RunFolderError> {
        Ok(Reading::open(path)?.record())
    }

    /// Takes over what the events have told.
    pub fn follow(&mut self, state: &RunState, summary: &RunSummary) {
        self.status = state.status.clone();
        self.metrics = summary.metrics();
        self.data.clone_from(&state.dataset);
        self.threads = state.threads;
        self.changes.clone_from(&state.changes);
        self.parent.clone_from(&state.parent);
        if self.config != state.config {
            self.config = state.config.clone();
            self.name_settings();
        }
    }

    /// Makes the settings by paths after the configuration came from elsewhere.
    pub(super) fn name_settings(&mut self) {
        self.settings = settings(&self.config);
    }

    /// The settings by their paths.
    pub fn settings(&self) -> &BTreeMap<String, Value> {
        &self.settings
    }

    /// Everything that decided the run but its seed, as text: the same for runs that only luck sets
    /// apart. One that was steered while it trained repeats none that was not.
    pub fn all_but_seed(&self) -> String {
        let mut text = self.data.clone();
        if let Some(parent) = &self.parent {
            let _ = write!(text, "\nbranch of {parent}");
        }
        for (key, value) in self.settings.iter().filter(|(key, _)| *key != "seed") {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{key}={value}");
        }
        for change in &self.changes {
            let (name, step) = (change.setting.label(), change.step);
            let _ = write!(text, "\n{name} {} at step {step}", change.new);
        }
        text
    }

    /// A setting by its path, or something else there is to say under `key`: `id`, `name`,
    /// `status`, `created`, `parent`, `data`, `threads`, `sweep`, `trial`, `note`, `tags`, `starred`
    /// or `archived`.
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

/// A run that is being read: what was read can be read on.
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

    /// Reads what was appended since, and the notes again.
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
            // The digest has what is needed of them; all points of all runs would fill the memory.
            self.state.points.clear();
            self.state.epochs.clear();
            self.state.layer_points.clear();
        }
        Ok(())
    }

    /// What is known by now.
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
        record.metrics = self.summary.metrics();
        if let Some(name) = &self.notes.name {
            record.name.clone_from(name);
        }
        record
    }
}

/// A run before its first event.
fn empty_state(manifest: &Manifest) -> RunState {
    let mut state = RunState::new(&manifest.name, manifest.config.clone());
    state.dataset.clone_from(&manifest.data.name);
    state.threads = manifest.threads;
    state
}
