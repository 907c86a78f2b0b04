use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::*;

fn idx(magic: [u8; 4], dims: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    for dim in dims {
        bytes.extend(dim.to_be_bytes());
    }
    bytes.extend(data);
    bytes
}

const IMAGES: [u8; 4] = [0, 0, 8, 3];
const LABELS: [u8; 4] = [0, 0, 8, 1];

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Two images of 2×3.
fn two_images() -> Vec<u8> {
    idx(IMAGES, &[2, 2, 3], &(10..22).collect::<Vec<u8>>())
}

/// Reads `bytes` as images; expects an error that contains `parts` and the origin.
fn check_error(bytes: &[u8], parts: &[&str]) {
    let message = images_from_bytes(bytes, "a/file").unwrap_err().to_string();
    for part in parts.iter().chain(&["expected", "found", "a/file"]) {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

#[test]
fn plain_and_packed_files_read_the_same() {
    let plain = images_from_bytes(&two_images(), "").unwrap();
    assert_eq!([plain.count, plain.height, plain.width], [2, 2, 3]);
    assert_eq!(plain.pixels, (10..22).collect::<Vec<u8>>());
    assert_eq!(images_from_bytes(&gz(&two_images()), "").unwrap(), plain);
    // A gzip file may be several, one after the other.
    let (start, end) = (gz(&two_images()[..9]), gz(&two_images()[9..]));
    assert_eq!(
        images_from_bytes(&[start, end].concat(), "").unwrap(),
        plain
    );
}

#[test]
fn labels_may_be_wider_than_a_byte() {
    let read = |type_code, data: &[u8]| {
        labels_from_bytes(&idx([0, 0, type_code, 1], &[2], data), "").unwrap()
    };
    assert_eq!(read(0x08, &[3, 255]), [3, 255]);
    assert_eq!(read(0x0b, &[3, 0xe7, 0xff, 0xff]), [999, -1]);
    assert_eq!(read(0x0c, &[0, 0, 3, 0xe7, 0, 1, 0, 0]), [999, 65536]);
}

#[test]
fn no_part_of_a_file_is_taken_for_a_whole_one() {
    for whole in [two_images(), gz(&two_images())] {
        for len in 0..whole.len() {
            let read = images_from_bytes(&whole[..len], "a/file");
            let message = read.unwrap_err().to_string();
            assert!(
                message.contains("found") && message.ends_with("a/file"),
                "{message}"
            );
        }
    }
}

#[test]
fn no_damaged_byte_of_a_packed_file_changes_what_is_read() {
    let good = gz(&two_images());
    let expected = images_from_bytes(&good, "").unwrap();
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut damaged = good.clone();
            damaged[at] ^= 1 << bit;
            // Some bits of the gzip header (time, system) do not affect the data.
            if let Ok(read) = images_from_bytes(&damaged, "") {
                assert_eq!(read, expected, "byte {at} bit {bit}");
            }
        }
    }
}

#[test]
fn another_kind_of_file_is_named_by_its_first_bytes() {
    check_error(&idx(LABELS, &[2], &[0, 1]), &["images", "00 00 08 01"]);
    check_error(&idx([0, 0, 0x0d, 3], &[0, 1, 1], &[]), &["00 00 0d 03"]);
    check_error(b"\x89PNG\r\n\x1a\n0123456789", &["89 50 4e 47"]);
    check_error(&gz(b"hello"), &["68 65 6c 6c"]);
    check_error(&[], &["empty"]);
    check_error(&gz(&[]), &["empty"]);
    check_error(&two_images()[..11], &["header of 16 bytes", "only 11"]);
}

#[test]
fn a_header_that_claims_too_much_is_refused() {
    let four_billion = |height, width| idx(IMAGES, &[u32::MAX, height, width], &[7; 100]);
    check_error(
        &four_billion(28, 28),
        &["at most 4294967296", "3367254359280"],
    );
    check_error(
        &gz(&four_billion(28, 28)),
        &["at most 4294967296", "3367254359280"],
    );
    check_error(
        &four_billion(u32::MAX, u32::MAX),
        &["1 to 1024", "4294967295×4294967295"],
    );
    // Within the limit, but more than this file has.
    check_error(
        &idx(IMAGES, &[4_000_000, 28, 28], &[7; 100]),
        &["3136000000", "found 100"],
    );
    check_error(
        &gz(&idx(IMAGES, &[4_000_000, 28, 28], &[7; 100])),
        &["gzipped bytes can hold"],
    );
}

#[test]
fn sides_have_limits() {
    check_error(&idx(IMAGES, &[1, 0, 3], &[]), &["1 to 1024", "0×3"]);
    check_error(
        &idx(IMAGES, &[1, 3, 1025], &[0; 3075]),
        &["1 to 1024", "3×1025"],
    );
    let widest = idx(IMAGES, &[1, 1, 1024], &[9; 1024]);
    assert_eq!(images_from_bytes(&widest, "").unwrap().width, 1024);
}

#[test]
fn bytes_left_over_are_an_error() {
    let mut long = two_images();
    long.push(0);
    check_error(&long, &["expected 12 bytes", "found 13"]);
    check_error(&gz(&long), &["expected 12 bytes", "found more"]);
    let mut trailing = gz(&two_images());
    trailing.extend(b"junk");
    check_error(&trailing, &["gzip"]);
}

#[test]
fn a_bomb_is_left_packed() {
    let mut bomb = idx(IMAGES, &[1, 2, 2], &[]);
    bomb.resize(64 << 20, 0);
    let bomb = gz(&bomb);
    assert!(bomb.len() < 100_000);
    check_error(&bomb, &["expected 4 bytes", "found more"]);
}

#[test]
fn an_empty_set_is_read_as_one() {
    let read = images_from_bytes(&idx(IMAGES, &[0, 28, 28], &[]), "").unwrap();
    assert_eq!((read.count, read.pixels.len()), (0, 0));
}

#[test]
fn a_missing_file_and_a_folder_are_no_files() {
    let dir = tempfile::tempdir().unwrap();
    let folder = images_from_file(dir.path()).unwrap_err().to_string();
    assert!(folder.contains("expected a plain file"), "{folder}");
    let missing = labels_from_file(&dir.path().join("none"))
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("could not read") && missing.contains("none"),
        "{missing}"
    );
}
