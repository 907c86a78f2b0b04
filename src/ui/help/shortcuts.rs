//! The list of shortcuts.

use egui::{Grid, ScrollArea, Ui};

use crate::ui::command::Command;
use crate::ui::place::Place;
use crate::ui::theme;

/// Height of the list, in points.
const HEIGHT: f32 = 420.0;

/// What keys and pointer do on the canvas and in the list of layers, which are always shown.
const ALWAYS: [(&str, &str); 7] = [
    ("Left button", "Canvas: draw"),
    ("Right button", "Canvas: erase"),
    ("Alt+0 to Alt+9", "Canvas: label the sketch"),
    ("Alt+Up, Alt+Down", "List of layers: move the layer"),
    ("Ctrl+D", "List of layers: duplicate the layer"),
    ("Delete", "List of layers: remove the layer"),
    ("Drop a file", "Open an image, a model or a dataset"),
];

/// What keys and pointer do in `place` only.
fn here(place: Place) -> &'static [(&'static str, &'static str)] {
    match place {
        Place::Train => &[
            ("Wheel", "Curves: zoom"),
            ("Drag", "Curves: move, once zoomed"),
            ("Double click", "Curves: show all"),
        ],
        Place::Compare => &[
            ("Up, Down, Page Up, Page Down", "Table: go to another run"),
            ("Home, End", "Table: go to the first or last run"),
            ("Shift and an arrow", "Table: extend the selection"),
            ("Ctrl and a click", "Table: add a run to the selection"),
        ],
        Place::Evaluate => &[
            ("Tab and the arrows", "Images: go to another image"),
            ("Enter", "Images: put the image on the canvas"),
        ],
        Place::Data | Place::Deploy | Place::Network | Place::Explain | Place::Sweep => &[],
    }
}

/// Shows the shortcuts of `place` and of all commands.
pub(super) fn ui(ui: &mut Ui, place: Place) {
    let list = ScrollArea::vertical().max_height(HEIGHT).auto_shrink(false);
    list.show(ui, |ui| {
        if !here(place).is_empty() {
            section_ui(ui, place.label(), here(place).iter().map(owned));
            ui.add_space(8.0);
        }
        let commands = Command::all().filter_map(|command| {
            let keys = ui.format_shortcut(&command.shortcut()?);
            Some((keys, command.label()))
        });
        let commands: Vec<_> = commands.collect();
        section_ui(ui, "Everywhere", commands.into_iter());
        ui.add_space(8.0);
        section_ui(ui, "Canvas and layers", ALWAYS.iter().map(owned));
    });
}

fn owned((keys, what): &(&str, &str)) -> (String, String) {
    ((*keys).to_owned(), (*what).to_owned())
}

fn section_ui(ui: &mut Ui, title: &str, rows: impl Iterator<Item = (String, String)>) {
    ui.label(theme::section(ui, title));
    let grid = Grid::new(("shortcuts", title)).num_columns(2);
    grid.spacing(egui::vec2(24.0, 2.0)).show(ui, |ui| {
        for (keys, what) in rows {
            ui.label(what);
            ui.label(theme::quiet(ui, keys));
            ui.end_row();
        }
    });
}
