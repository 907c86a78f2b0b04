//! `candle-studio generate`: the pages and completions that packages install. Not listed in the
//! help.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Cli;

/// The arguments of `generate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to write to; created if needed.
    dir: PathBuf,
}

/// Writes a man page for the program and for each of its commands, and completions for bash, zsh
/// and fish.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let dir = &args.dir;
    let failed = || format!("could not write to {}", dir.display());
    std::fs::create_dir_all(dir).with_context(failed)?;
    let command = Cli::command();
    clap_mangen::generate_to(command.clone(), dir).with_context(failed)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command.clone(), "candle-studio", dir)
            .with_context(failed)?;
    }
    Ok(ExitCode::SUCCESS)
}
