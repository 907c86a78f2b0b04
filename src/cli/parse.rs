//! Parses the command line, with clap's errors about numbers in our words.

use std::error::Error as _;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};
use std::process::ExitCode;

use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _};

use super::{Cli, out};

impl Cli {
    /// Parses the arguments of this process; help and errors are printed.
    ///
    /// # Errors
    /// The exit code, when there is nothing to run.
    pub fn of_process() -> Result<Cli, ExitCode> {
        let mut command = with_negative_numbers(Cli::command());
        let matches = command.try_get_matches_from_mut(std::env::args_os());
        matches
            .and_then(|matches| Cli::from_arg_matches(&matches))
            .map_err(|error| report(&error))
    }
}

/// Takes `-3` for a value and not for a flag, so that the error is about the number.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        let is_valued = arg.get_action().takes_values();
        if is_valued && !arg.is_allow_hyphen_values_set() {
            arg.allow_negative_numbers(true)
        } else {
            arg
        }
    });
    command.mut_subcommands(with_negative_numbers)
}

fn report(error: &clap::Error) -> ExitCode {
    match wrong_number(error) {
        Some(message) => out::eprint(&format!(
            "error: {message}\n\nFor more information, try '--help'."
        )),
        // If the terminal is gone, nobody can be told.
        None => drop(error.print()),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// What is wrong with a number; `None` for other errors.
fn wrong_number(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::ValueValidation {
        return None;
    }
    let source = error.source()?;
    let expected = match source
        .downcast_ref::<ParseIntError>()
        .map(ParseIntError::kind)
    {
        Some(IntErrorKind::PosOverflow) => "a smaller number",
        Some(IntErrorKind::Zero) => "a whole number of at least 1",
        Some(_) => "a whole number of at least 0",
        None => source
            .downcast_ref::<ParseFloatError>()
            .map(|_| "a number such as 0.001")?,
    };
    let argument = error.get(ContextKind::InvalidArg)?;
    let value = error.get(ContextKind::InvalidValue)?;
    Some(format!("{argument}: expected {expected}, found {value}"))
}
