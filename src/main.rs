//! Parses the arguments, then opens the window or runs a command.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use candle_studio::cli::{Cli, Command};

/// Training allocates and frees large buffers in every batch; with the system's allocator, mapping
/// fresh pages would take a quarter of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    silence_candles_threads();
    let cli = match Cli::of_process() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    match cli.command {
        Some(Command::Open(args)) => window(cli.workspace, &args.files),
        Some(command) => command.run(cli.workspace.as_deref()),
        None => window(cli.workspace, &[]),
    }
}

#[cfg(feature = "gui")]
fn window(workspace: Option<PathBuf>, files: &[PathBuf]) -> ExitCode {
    use candle_studio::{runs, ui};

    let options = ui::Options {
        workspace,
        default_workspace: runs::default_workspace(),
        session: None,
    };
    match ui::run(options, files) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => notify_error(&format!("{error:#}")),
    }
}

#[cfg(not(feature = "gui"))]
fn window(_workspace: Option<PathBuf>, _files: &[PathBuf]) -> ExitCode {
    notify_error("this build has no window; see candle-studio --help")
}

fn notify_error(text: &str) -> ExitCode {
    // `eprintln!` would panic if standard error is closed.
    let text = candle_studio::text::printable(text);
    let _ = writeln!(std::io::stderr(), "error: {text}");
    ExitCode::FAILURE
}

/// Disables candle's threads, which spin while they wait and compete with ours: with them an epoch
/// of the `mlp` preset took 2.5 s, without 1.7 s. The first large sum of tensors would start them.
#[expect(
    unsafe_code,
    reason = "an environment variable is candle's only switch for this"
)]
fn silence_candles_threads() {
    const VARIABLE: &str = "CANDLE_NUM_THREADS";
    if std::env::var_os(VARIABLE).is_none() {
        // SAFETY: this is the first thing `main` does, so no other thread can be reading the
        // environment.
        unsafe { std::env::set_var(VARIABLE, "1") };
    }
}
