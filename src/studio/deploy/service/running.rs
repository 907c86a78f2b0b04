//! A service that answers, with the files it serves.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ServedModel, ServiceForm, Subject};
use crate::serve::{ModelSource, Options, Server, Tell, Token, Traffic};

/// A service that answers. Its files are deleted with it.
pub(in crate::studio) struct Running {
    // Stopped before its files are deleted.
    server: Option<Server>,
    /// Where to reach it, from other machines if they can.
    pub(super) url: String,
    /// The names of its models.
    pub(super) names: Vec<String>,
    /// What others have to show, if it is open to them.
    pub(super) token: Option<String>,
    folder: PathBuf,
}

impl Running {
    /// Writes the models to a folder of their own, and starts a service for them.
    pub(super) fn start(
        subjects: &[Subject],
        form: ServiceForm,
        tell: Tell,
    ) -> Result<Running, String> {
        let mut running = Running {
            server: None,
            url: String::new(),
            names: addresses(subjects),
            token: None,
            folder: new_folder()?,
        };
        let mut sources = Vec::new();
        for (idx, (subject, name)) in subjects.iter().zip(&running.names).enumerate() {
            let path = running.file(idx);
            subject.write(&path)?;
            sources.push(ModelSource {
                name: name.clone(),
                is_named: true,
                path,
            });
        }
        let ip = match form.is_open {
            true => Ipv4Addr::UNSPECIFIED,
            false => Ipv4Addr::LOCALHOST,
        };
        let mut options = Options {
            log_requests: true,
            // The window trains meanwhile.
            n_threads: 1,
            ..Options::new(SocketAddr::new(IpAddr::V4(ip), form.port))
        };
        if form.is_open {
            let (token, text) = Token::random().map_err(|error| error.to_string())?;
            options.token = Some(token);
            running.token = Some(text);
        }
        let server = Server::start(&sources, options, tell).map_err(|error| error.to_string())?;
        running.url = match form.is_open {
            true => format!("http://{}:{}", own_address(), server.address().port()),
            false => server.url(),
        };
        running.server = Some(server);
        Ok(running)
    }

    /// The file of the first model; the service reads it again when it has changed.
    pub(super) fn model_file(&self) -> PathBuf {
        self.file(0)
    }

    fn file(&self, idx: usize) -> PathBuf {
        self.folder.join(format!("model-{idx}.safetensors"))
    }

    /// What it is doing.
    pub(super) fn traffic(&self) -> Option<&Arc<Traffic>> {
        self.server.as_ref().map(Server::traffic)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server = None;
        // What stays is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Subject {
    fn write(&self, file: &Path) -> Result<(), String> {
        match &self.model {
            ServedModel::Here(classifier) => {
                let saved = classifier.save(file);
                saved.map_err(|error| format!("{error:#}"))
            }
            ServedModel::File(path) => {
                let copied = std::fs::copy(path, file).map(drop);
                copied.map_err(|error| format!("{}: {error}", path.display()))
            }
        }
    }
}

/// The address of this machine in its network; that of the machine itself if it is in none. Nothing
/// is sent: the socket only asks for the way to an address that is reserved for examples (RFC 5737).
fn own_address() -> IpAddr {
    let find = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        Ok::<_, std::io::Error>(socket.local_addr()?.ip())
    };
    find().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
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

/// The names of models in addresses: each another, and without what addresses cannot hold.
fn addresses(subjects: &[Subject]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for subject in subjects {
        let name = in_address(&subject.name);
        let numbered = (2..).map(|n| format!("{name}-{n}"));
        let free = std::iter::once(name.clone()).chain(numbered);
        names.extend(free.into_iter().find(|name| !names.contains(name)));
    }
    names
}

/// A name without what addresses cannot hold.
fn in_address(name: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_alphanumeric() || "-_.".contains(c) => c,
        _ => '-',
    };
    name.chars().map(plain).collect()
}
