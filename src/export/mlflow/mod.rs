//! Runs in an MLflow server, by its REST interface (MLflow 2 and 3): settings as parameters, every
//! epoch and up to a thousand batches as metrics, the dataset, the model file as an artifact.
//!
//! A run that is there already gets only what is new: so a run can be sent while it trains
//! ([`Tracker::follow`]) and again after a server that was away is back.

mod client;
mod metrics;

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use super::{ExportError, Exported};
use crate::runs::{MODEL_FILE, RunFolder, Status};
use crate::train::Finish;
use client::Client;
pub use client::Login;
use metrics::{Sent, metrics};

/// The tag by which a run is found again: our id of it.
const TAG: &str = "candle_studio.run";

/// Most metrics in a request, by MLflow's own limit.
const MAX_METRICS: usize = 1_000;

/// Longest value of a parameter, by MLflow's own limit.
const MAX_PARAM: usize = 6_000;

/// Why a run could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum MlflowError {
    /// It is no address.
    #[error("expected the address of an MLflow server such as http://localhost:5000, found `{0}`")]
    Url(String),
    /// It was built without encryption.
    #[error("{0}: this build has no https; the cargo feature `tls` adds it")]
    NoTls(String),
    /// Nobody answers there, or not in time.
    #[error("the MLflow server {url} could not be reached: {reason}")]
    Unreachable {
        /// The server.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The server says no.
    #[error("MLflow answered {status} to {url}: {message}")]
    Refused {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// MLflow's name of the error; empty if it has none.
        code: String,
        /// Its sentence.
        message: String,
    },
    /// An answer lacks what MLflow's documentation promises.
    #[error("{url} does not answer as an MLflow server: there is no {missing} in its answer")]
    NotMlflow {
        /// The server.
        url: String,
        /// What is missing.
        missing: &'static str,
    },
    /// The run cannot be read.
    #[error(transparent)]
    Run(#[from] ExportError),
    /// A file of the run cannot be read.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// The system's error.
        reason: std::io::Error,
    },
}

/// Where runs go, and what is registered there.
#[derive(Clone)]
pub struct Tracker {
    /// The server, such as `http://localhost:5000`.
    pub url: String,
    /// Who asks.
    pub login: Login,
    /// The experiment, which is made if it is not there.
    pub experiment: String,
    /// The name under which models of finished runs are registered, if they are.
    pub register: Option<String>,
}

/// The experiment of who names none.
const EXPERIMENT: &str = "candle-studio";

impl MlflowError {
    /// Whether it may be gone when it is tried again: a server that is away, or in trouble.
    pub fn is_passing(&self) -> bool {
        match self {
            MlflowError::Unreachable { .. } => true,
            MlflowError::Refused { status, .. } => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}

impl Tracker {
    /// The server at `url`, with login and experiment of the environment, under MLflow's own names.
    pub fn of_environment(url: String) -> Tracker {
        let experiment = std::env::var("MLFLOW_EXPERIMENT_NAME").ok();
        Tracker {
            url,
            login: Login::of_environment(),
            experiment: experiment.unwrap_or_else(|| EXPERIMENT.to_owned()),
            register: None,
        }
    }

    /// Sends the runs in the folders `runs`.
    ///
    /// # Errors
    /// When a run cannot be read, or the server cannot be reached or says no.
    pub fn send(&self, runs: &[PathBuf]) -> Result<(), MlflowError> {
        if runs.is_empty() {
            return Err(ExportError::Nothing.into());
        }
        let experiment = self.experiment()?;
        for path in runs {
            let run = Exported::read(path)?;
            TrackedRun::find_or_create(&experiment, &run)?.send(self, path, &run)?;
        }
        Ok(())
    }

    /// Sends the run in the folder `path` as it grows: calls `wait` between two looks at it, with what
    /// the look before came to, and ends after the first look after `wait` has returned false. What
    /// cannot be sent is tried again the next time: the run's folder is the spool.
    ///
    /// # Errors
    /// When the last look could not be sent.
    pub fn follow(
        &self,
        path: &Path,
        mut wait: impl FnMut(Option<&Result<(), MlflowError>>) -> bool,
    ) -> Result<(), MlflowError> {
        let (mut tracked, mut last) = (None, None);
        loop {
            let is_last = !wait(last.as_ref());
            let sent = self.look(path, &mut tracked);
            if is_last {
                return sent;
            }
            last = Some(sent);
        }
    }

    fn look(&self, path: &Path, tracked: &mut Option<TrackedRun>) -> Result<(), MlflowError> {
        let run = Exported::read(path)?;
        let tracked = match tracked {
            Some(tracked) => tracked,
            none => none.insert(TrackedRun::find_or_create(&self.experiment()?, &run)?),
        };
        tracked.send(self, path, &run)
    }

    fn experiment(&self) -> Result<Experiment, MlflowError> {
        let client = Client::new(&self.url, &self.login)?;
        let query = [("experiment_name", self.experiment.as_str())];
        let found = match client.get("experiments/get-by-name", &query) {
            Ok(found) => text(&found, "/experiment/experiment_id"),
            Err(MlflowError::Refused { code, .. }) if code == "RESOURCE_DOES_NOT_EXIST" => {
                let body = json!({ "name": self.experiment });
                text(&client.post("experiments/create", &body)?, "/experiment_id")
            }
            Err(error) => return Err(error),
        };
        let id = found.ok_or_else(|| MlflowError::NotMlflow {
            url: self.url.clone(),
            missing: "experiment_id",
        })?;
        Ok(Experiment {
            client,
            url: self.url.clone(),
            id,
        })
    }
}

struct Experiment {
    client: Client,
    url: String,
    id: String,
}

/// A run on the server, and what of it is there.
struct TrackedRun {
    client: Client,
    id: String,
    artifacts: String,
    is_ended: bool,
    sent: Sent,
}

impl TrackedRun {
    fn find_or_create(experiment: &Experiment, run: &Exported) -> Result<TrackedRun, MlflowError> {
        let client = &experiment.client;
        let wanted = json!({
            "experiment_ids": [experiment.id],
            "filter": format!("tags.`{TAG}` = '{}'", run.record.id.as_str()),
            "max_results": 1,
        });
        let found = client.post("runs/search", &wanted)?;
        let (run, is_new) = match found.pointer("/runs/0") {
            Some(run) => (run.clone(), false),
            None => {
                let made = client.post("runs/create", &description(&experiment.id, run))?;
                (made.get("run").cloned().unwrap_or_default(), true)
            }
        };
        let field = |key: &'static str| {
            text(&run, &format!("/info/{key}")).ok_or_else(|| MlflowError::NotMlflow {
                url: experiment.url.clone(),
                missing: key,
            })
        };
        Ok(TrackedRun {
            client: client.clone(),
            id: field("run_id")?,
            artifacts: field("artifact_uri")?,
            is_ended: !is_new && text(&run, "/info/status").is_some_and(|s| s != "RUNNING"),
            sent: Sent::of(&run),
        })
    }

    /// Sends what is new, and the end of a run that has ended.
    fn send(&mut self, to: &Tracker, path: &Path, run: &Exported) -> Result<(), MlflowError> {
        if self.sent == Sent::default() {
            self.send_settings(path, run)?;
        }
        let (metrics, sent) = metrics(&run.state, created_ms(run), self.sent);
        for batch in metrics.chunks(MAX_METRICS) {
            let body = json!({ "run_id": self.id, "metrics": batch });
            self.client.post("runs/log-batch", &body)?;
        }
        self.sent = sent;
        match &run.state.status {
            Status::Finished(finish) if !self.is_ended => self.end(to, path, run, finish),
            _ => Ok(()),
        }
    }

    /// Sends settings and dataset; sending them twice changes nothing.
    fn send_settings(&self, path: &Path, run: &Exported) -> Result<(), MlflowError> {
        let params: Vec<Value> = run
            .record
            .settings()
            .iter()
            .map(|(key, value)| {
                let value: String = value.to_string().chars().take(MAX_PARAM).collect();
                json!({ "key": key, "value": value })
            })
            .collect();
        // At most a hundred parameters in a request, by MLflow's own limit.
        for params in params.chunks(100) {
            let body = json!({ "run_id": self.id, "params": params });
            self.client.post("runs/log-batch", &body)?;
        }
        let folder = RunFolder::open(path).map_err(ExportError::from)?;
        let data = &folder.manifest().data;
        let dataset = json!({
            "name": data.name,
            "digest": data.fingerprint.chars().take(36).collect::<String>(),
            "source_type": "local",
            "source": json!({ "fingerprint": data.fingerprint }).to_string(),
        });
        let context = [json!({ "key": "mlflow.data.context", "value": "training" })];
        let body = json!({
            "run_id": self.id,
            "datasets": [{ "tags": context, "dataset": dataset }],
        });
        self.client.post("runs/log-inputs", &body).map(drop)
    }

    fn end(
        &mut self,
        to: &Tracker,
        path: &Path,
        run: &Exported,
        finish: &Finish,
    ) -> Result<(), MlflowError> {
        let model = path.join(MODEL_FILE);
        if model.is_file() {
            self.send_model(to, &model)?;
        }
        let status = match finish {
            Finish::Completed | Finish::EarlyStopped => "FINISHED",
            Finish::Stopped => "KILLED",
            _ => "FAILED",
        };
        let secs = run.state.points.last().map_or(0.0, |point| point.secs);
        let body = json!({
            "run_id": self.id,
            "status": status,
            "end_time": created_ms(run) + (1e3 * secs) as u64,
        });
        self.client.post("runs/update", &body)?;
        self.is_ended = true;
        Ok(())
    }

    fn send_model(&self, to: &Tracker, model: &Path) -> Result<(), MlflowError> {
        // Another store than the server's own has its own way in.
        let Some(folder) = self.artifacts.strip_prefix("mlflow-artifacts:/") else {
            return Ok(());
        };
        let bytes = std::fs::read(model).map_err(|reason| MlflowError::File {
            path: model.display().to_string(),
            reason,
        })?;
        let folder = folder.trim_start_matches('/');
        self.client
            .put(&format!("{folder}/model/{MODEL_FILE}"), &bytes)?;
        let Some(name) = &to.register else {
            return Ok(());
        };
        match self
            .client
            .post("registered-models/create", &json!({ "name": name }))
        {
            Err(MlflowError::Refused { code, .. }) if code == "RESOURCE_ALREADY_EXISTS" => {}
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        let body = json!({
            "name": name,
            "source": format!("{}/model", self.artifacts),
            "run_id": self.id,
        });
        self.client.post("model-versions/create", &body).map(drop)
    }
}

/// What a run begins with.
fn description(experiment: &str, run: &Exported) -> Value {
    let tag = |key: &str, value: &str| json!({ "key": key, "value": value });
    let record = &run.record;
    let mut tags = vec![
        tag(TAG, record.id.as_str()),
        tag("mlflow.source.name", "candle-studio"),
        tag("candle_studio.version", env!("CARGO_PKG_VERSION")),
    ];
    if !record.notes.note.is_empty() {
        tags.push(tag("mlflow.note.content", &record.notes.note));
    }
    json!({
        "experiment_id": experiment,
        "run_name": record.name,
        "start_time": created_ms(run),
        "tags": tags,
    })
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

/// When the run was created, in milliseconds since 1970.
fn created_ms(run: &Exported) -> u64 {
    let time = humantime::parse_rfc3339(&run.record.created).ok();
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_millis() as u64)
}
