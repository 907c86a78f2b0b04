//! Being asked to end: by Ctrl-C and, on Unix, by `SIGTERM` and `SIGHUP`, which a shutdown, a batch
//! system and a terminal that closes send.

use std::time::{Duration, Instant};

/// Exit code of shells for a program that was interrupted.
pub const INTERRUPTED: u8 = 130;

/// A terminal that closes asks twice, itself and through its shell: what comes so close together is
/// one wish. Nobody presses Ctrl-C twice in that time.
const TOGETHER: Duration = Duration::from_millis(150);

/// Calls `heard`, on a thread of its own, whenever the program is asked to end, which then ends no
/// longer by itself. Somebody who wants `SIGHUP` ignored, as `nohup` does, gets that.
///
/// # Errors
/// When the system refuses, or somebody listens already.
pub fn listen(mut heard: impl FnMut() + Send + 'static) -> Result<(), ctrlc::Error> {
    let ignores_hangup = hangup::is_ignored();
    let mut last: Option<Instant> = None;
    ctrlc::set_handler(move || {
        let is_another = last.is_none_or(|last| last.elapsed() > TOGETHER);
        last = Some(Instant::now());
        if is_another {
            heard();
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
    reason = "the system's own calls are the only way to ask what was decided about a signal"
)]
mod hangup {
    /// Whether whoever started the program wants `SIGHUP` ignored.
    pub(super) fn is_ignored() -> bool {
        // SAFETY: zeros are a valid `sigaction`, which is only written to, and nothing is changed.
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
