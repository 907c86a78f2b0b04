//! `candle-studio bench`, for a moment.

use candle_studio::model::PRESETS;

use super::{json_lines, lines, run};

#[test]
fn the_machine_and_every_preset_are_measured() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["bench", "--short", "--threads", "2", "--json"];
    let told = json_lines(&run(dir.path(), &args));
    assert_eq!(told.len(), 2 + PRESETS.len());
    let peak = told[0]["peak_gflops"].as_f64().unwrap();
    assert!(peak > 0.0);
    assert_eq!(told[0]["threads"], 2);
    for (line, preset) in told[1..].iter().zip(PRESETS) {
        assert_eq!(line["preset"], preset.name);
        assert!(line["images_per_second"].as_f64().unwrap() > 0.0, "{line}");
        let share = line["gflops"].as_f64().unwrap() / peak;
        assert!(
            (line["share_of_peak"].as_f64().unwrap() - share).abs() < 1e-6,
            "{line}"
        );
    }
    let sketch = &told[1 + PRESETS.len()];
    assert_eq!(sketch["preset"], "keras-cnn");
    assert!(sketch["milliseconds"].as_f64().unwrap() > 0.0, "{sketch}");
}

#[test]
fn people_get_a_table() {
    let dir = tempfile::tempdir().unwrap();
    let shown = lines(&run(dir.path(), &["bench", "--short"]));
    for preset in PRESETS {
        let row = |line: &&String| line.starts_with(preset.name) && line.ends_with('%');
        assert_eq!(shown.iter().filter(row).count(), 1, "{shown:?}");
    }
}
