//! Where runs are tracked: an MLflow server.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;

use super::{UsageError, out};
use crate::export::{MlflowError, Tracker};

/// Time between two looks at a run that trains.
const EVERY: Duration = Duration::from_secs(2);

/// Where runs are tracked.
#[derive(Debug, clap::Args)]
pub(super) struct MlflowArgs {
    /// Send it to the MLflow server at URL, such as http://localhost:5000: settings, metrics, dataset
    /// and model file. Who asks is in the environment, as MLFLOW_TRACKING_TOKEN, or
    /// MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
    #[arg(long, value_name = "URL")]
    mlflow: Option<String>,
    /// The experiment there, made if it is not there [default: MLFLOW_EXPERIMENT_NAME of the
    /// environment, or candle-studio].
    #[arg(long, value_name = "NAME", requires = "mlflow")]
    mlflow_experiment: Option<String>,
    /// Register the model there under this name.
    #[arg(long, value_name = "NAME", requires = "mlflow")]
    mlflow_register: Option<String>,
}

impl MlflowArgs {
    /// The server, if one is named.
    pub fn tracker(&self) -> Option<Tracker> {
        let usual = Tracker::of_environment(self.mlflow.clone()?);
        Some(Tracker {
            experiment: self.mlflow_experiment.clone().unwrap_or(usual.experiment),
            register: self.mlflow_register.clone(),
            ..usual
        })
    }

    /// Sends the run in `folder` while it trains, if a server is named.
    pub fn follow(&self, folder: Option<&Path>) -> anyhow::Result<Option<Following>> {
        let Some(tracker) = self.tracker() else {
            return Ok(None);
        };
        let Some(folder) = folder.map(Path::to_owned) else {
            let text = "--mlflow sends what is recorded, and this run is not";
            return Err(UsageError(text.to_owned()).into());
        };
        let (until, ended) = mpsc::channel::<()>();
        let wait = move |_: Option<&_>| ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout);
        let thread = std::thread::Builder::new().name("mlflow".to_owned());
        let thread = thread.spawn(move || tracker.follow(&folder, wait));
        Ok(Some(Following {
            until: Some(until),
            thread: thread.context("could not start a thread")?,
        }))
    }
}

/// A run that is sent while it trains.
pub(super) struct Following {
    until: Option<Sender<()>>,
    thread: JoinHandle<Result<(), MlflowError>>,
}

impl Following {
    /// Sends the end of the run. A server that is away has no say in how training ended.
    pub fn end(mut self) {
        self.until = None;
        if let Ok(Err(error)) = self.thread.join() {
            out::eprint(&format!(
                "warning: {error}; `candle-studio runs export last --mlflow URL` sends the run later"
            ));
        }
    }
}
