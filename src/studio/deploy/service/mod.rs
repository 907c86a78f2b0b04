//! The model on the canvas as a service.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::Classifier;
use crate::serve::{ModelSource, Options, Server};
use crate::studio::Studio;
use crate::studio::message::Message;
use crate::studio::thread::Wake;

/// Lines of the log that are kept.
const MAX_LINES: usize = 200;

/// Time between two exchanges of the weights that are served while a run trains.
const EXCHANGE_EVERY: Duration = Duration::from_secs(2);

/// What the service is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// There is none.
    Off,
    /// It starts, or ends.
    Changing,
    /// It answers.
    On,
}

/// A service that answers. Its files are deleted with it.
pub(in crate::studio) struct Running {
    // Stopped before its files are deleted.
    server: Option<Server>,
    url: String,
    name: String,
    folder: PathBuf,
}

impl Running {
    fn model_file(&self) -> PathBuf {
        self.folder.join("model.safetensors")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server = None;
        // What stays is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The service, and its log.
pub struct Services {
    wake: Wake,
    running: Option<Running>,
    is_changing: bool,
    lines: Arc<Mutex<VecDeque<String>>>,
    follows: bool,
    /// The weights that were exchanged last, and when.
    exchanged: Option<(Instant, Arc<Classifier>)>,
}

impl Services {
    pub(in crate::studio) fn new(wake: Wake) -> Services {
        Services {
            wake,
            running: None,
            is_changing: false,
            lines: Arc::default(),
            follows: false,
            exchanged: None,
        }
    }

    /// What it is doing.
    pub fn state(&self) -> ServiceState {
        match (&self.running, self.is_changing) {
            (_, true) => ServiceState::Changing,
            (Some(_), false) => ServiceState::On,
            (None, false) => ServiceState::Off,
        }
    }

    /// Where it answers, such as `http://127.0.0.1:8000`.
    pub fn url(&self) -> Option<&str> {
        self.running.as_ref().map(|running| running.url.as_str())
    }

    /// The name of the model in addresses.
    pub fn model(&self) -> Option<&str> {
        self.running.as_ref().map(|running| running.name.as_str())
    }

    /// Whether it serves the newest weights of the run in training.
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// The last lines of its log, the newest first: time, address, status, duration of each
    /// request, never what it held.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().rev().cloned().collect()
    }

    pub(super) fn follow(&mut self, follows: bool) {
        self.follows = follows;
        self.exchanged = None;
    }

    /// Takes a service that was started, ended, or could not be started.
    fn receive(&mut self, running: Option<Running>) {
        self.running = running;
        self.is_changing = false;
        self.exchanged = None;
    }
}

impl Studio {
    /// The service.
    pub fn services(&self) -> &Services {
        &self.services
    }

    pub(super) fn serve(&mut self, port: u16) {
        let (Some(classifier), Some(name)) = (self.classifier().cloned(), self.model_name()) else {
            let text = "There is no model to serve yet: train one or open a file";
            return self.notices.error(text.to_owned());
        };
        if self.services.state() != ServiceState::Off {
            return;
        }
        let services = &mut self.services;
        services.is_changing = true;
        let (lines, wake) = (services.lines.clone(), services.wake.clone());
        self.files.run("starting the service".to_owned(), move || {
            let tell = move |line: &str| {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.len() == MAX_LINES {
                    lines.pop_front();
                }
                lines.push_back(line.to_owned());
                drop(lines);
                wake();
            };
            Message::Service(start(&classifier, &name, port, Arc::new(tell)).map(Some))
        });
    }

    pub(super) fn stop_service(&mut self) {
        if let Some(running) = self.services.running.take() {
            self.services.is_changing = true;
            self.files.run("ending the service".to_owned(), move || {
                drop(running);
                Message::Service(Ok(None))
            });
        }
    }

    /// Takes a service that was started, or ended, or says why it could not be started.
    pub(in crate::studio) fn receive_service(&mut self, changed: Result<Option<Running>, String>) {
        let running = self.notices.check(changed).flatten();
        self.services.receive(running);
    }

    /// Exchanges the weights that are served for the newest ones, now and then.
    pub(in crate::studio) fn exchange_served(&mut self) {
        let (Some(classifier), Some(running), true) = (
            self.canvas.trained(),
            &self.services.running,
            self.services.follows,
        ) else {
            return;
        };
        let is_early = |(at, served): &(Instant, Arc<Classifier>)| {
            at.elapsed() < EXCHANGE_EVERY || Arc::ptr_eq(served, classifier)
        };
        if self.services.exchanged.as_ref().is_some_and(is_early) {
            return;
        }
        let (classifier, file) = (classifier.clone(), running.model_file());
        self.services.exchanged = Some((Instant::now(), classifier.clone()));
        self.files.run("serving newer weights".to_owned(), move || {
            // The service reads the file again once it is whole.
            let saved = classifier.save(&file);
            Message::Exchanged(saved.map_err(|error| format!("{error:#}")))
        });
    }
}

/// Writes the model to a folder of its own, and starts a service for it.
fn start(
    classifier: &Classifier,
    name: &str,
    port: u16,
    tell: crate::serve::Tell,
) -> Result<Running, String> {
    let folder = new_folder()?;
    let mut running = Running {
        server: None,
        url: String::new(),
        name: in_address(name),
        folder,
    };
    let file = running.model_file();
    classifier
        .save(&file)
        .map_err(|error| format!("{error:#}"))?;
    let source = ModelSource {
        name: running.name.clone(),
        is_named: true,
        path: file,
    };
    let listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let options = Options {
        log_requests: true,
        // The window trains meanwhile.
        n_threads: 1,
        ..Options::new(listen)
    };
    let server = Server::start(&[source], options, tell).map_err(|error| error.to_string())?;
    running.url = format!("http://{}", server.address());
    running.server = Some(server);
    Ok(running)
}

/// A folder that nobody else has.
fn new_folder() -> Result<PathBuf, String> {
    let base = std::env::temp_dir();
    let id = std::process::id();
    for n in 0..1_000 {
        let folder = base.join(format!("candle-studio-service-{id}-{n}"));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("could not create {}: {error}", folder.display())),
        }
    }
    Err(format!("there are too many folders in {}", base.display()))
}

/// A name without what addresses cannot hold.
fn in_address(name: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_alphanumeric() || "-_.".contains(c) => c,
        _ => '-',
    };
    name.chars().map(plain).collect()
}
