//! Version, licenses and folders.

use egui::{Label, RichText, ScrollArea, Ui};

use crate::ui::panels::PanelContext;
use crate::ui::panels::status::reach;
use crate::ui::theme;
use crate::ui::widgets::{Icon, Weight, labeled_button};

/// What is in the program besides its own code, by license.
const LICENSES: [(&str, &str); 8] = [
    (
        "MNIST images (CC BY-SA 3.0)",
        "The MNIST database of handwritten digits by Yann LeCun, Corinna Cortes and Christopher \
         J. C. Burges.",
    ),
    (
        "8×8 digits (CC BY 4.0)",
        "Optical Recognition of Handwritten Digits by E. Alpaydin and C. Kaynak, UCI Machine Learning \
         Repository, as scikit-learn has it.",
    ),
    (
        "Fonts (SIL Open Font License 1.1)",
        "Inter by The Inter Project Authors; JetBrains Mono by The JetBrains Mono Project Authors; \
         with egui: Noto Emoji and emoji-icon-font; also with egui: Ubuntu (Ubuntu Font License 1.0) \
         and Hack (MIT).",
    ),
    (
        "MIT or Apache 2.0",
        "age (in packages), anyhow, base64, candle-core, candle-nn, clap, clap_complete, clap_mangen, crc32c, ctrlc, \
         directories, eframe, egui, egui_plot, egui_table, flate2, hdf5-pure, humantime, image, libc, \
         percent-encoding, prometheus-client, rand, rand_chacha, rand_distr, resvg, serde, \
         serde_json, sha2, sobol_burley, tar, thiserror, tokio-rustls, toml, ureq.",
    ),
    (
        "MIT",
        "bytes, csv (or Unlicense), gemm, http-body-util, hyper, indicatif, mimalloc, open, \
         optimizer, pulp, qrcodegen, rfd, rusqlite, statrs, tokio, zip.",
    ),
    ("Apache 2.0", "parquet, prost, safetensors."),
    ("BSD 3-clause", "atomic-write-file, subtle."),
    (
        "Public domain",
        "SQLite. Further crates come with those above; Licenses of all crates has each with its text.",
    ),
];

/// Shows the page.
pub(super) fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let version = concat!("Version ", env!("CARGO_PKG_VERSION"));
    ui.label(RichText::new(version));
    ui.label(concat!("License: ", env!("CARGO_PKG_LICENSE")));
    let (text, about) = reach(cx.studio);
    ui.label(theme::quiet(ui, format!("{text}.")))
        .on_hover_text(about);
    ui.add_space(8.0);
    workspace_ui(ui, cx);
    ui.add_space(8.0);
    let list = ScrollArea::vertical().max_height(300.0).auto_shrink(false);
    list.show(ui, |ui| {
        for (license, what) in LICENSES {
            ui.label(theme::section(ui, license));
            ui.add(Label::new(what).wrap());
            ui.add_space(4.0);
        }
    });
}

/// Shows the folder of the runs, with a button that opens it.
fn workspace_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let Some(folder) = cx.studio.workspace() else {
        ui.label("Runs are not saved to disk.");
        return;
    };
    ui.horizontal(|ui| {
        let button = labeled_button(
            ui,
            Some(Icon::Folder),
            "Open workspace folder",
            Weight::Plain,
            0.0,
            true,
        );
        if button
            .on_hover_text("Opens it in the file manager.")
            .clicked()
        {
            cx.output.folders.push(folder.to_owned());
        }
        let path = theme::quiet(ui, folder.display().to_string());
        ui.add(Label::new(path).truncate().selectable(true));
    });
}

#[cfg(test)]
mod tests {
    use super::LICENSES;

    #[test]
    fn every_dependency_is_named_with_its_license() {
        let manifest: toml::Table = include_str!("../../../Cargo.toml").parse().unwrap();
        let named: Vec<&str> = LICENSES
            .iter()
            .flat_map(|(_, what)| what.split([',', ' ']))
            .map(|word| word.trim_end_matches('.'))
            .collect();
        for crate_name in manifest["dependencies"].as_table().unwrap().keys() {
            assert!(named.contains(&crate_name.as_str()), "{crate_name}");
        }
    }
}
