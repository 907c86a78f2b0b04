//! Selecting the images of a cell, a row, a column or a pair.

use crate::evaluate::{Filter, Selection};
use crate::studio::EvaluateAction;
use crate::ui::panels::PanelContext;

/// Selects the images of `filter`, or all again if they are selected.
pub(super) fn select(cx: &mut PanelContext<'_>, filter: Filter) {
    let selection = cx.studio.evaluator().selection();
    // A second click shows all images again.
    let filter = if selection.filter == filter {
        Filter::default()
    } else {
        filter
    };
    let selection = Selection {
        filter,
        ..selection.clone()
    };
    cx.act(EvaluateAction::Select(selection));
}
