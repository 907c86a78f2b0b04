//! What eframe keeps between two sessions.

use candle_studio::ui::{Options, StudioApp};
use egui_kittest::Harness;

use super::window::Window;

/// Settings by their keys.
#[derive(Default)]
pub struct Kept(std::collections::HashMap<String, String>);

impl eframe::Storage for Kept {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }

    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }

    fn flush(&mut self) {}
}

/// A window that opens with what was kept.
pub fn open_kept(kept: &Kept, options: Options) -> Window {
    let mut window = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_max_steps(60)
        .build_eframe(|cc: &mut eframe::CreationContext<'_>| {
            let mut with_kept = eframe::CreationContext::_new_kittest(cc.egui_ctx.clone());
            with_kept.storage = Some(kept);
            StudioApp::new(&with_kept, options).unwrap()
        });
    window.run_steps(4);
    window
}
