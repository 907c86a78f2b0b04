//! The run under the pointer, in any view: all views highlight it.

use crate::runs::RunId;

/// Panels set the run under the pointer and read it in the next frame.
#[derive(Default)]
pub struct Hover {
    run: Option<RunId>,
    next: Option<RunId>,
}

impl Hover {
    /// Begins a frame: what was set during the last one is now read.
    pub fn begin_frame(&mut self) {
        self.run = self.next.take();
    }

    /// Sets the run under the pointer.
    pub fn set(&mut self, id: &RunId) {
        self.next = Some(id.clone());
    }

    /// The run that was under the pointer in the last frame.
    pub fn run(&self) -> Option<&RunId> {
        self.run.as_ref()
    }

    /// Whether this run was under the pointer in the last frame.
    pub fn is_at(&self, id: &RunId) -> bool {
        self.run.as_ref() == Some(id)
    }

    /// Whether the pointer moved to another run, so that all views must be repainted.
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
