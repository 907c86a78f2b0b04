//! A sweep on disk: a folder of the workspace, beside the folders of its runs.
//!
//! ```text
//! sweep.toml     what to search, how, and for how long
//! base.toml      the configuration all trials start from
//! trials.jsonl   what happened, one event per line, as it happened
//! ```

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::definition::Definition;
use super::event::SweepEvent;
use super::plan::Plan;
use super::state::SweepState;
use crate::files::{self, WriteError};

const DEFINITION: &str = "sweep.toml";
const BASE: &str = "base.toml";
const JOURNAL: &str = "trials.jsonl";

/// Why a sweep cannot be read or run.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The system refused a file or folder.
    #[error("could not {verb} {path}: {reason}")]
    Io {
        /// What was tried, such as `read`.
        verb: &'static str,
        /// The file or folder.
        path: String,
        /// The system's error.
        reason: std::io::Error,
    },
    /// A whole file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The folder can be read but is not a sweep.
    #[error("{path} is not a sweep this version can open: {reason}")]
    Invalid {
        /// The file at fault.
        path: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// Another program is running it.
    #[error("the sweep in {path} is running in another program")]
    Busy {
        /// Its folder.
        path: String,
    },
    /// Another sweep has this name.
    #[error("{path} holds another sweep named {name}: {difference}; rename this one")]
    Other {
        /// Its folder.
        path: String,
        /// The name both have.
        name: String,
        /// What differs.
        difference: &'static str,
    },
}

pub(super) fn io(verb: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SweepError {
    let path = path.display().to_string();
    move |reason| SweepError::Io { verb, path, reason }
}

fn invalid(path: &Path, reason: impl ToString) -> SweepError {
    SweepError::Invalid {
        path: path.display().to_string(),
        reason: reason.to_string(),
    }
}

/// The folder of a sweep that this program is running.
#[derive(Debug)]
pub struct SweepFolder {
    workspace: PathBuf,
    plan: Plan,
    state: SweepState,
    /// Locked for the lifetime of this value.
    journal: File,
    journal_file: PathBuf,
}

impl SweepFolder {
    /// Opens the sweep `plan` in `workspace`, to start or resume it. The number of trials, the time
    /// limit and the number of parallel trials may have changed since.
    ///
    /// # Errors
    /// When another program is running it, another sweep has its name, or on an I/O error.
    pub fn open(
        workspace: &Path,
        plan: &Plan,
        fingerprint: &str,
    ) -> Result<SweepFolder, SweepError> {
        let dir = workspace.join(&plan.definition.name);
        let journal_file = dir.join(JOURNAL);
        if !dir.join(DEFINITION).exists() && dir.join("run.toml").exists() {
            let name = plan.definition.name.clone();
            let path = dir.display().to_string();
            let difference = "it is a run";
            return Err(SweepError::Other {
                path,
                name,
                difference,
            });
        }
        std::fs::create_dir_all(&dir).map_err(io("create the folder", &dir))?;
        let journal = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&journal_file)
            .map_err(io("open", &journal_file))?;
        journal.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => SweepError::Busy {
                path: dir.display().to_string(),
            },
            TryLockError::Error(e) => io("lock", &journal_file)(e),
        })?;
        if dir.join(DEFINITION).exists() {
            let (kept, state) = SweepFolder::read(&dir)?;
            check_same(&dir, &kept, plan, &state, fingerprint)?;
        }
        write_plan(&dir, plan)?;
        let (state, n_whole) = read_journal(&journal_file)?;
        // A line torn by a crash would spoil the line written after it.
        journal
            .set_len(n_whole)
            .map_err(io("write", &journal_file))?;
        let mut folder = SweepFolder {
            workspace: workspace.to_owned(),
            plan: plan.clone(),
            state,
            journal,
            journal_file,
        };
        folder.append(&SweepEvent::Opened {
            fingerprint: fingerprint.to_owned(),
        })?;
        Ok(folder)
    }

    /// Reads the sweep in the folder `dir`, without writing to it.
    ///
    /// # Errors
    /// When there is no sweep that this version can read.
    pub fn read(dir: &Path) -> Result<(Plan, SweepState), SweepError> {
        let file = dir.join(DEFINITION);
        let text = files::read_text(&file).map_err(io("read", &file))?;
        let definition = Definition::parse(&text, "").map_err(|problems| {
            let first = problems.first().map(ToString::to_string);
            invalid(&file, first.unwrap_or_default())
        })?;
        let file = dir.join(BASE);
        let text = files::read_text(&file).map_err(io("read", &file))?;
        let base = files::parse_toml(&text).map_err(|e| invalid(&file, e))?;
        let (state, _) = read_journal(&dir.join(JOURNAL))?;
        Ok((Plan { definition, base }, state))
    }

    /// Lists the folders of the sweeps in `workspace`, by name.
    pub fn list(workspace: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(workspace).into_iter().flatten();
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.join(DEFINITION).is_file())
            .collect();
        found.sort();
        found
    }

    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the state so far.
    pub fn state(&self) -> &SweepState {
        &self.state
    }

    /// Returns the folder of a trial's run.
    pub(super) fn run_path(&self, run: &str) -> PathBuf {
        self.workspace.join(run)
    }

    /// Returns a name for a trial's run whose folder does not exist yet.
    pub(super) fn new_run(&self, trial: usize) -> String {
        let base = format!("{}-{trial:03}", self.plan.definition.name);
        let numbered = |n: u32| match n {
            1 => base.clone(),
            n => format!("{base}-{n}"),
        };
        (1..)
            .map(numbered)
            .find(|run| !self.run_path(run).exists())
            .unwrap_or(base)
    }

    /// Applies an event and writes it to the journal, one line in one write.
    ///
    /// # Errors
    /// When it cannot be written; the state includes it nevertheless.
    pub(super) fn append(&mut self, event: &SweepEvent) -> Result<(), SweepError> {
        self.state.apply(event);
        let mut line = serde_json::to_vec(event).map_err(|e| invalid(&self.journal_file, e))?;
        line.push(b'\n');
        let mut write = || {
            self.journal.write_all(&line)?;
            match event {
                SweepEvent::Ended { .. } => self.journal.sync_data(),
                _ => Ok(()),
            }
        };
        write().map_err(io("write", &self.journal_file))
    }
}

fn check_same(
    dir: &Path,
    kept: &Plan,
    wanted: &Plan,
    state: &SweepState,
    fingerprint: &str,
) -> Result<(), SweepError> {
    let difference = if !kept.definition.continues(&wanted.definition) {
        "its search is different"
    } else if kept.base != wanted.base {
        "its trials start from another configuration"
    } else if state
        .fingerprint
        .as_deref()
        .is_some_and(|f| f != fingerprint)
    {
        "its trials are trained on a different dataset"
    } else {
        return Ok(());
    };
    Err(SweepError::Other {
        path: dir.display().to_string(),
        name: kept.definition.name.clone(),
        difference,
    })
}

fn write_plan(dir: &Path, plan: &Plan) -> Result<(), SweepError> {
    let file = dir.join(BASE);
    let text = toml::to_string(&plan.base).map_err(|e| invalid(&file, e))?;
    files::write_atomically(&file, text.as_bytes())?;
    // Last: a folder with a definition is complete.
    let file = dir.join(DEFINITION);
    let text = toml::to_string(&plan.definition).map_err(|e| invalid(&file, e))?;
    Ok(files::write_atomically(&file, text.as_bytes())?)
}

/// Reads the journal: the state, and the number of bytes in whole lines.
fn read_journal(file: &Path) -> Result<(SweepState, u64), SweepError> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(io("read", file)(e)),
    };
    let mut state = SweepState::default();
    let mut n_whole = 0;
    for (idx, line) in bytes.split_inclusive(|&b| b == b'\n').enumerate() {
        if !line.ends_with(b"\n") {
            break;
        }
        let event = serde_json::from_slice(line)
            .map_err(|e| invalid(file, format!("line {}: {e}", idx + 1)))?;
        state.apply(&event);
        n_whole += line.len() as u64;
    }
    Ok((state, n_whole))
}
