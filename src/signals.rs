//! Termination signals: Ctrl-C and, on Unix, `SIGTERM` and `SIGHUP`, sent by a shutdown, a batch
//! system or a closing terminal.

use std::time::{Duration, Instant};

/// Exit code of an interrupted program, as in shells.
pub const INTERRUPTED: u8 = 130;

/// A closing terminal sends two signals, itself and through its shell; signals within this time
/// count as one. Two presses of Ctrl-C take longer.
const TOGETHER: Duration = Duration::from_millis(150);

/// Calls `on_signal` on a separate thread at every termination signal, which then no longer ends
/// the program by itself. `SIGHUP` stays ignored if it was, as with `nohup`.
///
/// # Errors
/// When the handler cannot be installed, or there is one already.
pub fn listen(mut on_signal: impl FnMut() + Send + 'static) -> Result<(), ctrlc::Error> {
    let ignores_hangup = hangup::is_ignored();
    let mut last: Option<Instant> = None;
    ctrlc::set_handler(move || {
        let is_another = last.is_none_or(|last| last.elapsed() > TOGETHER);
        last = Some(Instant::now());
        if is_another {
            on_signal();
        }
    })?;
    if ignores_hangup {
        hangup::ignore();
    }
    Ok(())
}

#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "only system calls can query and set how a signal is handled"
)]
mod hangup {
    /// Returns whether `SIGHUP` is ignored.
    pub(super) fn is_ignored() -> bool {
        // SAFETY: zeros are a valid `sigaction`, which is only written to; no handler is changed.
        unsafe {
            let mut now: libc::sigaction = std::mem::zeroed();
            libc::sigaction(libc::SIGHUP, std::ptr::null(), &raw mut now) == 0
                && now.sa_sigaction == libc::SIG_IGN
        }
    }

    pub(super) fn ignore() {
        // SAFETY: ignoring a signal runs no code of ours.
        unsafe {
            libc::signal(libc::SIGHUP, libc::SIG_IGN);
        }
    }
}

#[cfg(not(unix))]
mod hangup {
    pub(super) fn is_ignored() -> bool {
        false
    }

    pub(super) fn ignore() {}
}
