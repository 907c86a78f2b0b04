//! An image whose class is asked for: large, with keys that answer.

use std::sync::Arc;

use egui::{
    Event, Image, Key, Modifiers, Role, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions,
    Ui, WidgetInfo, vec2,
};

use crate::data::{Dataset, ImageRef};
use crate::ui::panels::draw::color_image;
use crate::ui::theme::{self, tokens};

/// Side of the picture.
const SIDE: f32 = 140.0;

/// What a key says about an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui::panels::data) enum Pressed {
    /// It shows this class.
    Class(u32),
    /// Its label is right.
    Keep,
    /// It is left out.
    Exclude,
}

/// The image that is asked about.
#[derive(Default)]
pub(in crate::ui::panels::data) struct Question {
    texture: Option<(ImageRef, Arc<Dataset>, TextureHandle)>,
    /// What was typed of the name of a class.
    typed: String,
}

impl Question {
    /// Forgets what was typed.
    pub(in crate::ui::panels::data) fn begin(&mut self) {
        self.typed.clear();
    }

    /// Draws the image, which is called `name`; while it has the focus, keys answer.
    pub(in crate::ui::panels::data) fn ui(
        &mut self,
        ui: &mut Ui,
        dataset: &Arc<Dataset>,
        image: ImageRef,
        [name, about]: [&str; 2],
    ) -> Option<Pressed> {
        let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        let is_same = |(of, data, _): &(ImageRef, Arc<Dataset>, TextureHandle)| {
            *of == image && Arc::ptr_eq(data, dataset)
        };
        if !self.texture.as_ref().is_some_and(is_same) {
            let set = dataset.split_of(image);
            let pixels = color_image(set.shape(), set.image(image.idx));
            let texture = ui.load_texture("label", pixels, TextureOptions::NEAREST);
            self.texture = Some((image, dataset.clone(), texture));
        }
        if let Some((_, _, texture)) = &self.texture {
            ui.painter().rect_filled(rect, 2.0, theme::CANVAS);
            Image::new(texture).paint_at(ui, rect);
        }
        if response.clicked() {
            response.request_focus();
        }
        let has_focus = response.has_focus();
        if has_focus {
            let line = Stroke::new(2.0, tokens(ui).accent);
            ui.painter()
                .rect_stroke(rect, 2.0, line, StrokeKind::Outside);
        }
        response.on_hover_text(about);
        has_focus.then(|| self.keys(ui, &dataset.classes)).flatten()
    }

    /// What the keys pressed say.
    fn keys(&mut self, ui: &Ui, classes: &[String]) -> Option<Pressed> {
        let is_pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if is_pressed(Key::Enter) {
            return Some(Pressed::Keep);
        }
        if is_pressed(Key::Delete) {
            return Some(Pressed::Exclude);
        }
        let typed = ui.input(|input| {
            let texts = input.events.iter().filter_map(|event| match event {
                Event::Text(text) => Some(text.clone()),
                _ => None,
            });
            texts.collect::<String>()
        });
        if typed.is_empty() {
            return None;
        }
        self.typed.push_str(&typed.to_lowercase());
        let fits = |typed: &str| -> Vec<u32> {
            let names = (0..).zip(classes);
            let fit = names.filter(|(_, name)| name.to_lowercase().starts_with(typed));
            fit.map(|(class, _)| class).collect()
        };
        let mut found = fits(&self.typed);
        if found.is_empty() {
            // Another class begins.
            self.typed = typed.to_lowercase();
            found = fits(&self.typed);
        }
        match found[..] {
            [class] => Some(Pressed::Class(class)),
            _ => None,
        }
    }
}
