//! Pictures from outside: what they become, and which are refused.

use std::io::{Cursor, Write};

use candle_studio::data::{GrayImage, center_sketch, read_image_bytes, read_image_file};
use candle_studio::random::{self, Stream};
use flate2::{Compression, Crc, write::ZlibEncoder};
use image::codecs::jpeg::JpegEncoder;
use image::{
    DynamicImage, GrayImage as LumaImage, ImageEncoder, ImageFormat, Luma, LumaA, Rgb, Rgba,
};
use rand::Rng;

use super::{digit, mean_difference, mnist};
use crate::support::page::page_with_digit;

fn gray(image: &GrayImage) -> LumaImage {
    let (width, height) = (image.width as u32, image.height as u32);
    LumaImage::from_raw(width, height, image.pixels.clone()).unwrap()
}

/// A picture of another pixel type, each pixel made from the ink (255 is full) of `image`.
fn picture<P>(image: &GrayImage, pixel: impl Fn(u8) -> P) -> DynamicImage
where
    P: image::Pixel,
    DynamicImage: From<image::ImageBuffer<P, Vec<P::Subpixel>>>,
{
    let gray = gray(image);
    let of_ink = |x, y| pixel(gray.get_pixel(x, y).0[0]);
    image::ImageBuffer::from_fn(gray.width(), gray.height(), of_ink).into()
}

fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn jpeg(picture: &DynamicImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture
        .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))
        .unwrap();
    bytes
}

fn read(bytes: &[u8]) -> GrayImage {
    read_image_bytes(bytes, "a/picture").unwrap().ink()
}

fn refusal(bytes: &[u8]) -> String {
    let message = read_image_bytes(bytes, "a/picture")
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("expected") && message.ends_with(": a/picture"),
        "{message}"
    );
    assert!(
        message.contains("found") && message.lines().count() == 1,
        "{message}"
    );
    message
}

/// A PNG by hand: any header, and a palette if one is given.
fn raw_png(size: [u32; 2], depth_and_type: [u8; 2], palette: &[u8], rows: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(rows).unwrap();
    let header = [
        &size[0].to_be_bytes()[..],
        &size[1].to_be_bytes(),
        &depth_and_type,
        &[0, 0, 0],
    ];
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8], data: &[u8]| {
        let mut crc = Crc::new();
        crc.update(name);
        crc.update(data);
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(name);
        bytes.extend(data);
        bytes.extend(crc.sum().to_be_bytes());
    };
    chunk(b"IHDR", &header.concat());
    if !palette.is_empty() {
        chunk(b"PLTE", palette);
    }
    chunk(b"IDAT", &zlib.finish().unwrap());
    chunk(b"IEND", &[]);
    bytes
}

#[test]
fn a_gray_png_of_a_digit_is_that_digit() {
    for i in 0..100 {
        let out = read(&png(&picture(&digit(i), |ink| Luma([ink]))));
        assert_eq!([out.width, out.height], [28, 28]);
        let difference = mean_difference(&out.pixels, &digit(i).pixels);
        assert!(difference < 1.0, "digit {i}: {difference}");
    }
}

#[test]
fn dark_on_light_is_light_on_dark() {
    for i in 0..100 {
        let light = read(&png(&picture(&digit(i), |ink| Luma([ink]))));
        let dark = read(&png(&picture(&digit(i), |ink| Luma([255 - ink]))));
        assert_eq!(light, dark, "digit {i}");
    }
}

#[test]
fn depth_color_and_opacity_do_not_matter() {
    let digit = digit(3);
    let expected = read(&png(&picture(&digit, |ink| Luma([ink]))));
    let same = |what: &str, bytes: &[u8], most: f64| {
        let difference = mean_difference(&read(bytes).pixels, &expected.pixels);
        assert!(difference <= most, "{what}: {difference}");
    };
    let wide = |ink: u8| u16::from(ink) * 257;
    same(
        "16 bit",
        &png(&picture(&digit, |ink| Luma([wide(ink)]))),
        0.0,
    );
    same("RGB", &png(&picture(&digit, |ink| Rgb([ink; 3]))), 0.5);
    same(
        "RGB 16 bit",
        &png(&picture(&digit, |ink| Rgb([wide(ink); 3]))),
        0.5,
    );
    same(
        "opaque",
        &png(&picture(&digit, |ink| Rgba([ink, ink, ink, 255]))),
        0.5,
    );
    same(
        "black ink on nothing",
        &png(&picture(&digit, |ink| LumaA([0, ink]))),
        0.0,
    );
    same(
        "white ink on nothing",
        &png(&picture(&digit, |ink| Rgba([255, 255, 255, ink]))),
        0.5,
    );
    let blue_on_yellow = |ink: u8| Rgb([255 - ink, 255 - ink, 128]);
    same(
        "blue on yellow",
        &png(&picture(&digit, blue_on_yellow)),
        1.0,
    );
    same(
        "JPEG",
        &jpeg(&picture(&digit, |ink| Luma([255 - ink])), 95),
        2.0,
    );
    same(
        "color JPEG",
        &jpeg(&picture(&digit, blue_on_yellow), 95),
        4.0,
    );
}

#[test]
fn a_palette_and_single_bits_are_read() {
    // A column of ink in a 5×5 picture, in color 1 of the palette.
    let row = [0, 0, 0, 1, 0, 0];
    let palette = [250, 240, 230, 10, 20, 60];
    let expected = [0, 0, 255, 0, 0].repeat(5);
    let out = read(&raw_png([5, 5], [8, 3], &palette, &row.repeat(5)));
    assert_eq!(out.pixels, expected);
    let out = read(&raw_png([5, 5], [1, 0], &[], &[0, 0b0010_0000].repeat(5)));
    assert_eq!(out.pixels, expected);
}

/// A marker on paper by lamplight: a tinted sheet that darkens to one side, with a camera's noise.
fn photo(index: usize) -> DynamicImage {
    let page = page_with_digit(mnist().test.image(index), 700, 16.0, index as u64);
    let mut rng = random::rng(index as u64, Stream::Pick, 1, 0);
    let mut photo = image::RgbImage::new(700, 700);
    for (x, y, pixel) in photo.enumerate_pixels_mut() {
        let light = 210.0 - 0.07 * x as f32 - 0.04 * y as f32;
        let ink = f32::from(page.pixels[(y * 700 + x) as usize]) / 255.0;
        let tint = [1.0, 0.96, 0.85];
        pixel.0 = tint.map(|tint| {
            let paper = light * tint * (1.0 - 0.75 * ink);
            (paper + rng.random_range(-14.0..14.0f32)).clamp(0.0, 255.0) as u8
        });
    }
    photo.into()
}

#[test]
fn a_photo_of_a_digit_becomes_the_digit() {
    let difference = |i| {
        let out = read(&jpeg(&photo(i), 80));
        assert_eq!([out.width, out.height], [512, 512]);
        let paper = out.pixels.iter().filter(|&&pixel| pixel == 0).count();
        assert!(
            paper > 512 * 512 * 6 / 10,
            "digit {i}: {paper} pixels of paper"
        );
        let centered = center_sketch(&out, [28, 28]).unwrap();
        mean_difference(&centered, mnist().test.image(i))
    };
    let mean = (0..10).map(difference).sum::<f64>() / 10.0;
    println!("photos differ by {mean:.1} gray levels");
    assert!(mean < 10.0, "{mean}");
}

#[test]
fn what_jpeg_leaves_around_strokes_is_no_ink() {
    let page = page_with_digit(mnist().test.image(0), 300, 9.0, 0);
    let page = picture(&page, |ink| Luma([if ink > 127 { 0u8 } else { 255 }]));
    let inked = |bytes: &[u8]| {
        read(bytes)
            .pixels
            .iter()
            .filter(|&&pixel| pixel > 0)
            .count()
    };
    let (sharp, rung) = (inked(&png(&page)), inked(&jpeg(&page, 50)));
    println!("{sharp} pixels of ink, {rung} after JPEG");
    assert!(rung < sharp * 11 / 10, "{sharp} {rung}");
}

#[test]
fn a_speck_far_from_the_ink_does_not_shrink_it() {
    let page = page_with_digit(mnist().test.image(0), 300, 6.0, 0);
    let clean = center_sketch(
        &read(&png(&picture(&page, |ink| Luma([255 - ink])))),
        [28, 28],
    );
    let mut dusty = page;
    for corner in [301, 598, 300 * 298 + 1] {
        dusty.pixels[corner] = 200;
    }
    let dusty = center_sketch(
        &read(&png(&picture(&dusty, |ink| Luma([255 - ink])))),
        [28, 28],
    );
    assert_eq!(clean, dusty);
}

#[test]
fn ink_may_reach_the_border() {
    // Cropped to its ink, a digit touches all four sides.
    let digit = digit(0);
    let cropped = gray(&digit);
    let cropped = image::imageops::crop_imm(&cropped, 6, 7, 16, 20).to_image();
    let bytes = png(&DynamicImage::from(cropped));
    let out = center_sketch(&read(&bytes), [28, 28]).unwrap();
    assert!(mean_difference(&out, &digit.pixels) < 1.0);
}

#[test]
fn a_picture_of_nothing_has_no_ink() {
    let blank = GrayImage {
        width: 60,
        height: 40,
        pixels: vec![77; 2400],
    };
    let mut rng = random::rng(1, Stream::Pick, 0, 0);
    let mut noisy = blank.clone();
    noisy
        .pixels
        .iter_mut()
        .for_each(|pixel| *pixel += rng.random_range(0..12));
    for image in [blank, noisy] {
        let out = read(&png(&picture(&image, |gray| Luma([gray]))));
        assert_eq!(center_sketch(&out, [28, 28]), None);
    }
    let clear = read(&png(&picture(&digit(0), |ink| LumaA([ink, 0]))));
    assert_eq!(center_sketch(&clear, [28, 28]), None);
}

#[test]
fn a_photo_is_turned_as_the_phone_was_held() {
    // TIFF, one entry: tag 0x0112 (orientation), short, 1 value: 6, to be turned a quarter right.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let page = page_with_digit(mnist().test.image(1), 200, 7.0, 3);
    let turned_left = picture(&page, |ink| Luma([255 - ink])).rotate270();
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    turned_left.write_with_encoder(encoder).unwrap();
    assert!(mean_difference(&read(&bytes).pixels, &page.pixels) < 4.0);
}

#[test]
fn a_picture_that_lies_about_its_size_is_refused_before_it_is_unpacked() {
    let lying = |width, height, kind| refusal(&raw_png([width, height], kind, &[], &[0; 100]));
    let huge = lying(u32::MAX >> 1, u32::MAX >> 1, [8, 0]);
    assert!(huge.contains("at most 8192 pixels per side"), "{huge}");
    let wide = lying(8193, 1, [8, 0]);
    assert!(wide.contains("8193×1 pixels"), "{wide}");
    // Each side within bounds, but 512 MiB altogether.
    let deep = lying(8192, 8192, [16, 6]);
    assert!(deep.contains("at most 8192 pixels per side"), "{deep}");
    // Within all bounds, and not there.
    let short = lying(600, 600, [8, 0]);
    assert!(short.contains("whole PNG picture"), "{short}");
    lying(0, 5, [8, 0]);
}

#[test]
fn a_part_of_a_picture_is_not_a_picture() {
    let digit = picture(&digit(0), |ink| Luma([ink]));
    for whole in [png(&digit), jpeg(&digit, 90)] {
        read(&whole);
        // The last chunk of a PNG, 12 bytes, only says that it ends.
        for len in 0..whole.len() - 12 {
            refusal(&whole[..len]);
        }
    }
}

#[test]
fn damaged_bytes_are_survived() {
    let digit = picture(&digit(0), |ink| Luma([ink]));
    for good in [png(&digit), jpeg(&digit, 90)] {
        for at in 0..good.len() {
            let mut damaged = good.clone();
            damaged[at] ^= 0x55;
            // Some damage shows (a checksum), some cannot; no damage may panic.
            let _ = read_image_bytes(&damaged, "a/picture")
                .map(|out| center_sketch(&out.ink(), [28, 28]));
        }
    }
}

#[test]
fn what_is_no_picture_is_said_to_be_none() {
    assert!(refusal(b"").contains("found an empty file"));
    assert!(refusal(b"just text").contains("another type"));
    assert!(refusal(b"II*\0\x08\0\0\0").contains("type Tiff"));
    let large = refusal(&vec![0; (32 << 20) + 1]);
    assert!(large.contains("at most 33554432 bytes"), "{large}");
}

#[test]
fn files_are_told_apart_by_content_and_missing_ones_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("digit.txt");
    std::fs::write(&path, png(&picture(&digit(0), |ink| Luma([ink])))).unwrap();
    assert_eq!(read_image_file(&path).unwrap().size(), [28, 28]);
    let missing = read_image_file(&dir.path().join("none.png"))
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("could not read") && missing.contains("none.png"),
        "{missing}"
    );
    let folder = read_image_file(dir.path()).unwrap_err().to_string();
    assert!(folder.contains("expected a plain file"), "{folder}");
}
