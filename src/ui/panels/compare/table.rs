//! Runs as a table.

use egui::Ui;

use crate::ui::panels::{Cx, runs};

/// Shows the runs that pass the filter.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let filter = cx.studio.filter();
    let all = cx.studio.runs().iter().enumerate();
    let found = all.filter(|(_, run)| filter.passes(run));
    let shown: Vec<usize> = found.map(|(idx, _)| idx).rev().collect();
    runs::list_ui(ui, cx, &shown);
}
