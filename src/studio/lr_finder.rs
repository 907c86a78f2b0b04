//! The LR finder of the window.

use crate::train::LrCurve;

/// The state of the LR finder.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LrFinder {
    /// Not started, or closed.
    #[default]
    Closed,
    /// The trial run is in progress.
    Searching,
    /// The trial run has finished.
    Found(LrCurve),
}

impl LrFinder {
    /// Stores the result of the trial run, unless the finder was closed meanwhile.
    ///
    /// # Errors
    /// The error of the trial run: one sentence.
    pub(super) fn receive(&mut self, found: Result<LrCurve, String>) -> Result<(), String> {
        if *self != LrFinder::Searching {
            return Ok(());
        }
        *self = LrFinder::Closed;
        *self = LrFinder::Found(found?);
        Ok(())
    }
}
