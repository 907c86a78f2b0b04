//! Images to and from the clipboard.

use std::sync::Arc;

use egui::Context;

use crate::data::GrayImage;
use crate::picture::Pixels;
use crate::studio::{Action, CanvasAction};

/// The sketch as a picture.
pub fn sketch(image: &GrayImage) -> egui::ColorImage {
    egui::ColorImage::from_gray([image.width, image.height], &image.pixels)
}

/// A rendered picture.
pub fn picture(pixels: &Pixels) -> egui::ColorImage {
    egui::ColorImage::from_rgba_unmultiplied(pixels.size, &pixels.rgba)
}

/// Returns the images pasted from the clipboard.
pub fn pasted(ctx: &Context) -> Vec<Action> {
    let pictures: Vec<Arc<egui::ColorImage>> = ctx.input(|i| {
        let picture = |event: &egui::Event| match event {
            egui::Event::PasteImage(image) => Some(image.clone()),
            _ => None,
        };
        i.events.iter().filter_map(picture).collect()
    });
    let open = |bytes| CanvasAction::OpenImageBytes(bytes, "the clipboard".to_owned()).into();
    pictures.iter().filter_map(|p| png(p)).map(open).collect()
}

/// Encodes the image as PNG, so that it is handled like any other image file.
fn png(picture: &egui::ColorImage) -> Option<Vec<u8>> {
    let [width, height] = picture.size.map(|n| u32::try_from(n).ok());
    let rgba = picture
        .pixels
        .iter()
        .flat_map(|c| c.to_srgba_unmultiplied());
    let image = image::RgbaImage::from_raw(width?, height?, rgba.collect())?;
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).ok()?;
    Some(bytes.into_inner())
}
