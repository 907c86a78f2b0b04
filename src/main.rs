//! What was typed → a window or a command; nothing else.

use std::process::ExitCode;

use candle_studio::cli::Cli;
use clap::Parser as _;

/// Training allocates and frees large buffers in every batch; with the system's allocator a
/// quarter of the time would go into mapping fresh pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(command) => command.run(),
        None => window(),
    }
}

fn window() -> ExitCode {
    eprintln!("error: this build has no window; see candle-studio --help");
    ExitCode::from(2)
}
