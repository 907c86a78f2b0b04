//! Whether the files of a workspace are what was once written.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::baseline;
use super::checkpoints;
use super::error::RunFolderError;
use super::file_names::{MODEL_FILE, SUMMARY};
use super::folder::RunFolder;
use super::index::Index;
use super::listing::in_parallel;
use super::lock;
use super::notes::Notes;
use super::rollback;
use super::tail::EVENTS;
use super::tidy;
use super::workspace::{is_run, run_folders};
use crate::model::{Classifier, ModelFileError};
use crate::train::{Checkpoint, Finish};

/// What was found about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// It cannot be read, or its content is not what was written.
    Damaged,
    /// It should be there.
    Missing,
    /// What is left of a run without its `run.toml`.
    Orphan,
    /// A killed writer left it; it does no harm.
    Leftover,
}

/// Something found in a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

impl Finding {
    /// Makes a finding.
    pub fn new(kind: FindingKind, path: &Path, reason: impl ToString) -> Finding {
        Finding {
            kind,
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// Returns whether something is lost or cannot be trusted.
    pub fn is_bad(&self) -> bool {
        self.kind != FindingKind::Leftover
    }

    fn of_error(error: &RunFolderError, run: &Path) -> Finding {
        match error {
            RunFolderError::Invalid { path, reason } => {
                Finding::new(FindingKind::Damaged, Path::new(path), reason)
            }
            RunFolderError::Io { verb, path, reason } => {
                let reason = format!("could not {verb} it: {reason}");
                Finding::new(FindingKind::Damaged, Path::new(path), reason)
            }
            other => Finding::new(FindingKind::Damaged, run, other),
        }
    }
}

/// Checks every run of the folder `workspace`: its files, their checksums, its history, and what is
/// left of killed writers. Returns the number of runs and the findings.
///
/// # Errors
/// When the workspace cannot be read.
pub fn check_workspace(workspace: &Path) -> Result<(usize, Vec<Finding>), RunFolderError> {
    let mut ids: Vec<_> = run_folders(workspace)?.into_iter().collect();
    ids.sort();
    let (runs, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| is_run(workspace, id));
    let mut findings = Vec::new();
    if let Err(error) = baseline::read_baseline(workspace) {
        findings.push(Finding::of_error(&error, workspace));
    }
    findings.extend(leftovers(workspace));
    for id in &others {
        let folder = workspace.join(id.as_str());
        findings.extend(leftovers(&folder));
        findings.extend(orphan(&folder));
    }
    let found = in_parallel(&runs, |id| check_run(&workspace.join(id.as_str())));
    findings.extend(found.into_iter().flatten());
    if !runs.is_empty() && !Index::open(workspace).is_usable() {
        let reason = "it is a link or another program's and left alone, so every run is read anew";
        let path = Index::path(workspace);
        findings.push(Finding::new(FindingKind::Leftover, &path, reason));
    }
    Ok((runs.len(), findings))
}

fn leftovers(folder: &Path) -> impl Iterator<Item = Finding> {
    let reason = "a writer that was killed left it";
    let found = tidy::abandoned(folder).into_iter();
    found.map(move |path| Finding::new(FindingKind::Leftover, &path, reason))
}

/// Checks a folder that is not a run: it may be what is left of one.
fn orphan(path: &Path) -> Option<Finding> {
    let size = |file: &str| std::fs::metadata(path.join(file)).map_or(0, |m| m.len());
    let has_states = checkpoints::steps(path).is_ok_and(|steps| !steps.is_empty());
    let is_lost = has_states || size(MODEL_FILE) > 0 || size(EVENTS) > 0;
    if lock::is_written(path) {
        return None;
    }
    if is_lost {
        let reason = "it has no run.toml: its run is not listed, and cannot be resumed";
        return Some(Finding::new(FindingKind::Orphan, path, reason));
    }
    let is_begun = path.join(EVENTS).exists();
    let reason = "a run that was killed before it began left it";
    is_begun.then(|| Finding::new(FindingKind::Leftover, path, reason))
}

fn check_run(path: &Path) -> Vec<Finding> {
    let mut findings: Vec<Finding> = leftovers(path).collect();
    let mut note = |result: Result<(), RunFolderError>| {
        findings.extend(result.err().map(|error| Finding::of_error(&error, path)));
    };
    note(Notes::read(path).map(drop));
    match RunFolder::open(path) {
        Ok(folder) => {
            note(folder.replay().map(drop));
            findings.extend(check_end(&folder));
        }
        Err(error) => note(Err(error)),
    }
    findings.extend(check_states(path));
    findings
}

/// Checks the summary and the model.
fn check_end(folder: &RunFolder) -> Vec<Finding> {
    let model = folder.model_path();
    let summary = match folder.summary() {
        Ok(summary) => summary,
        Err(error) => {
            let file = folder.path().join(SUMMARY);
            return vec![Finding::of_error(&error, &file)];
        }
    };
    let should_be = summary.is_some_and(|s| !matches!(s.finish, Finish::Failed { .. }));
    if !model.exists() {
        let finding = || {
            let reason = "the run has ended, but its model is not there";
            Finding::new(FindingKind::Missing, &model, reason)
        };
        return should_be.then(finding).into_iter().collect();
    }
    let reason = match Classifier::load(&model) {
        Ok(_) => return Vec::new(),
        Err(ModelFileError::Io { reason, .. }) => format!("could not read it: {reason}"),
        Err(ModelFileError::Invalid { reason, .. }) => reason,
    };
    vec![Finding::new(FindingKind::Damaged, &model, reason)]
}

/// Checks the checkpoints and the rollback states.
fn check_states(run: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let states = [checkpoints::state_files(run), rollback::state_files(run)];
    for file in states.into_iter().flatten() {
        if let Err(error) = Checkpoint::load(&file) {
            // A live run removes what it no longer needs.
            if file.exists() || !lock::is_written(run) {
                findings.push(Finding::new(FindingKind::Damaged, &file, error));
            }
        }
    }
    if let Ok((newest, _)) = checkpoints::latest(run)
        && !lock::is_written(run)
    {
        for mark in newest.rollback.iter().flat_map(|states| &states.unread) {
            let file = rollback::state_file(run, mark);
            if !file.exists() {
                let step = newest.step();
                let reason = format!("the checkpoint of update {step} can roll back to it");
                findings.push(Finding::new(FindingKind::Missing, &file, reason));
            }
        }
    }
    findings
}
