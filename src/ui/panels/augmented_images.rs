//! Training images as a network saw them, with the augmentation of its run.

use egui::{ColorImage, Context, TextureHandle, TextureOptions};

use super::PanelContext;
use crate::data::ImageSet;
use crate::runs::RunState;
use crate::ui::theme;

/// Returns the training images `indices` as `run` sees them in epoch `epoch`, counted from 0; none
/// while the dataset is loading.
pub fn pictures(
    ctx: &Context,
    cx: &PanelContext<'_>,
    run: &RunState,
    epoch: usize,
    indices: impl Iterator<Item = u32>,
) -> Vec<TextureHandle> {
    let Some(dataset) = cx.studio.dataset() else {
        return Vec::new();
    };
    let set = &dataset.train;
    let picture = |index: u32| {
        let name = format!("training image {index}");
        ctx.load_texture(name, image(set, run, epoch, index), TextureOptions::NEAREST)
    };
    let known = indices.take_while(|&index| (index as usize) < set.len());
    known.map(picture).collect()
}

/// Returns one image, gray or in color.
fn image(set: &ImageSet, run: &RunState, epoch: usize, index: u32) -> ColorImage {
    let config = &run.config;
    let values = config.augment.image(set, index, config.seed, epoch as u64);
    let [channels, height, width] = set.shape();
    let area = height * width;
    let byte = |i: usize| (values[i].clamp(0.0, 1.0) * 255.0).round() as u8;
    let pixels = (0..area).map(|i| match channels {
        3.. => theme::rgb([byte(i), byte(area + i), byte(2 * area + i)]),
        _ => theme::rgb([byte(i); 3]),
    });
    ColorImage::new([width, height], pixels.collect())
}
