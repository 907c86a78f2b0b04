//! The run that the pointer is at, in whatever view: all views let it stand out.

use crate::runs::RunId;

/// Panels tell when the pointer is at a run, and ask at which it is.
#[derive(Default)]
pub struct Hover {
    run: Option<RunId>,
    next: Option<RunId>,
}

impl Hover {
    /// Before a frame: what was told during the last one holds for this one.
    pub fn begin_frame(&mut self) {
        self.run = self.next.take();
    }

    /// The pointer is at this run.
    pub fn set(&mut self, id: &RunId) {
        self.next = Some(id.clone());
    }

    /// The run the pointer was at in the last frame.
    pub fn run(&self) -> Option<&RunId> {
        self.run.as_ref()
    }

    /// Whether the pointer was at this run in the last frame.
    pub fn is_at(&self, id: &RunId) -> bool {
        self.run.as_ref() == Some(id)
    }

    /// Whether the pointer moved to another run, so that all views have to be drawn again.
    pub fn is_stale(&self) -> bool {
        self.run != self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_holds_for_the_next_frame() {
        let mut hover = Hover::default();
        hover.set(&RunId::new("a"));
        assert_eq!(hover.run(), None);
        assert!(hover.is_stale());
        hover.begin_frame();
        assert!(hover.is_at(&RunId::new("a")));
        hover.begin_frame();
        assert_eq!(hover.run(), None);
    }
}
