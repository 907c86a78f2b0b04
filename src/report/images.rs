//! The images that are classified wrongly, the highest loss first.

use std::io::Cursor;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};

use super::Subject;
use crate::evaluate::{Filter, Selection, SortKey};
use crate::text;
use crate::text::escape_markup;

/// Most images that are shown.
const MAX_IMAGES: usize = 60;

pub(super) fn html(subject: &Subject<'_>) -> String {
    let selection = Selection {
        filter: Filter {
            is_right: Some(false),
            ..Filter::default()
        },
        sort: SortKey::Loss,
        is_descending: true,
    };
    let wrong = selection.positions(subject.predictions);
    if wrong.is_empty() {
        return "<p>No image is classified wrongly.</p>\n".to_owned();
    }
    let shown = &wrong[..wrong.len().min(MAX_IMAGES)];
    let figures: String = shown.iter().map(|&at| figure(subject, at)).collect();
    let n = text::count(wrong.len(), "image");
    let mut about = format!("{n} classified wrongly, the highest loss first");
    if wrong.len() > shown.len() {
        about += &format!("; the first {} are listed", shown.len());
    }
    if !subject.with_images {
        about += "; the images themselves are left out";
    }
    format!("<p class=\"quiet\">{about}.</p>\n<div class=\"images\">\n{figures}</div>\n")
}

fn figure(subject: &Subject<'_>, at: usize) -> String {
    let predictions = subject.predictions;
    let label = escape_markup(&subject.class(predictions.labels()[at]));
    let idx = predictions.images()[at] as usize;
    let answer = match predictions.answers()[at] {
        None => "not finite".to_owned(),
        Some(answer) => {
            let share = predictions.confidence(at).unwrap_or(0.0);
            let share = text::percent_whole(f64::from(share));
            format!("{} {share}", escape_markup(&subject.class(answer)))
        }
    };
    let picture = match subject.with_images {
        true => picture(subject, idx).unwrap_or_default(),
        false => String::new(),
    };
    format!("<figure>{picture}<figcaption>{idx}: {label} → {answer}</figcaption></figure>\n")
}

/// The image within the page; `None` if its kind of pixels has no PNG.
fn picture(subject: &Subject<'_>, idx: usize) -> Option<String> {
    let set = subject.set;
    let [channels, height, width] = set.shape();
    let (w, h, area) = (width as u32, height as u32, width * height);
    let pixels = set.image(idx);
    let image = match channels {
        3 => {
            let rgb = (0..area).flat_map(|i| [0, 1, 2].map(|c| pixels[c * area + i]));
            DynamicImage::from(RgbImage::from_raw(w, h, rgb.collect())?)
        }
        _ => DynamicImage::from(GrayImage::from_raw(w, h, pixels[..area].to_vec())?),
    };
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).ok()?;
    let data = BASE64_STANDARD.encode(png.get_ref());
    Some(format!(
        "<img src=\"data:image/png;base64,{data}\" alt=\"image {idx}\">"
    ))
}
