//! The licenses of all crates in the program, as `packaging/licenses` collects them.

use std::io::Read as _;

use egui::{Label, RichText, ScrollArea, Ui};
use flate2::read::GzDecoder;

const TEXT: &[u8] = include_bytes!("../../../packaging/licenses.txt.gz");

/// The text, once it was shown: half a megabyte that most sessions never need.
#[derive(Default)]
pub(super) struct Licenses {
    lines: Vec<String>,
}

impl Licenses {
    /// Shows the page.
    pub(super) fn ui(&mut self, ui: &mut Ui) {
        if self.lines.is_empty() {
            self.lines = text().lines().map(str::to_owned).collect();
        }
        let height = ui.text_style_height(&egui::TextStyle::Small);
        let list = ScrollArea::vertical().max_height(360.0).auto_shrink(false);
        list.show_rows(ui, height, self.lines.len(), |ui, rows| {
            for line in &self.lines[rows] {
                ui.add(Label::new(RichText::new(line).small()).truncate());
            }
        });
    }
}

fn text() -> String {
    let mut text = String::new();
    match GzDecoder::new(TEXT).read_to_string(&mut text) {
        Ok(_) => text,
        Err(error) => format!("The licenses could not be read: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::text;

    /// `packaging/licenses` writes it anew.
    #[test]
    fn every_crate_is_named_in_the_version_that_is_built() {
        let lock: toml::Table = include_str!("../../../Cargo.lock").parse().unwrap();
        let of = |package: &toml::Value, key: &str| package[key].as_str().unwrap().to_owned();
        let packages = lock["package"].as_array().unwrap().iter();
        let locked: BTreeSet<String> = packages
            .map(|package| format!("{} {}", of(package, "name"), of(package, "version")))
            .collect();
        let text = text();
        let named: BTreeSet<String> = text
            .lines()
            .skip(2)
            .take_while(|line| !line.is_empty())
            .map(|line| line.split_once(':').unwrap().0.to_owned())
            .collect();
        let old: Vec<&String> = named.difference(&locked).collect();
        assert!(old.is_empty(), "no longer built: {old:?}");
        let manifest: toml::Table = include_str!("../../../Cargo.toml").parse().unwrap();
        let direct: Vec<&String> = manifest["dependencies"]
            .as_table()
            .unwrap()
            .keys()
            .collect();
        let has = |name: &&String| named.iter().any(|n| n.starts_with(&format!("{name} ")));
        assert!(direct.iter().all(has), "{named:?}");
        assert!(text.contains("\nPermission is hereby granted"));
    }
}
