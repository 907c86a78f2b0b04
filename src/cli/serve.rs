//! `candle-studio serve`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, bail};
use serde::Serialize;

use super::resolve_run::{model_file, run_folder};
use super::{UsageError, out};
use crate::runs::RunFolder;
#[cfg(feature = "tls")]
use crate::serve::Tls;
use crate::serve::{ModelSource, Options, ServeError, Server, Token};
use crate::signals::{self, INTERRUPTED};
use crate::train::Finish;

/// The arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Models: files from `train --save` or the window, or runs: their folders, or their ids or names
    /// in the workspace. NAME=MODEL sets the name in addresses; several models of the same NAME are
    /// its versions 1, 2, …
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one. An address that other machines can
    /// reach needs --token-file.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000", value_parser = address)]
    listen: SocketAddr,
    /// File with the token that clients have to send as `Authorization: Bearer`; it is made if it is
    /// not there.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[cfg(feature = "tls")]
    #[command(flatten)]
    tls: TlsArgs,
    /// Host name that clients may use besides `localhost` and addresses; can be given several times.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Origin whose web pages may ask, such as https://example.org; can be given several times.
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Write a line per request to standard error: time, address, status, duration.
    #[arg(long)]
    log: bool,
    /// Number of threads that run the models; changes the speed, not the answers [default: all
    /// processors but one].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print where it listens as one JSON line.
    #[arg(long)]
    json: bool,
}

/// Where the certificate is.
#[cfg(feature = "tls")]
#[derive(Debug, clap::Args)]
struct TlsArgs {
    /// Encrypt connections (https): PEM file with the certificate and those that vouch for it.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// PEM file with the private key of --tls-cert.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

#[cfg(feature = "tls")]
impl TlsArgs {
    fn read(&self) -> Result<Option<Tls>, ServeError> {
        let files = self.tls_cert.as_deref().zip(self.tls_key.as_deref());
        files
            .map(|(cert, key)| Tls::of_files(cert, key))
            .transpose()
    }
}

/// The first line of output.
#[derive(Serialize)]
struct Listening<'a> {
    event: &'static str,
    url: &'a str,
    models: Vec<&'a str>,
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let sources = args.models.iter().map(|text| source(text, workspace));
    let sources: Vec<ModelSource> = sources.collect::<anyhow::Result<_>>()?;
    let token = args.token_file.as_deref().map(Token::of_file).transpose()?;
    let mut options = Options {
        token,
        #[cfg(feature = "tls")]
        tls: args.tls.read()?,
        hosts: args.allow_host.clone(),
        origins: args.allow_origin.clone(),
        log_requests: args.log,
        ..Options::new(args.listen)
    };
    if let Some(threads) = args.threads {
        options.n_threads = threads.into();
    }
    let server = Server::start(&sources, options, Arc::new(out::eprint)).map_err(in_our_words)?;
    stop_at_signals(&server)?;
    let url = server.url();
    let mut models: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    models.dedup();
    match args.json {
        true => out::print_json(&Listening {
            event: "listening",
            url: &url,
            models,
        })?,
        false => out::print(&format!("serving {} at {url}", models.join(", ")))?,
    }
    server.wait();
    Ok(ExitCode::SUCCESS)
}

/// The first signal ends the service in order, the second one at once.
fn stop_at_signals(server: &Server) -> anyhow::Result<()> {
    let stop = server.stop();
    let is_stopping = AtomicBool::new(false);
    signals::listen(move || {
        if is_stopping.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
        stop.stop();
    })
    .context("could not prepare for Ctrl-C")
}

/// What could be named otherwise is wrong usage.
fn in_our_words(error: ServeError) -> anyhow::Error {
    match error {
        ServeError::SameName(_) | ServeError::Name(_) | ServeError::NoToken(_) => {
            UsageError(error.to_string()).into()
        }
        other => other.into(),
    }
}

/// An address with a port; `localhost` is this machine.
fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text
        .strip_prefix("localhost:")
        .and_then(|port| port.parse().ok());
    if let Some(port) = local {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    let expected = "expected an address and a port, such as 127.0.0.1:8000 or [::1]:0";
    text.parse().map_err(|_error| expected.to_owned())
}

/// The model that `MODEL` or `NAME=MODEL` names.
fn source(text: &Path, workspace: Option<&Path>) -> anyhow::Result<ModelSource> {
    let named = text.to_str().and_then(|text| text.split_once('='));
    let (name, model) = match named {
        Some((name, model)) if !text.exists() => (Some(name.to_owned()), PathBuf::from(model)),
        _ => (None, text.to_owned()),
    };
    let path = model_file(&model, workspace)?;
    let is_file = path == model;
    let named_by = match is_file {
        true => path.file_stem().unwrap_or_default().to_owned(),
        false => {
            let folder = run_folder(&model, workspace)?;
            check_not_diverged(&model, &folder)?;
            folder.file_name().unwrap_or(model.as_os_str()).to_owned()
        }
    };
    let is_named = name.is_some();
    Ok(ModelSource {
        name: name.unwrap_or_else(|| named_by.to_string_lossy().into_owned()),
        is_named,
        path,
    })
}

/// The weights of a run that diverged are from before it did, but nobody chose them.
fn check_not_diverged(run: &Path, folder: &Path) -> anyhow::Result<()> {
    let summary = RunFolder::open(folder)?.summary()?;
    match summary.map(|summary| summary.finish) {
        Some(Finish::Diverged { step }) => bail!(
            "{} diverged at update {step}, so its model is not served",
            run.display()
        ),
        _ => Ok(()),
    }
}
