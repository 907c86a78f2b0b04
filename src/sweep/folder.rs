//! A sweep on disk: a folder of the workspace, beside the folders of its runs.
//!
//! ```text
//! sweep.toml     what to search, how, and for how long
//! base.toml      the configuration all trials start from
//! trials.jsonl   what happened, one event per line, as it happened
//! ```

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::definition::Definition;
use super::error::{SweepError, invalid, io};
use super::event::SweepEvent;
use super::journal::{JOURNAL, Journal, keep_old, lock_journal, read_journal};
use super::plan::Plan;
use super::state::SweepState;
use crate::files;
use crate::runs::{RunFolder, RunId, TrialOf, discard_run, is_free};

const DEFINITION: &str = "sweep.toml";
const BASE: &str = "base.toml";

/// The folder of a sweep that this program is running.
#[derive(Debug)]
pub struct SweepFolder {
    workspace: PathBuf,
    plan: Plan,
    state: SweepState,
    /// Locked for the lifetime of this value.
    journal: File,
    journal_file: PathBuf,
    /// What was lost of the journal.
    loss: Option<String>,
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
        let mut journal = lock_journal(&dir)?;
        let is_ours = |name: &str| [DEFINITION, BASE].contains(&name);
        files::remove_abandoned(&dir, files::WRITER_PATIENCE, is_ours);
        if dir.join(DEFINITION).exists() {
            let (kept, state) = SweepFolder::read_parts(&dir)?;
            check_same(&dir, &kept, plan, &state.state, fingerprint)?;
        }
        write_plan(&dir, plan)?;
        let read = read_journal(&journal_file)?;
        let loss = read.loss(&journal_file);
        let loss = loss
            .map(|loss| keep_old(&journal_file, &read, loss))
            .transpose()?;
        if loss.is_some() {
            // The old file is locked until the new one is.
            journal = lock_journal(&dir)?;
        } else {
            // A line torn by a crash would spoil the line written after it.
            let n_bytes = read.lines.len() as u64;
            journal
                .set_len(n_bytes)
                .map_err(io("write", &journal_file))?;
        }
        let mut folder = SweepFolder {
            workspace: workspace.to_owned(),
            plan: plan.clone(),
            state: read.state,
            journal,
            journal_file,
            loss,
        };
        folder.append(&SweepEvent::Opened {
            fingerprint: fingerprint.to_owned(),
        })?;
        Ok(folder)
    }

    /// Reads the sweep in the folder `dir`, without writing to it; the text says what of its journal
    /// is damaged.
    ///
    /// # Errors
    /// When there is no sweep that this version can read.
    pub fn read(dir: &Path) -> Result<(Plan, SweepState, Option<String>), SweepError> {
        let (plan, journal) = SweepFolder::read_parts(dir)?;
        let loss = journal.loss(&dir.join(JOURNAL));
        Ok((plan, journal.state, loss))
    }

    fn read_parts(dir: &Path) -> Result<(Plan, Journal), SweepError> {
        let file = dir.join(DEFINITION);
        let text = files::read_text_file(&file).map_err(io("read", &file))?;
        let definition = Definition::parse(&text, "").map_err(|problems| {
            let first = problems.first().map(ToString::to_string);
            invalid(&file, first.unwrap_or_default())
        })?;
        let file = dir.join(BASE);
        let text = files::read_text_file(&file).map_err(io("read", &file))?;
        let base = files::parse_toml(&text).map_err(|e| invalid(&file, e))?;
        let journal = read_journal(&dir.join(JOURNAL))?;
        Ok((Plan { definition, base }, journal))
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

    /// Returns what was lost of the journal, once.
    pub(super) fn take_loss(&mut self) -> Option<String> {
        self.loss.take()
    }

    /// Makes the folder `run` free for the trial `of`: what an earlier attempt left there is moved to
    /// the trash. Returns the folder's name, another one if somebody else's files are there.
    pub(super) fn free_run(&self, of: &TrialOf, run: &str) -> String {
        let path = self.run_path(run);
        let is_own =
            || RunFolder::open(&path).is_ok_and(|r| r.manifest().sweep.as_ref() == Some(of));
        let id = RunId::from(run.to_owned());
        if is_leftover(&path) || is_own() && discard_run(&self.workspace, &id).is_ok() {
            return run.to_owned();
        }
        let base = format!("{}-{:03}", of.name, of.trial);
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

/// Returns whether there is nothing in the folder `path` but what a process leaves that is killed
/// while it creates a run.
fn is_leftover(path: &Path) -> bool {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return error.kind() == std::io::ErrorKind::NotFound,
    };
    let is_ours =
        |name: &str| ["events.jsonl", "run.lock"].contains(&name) || name.starts_with('.');
    is_free(path)
        && entries
            .flatten()
            .all(|entry| is_ours(&entry.file_name().to_string_lossy()))
}
