//! "Open data…": what a folder may hold, and what is said of one that will not do.

use std::io::Write;
use std::path::Path;

use candle_studio::data::Dataset;
use flate2::{Compression, write::GzEncoder};

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

fn images(n: u32, height: u32, width: u32) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3];
    [n, height, width]
        .iter()
        .for_each(|dim| bytes.extend(dim.to_be_bytes()));
    bytes.extend((0..n * height * width).map(|i| (i % 251) as u8));
    bytes
}

fn labels(labels: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 1];
    bytes.extend((labels.len() as u32).to_be_bytes());
    bytes.extend(labels);
    bytes
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A good dataset: 5 and 2 images of 3 rows and 4 columns, classes 0 to 3.
fn contents() -> [Vec<u8>; 4] {
    [
        images(5, 3, 4),
        labels(&[0, 3, 1, 1, 2]),
        images(2, 3, 4),
        labels(&[2, 0]),
    ]
}

fn write(dir: &Path, contents: &[Vec<u8>; 4]) {
    for (name, bytes) in NAMES.iter().zip(contents) {
        std::fs::write(dir.join(name), bytes).unwrap();
    }
}

/// Opens a folder with these files, after `change`; returns the message it is refused with.
fn refusal(contents: &[Vec<u8>; 4], change: impl Fn(&Path)) -> String {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), contents);
    change(dir.path());
    let message = Dataset::open_folder(dir.path()).unwrap_err().to_string();
    let path = dir.path().to_string_lossy().into_owned();
    assert!(message.contains(&path), "no path in {message:?}");
    assert_eq!(message.lines().count(), 1, "{message:?}");
    message
}

/// The good dataset with file number `which` replaced is refused with all of `parts`.
fn check_refused(which: usize, bytes: Vec<u8>, parts: &[&str]) {
    let mut contents = contents();
    contents[which] = bytes;
    let message = refusal(&contents, |_| {});
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

#[test]
fn any_size_and_number_of_classes() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &contents());
    let data = Dataset::open_folder(dir.path()).unwrap();
    assert_eq!(data.image_shape(), [1, 3, 4]);
    assert_eq!((data.train.len(), data.test.len()), (5, 2));
    assert_eq!(data.train.labels(), [0, 3, 1, 1, 2]);
    assert_eq!(data.classes, ["0", "1", "2", "3"]);
    assert_eq!(data.train.image(1), (12..24).collect::<Vec<u8>>());
    assert_eq!(data.name, dir.path().file_name().unwrap().to_str().unwrap());
}

#[test]
fn packed_dotted_and_mixed_names_are_the_same_data() {
    let plain = tempfile::tempdir().unwrap();
    write(plain.path(), &contents());
    let mixed = tempfile::tempdir().unwrap();
    let [a, b, c, d] = contents();
    for (name, bytes) in [
        ("train-images.idx3-ubyte", a),
        ("train-labels.idx1-ubyte.gz", gz(&b)),
        ("t10k-images-idx3-ubyte.gz", gz(&c)),
        // Packed or not is told by the content.
        ("t10k-labels-idx1-ubyte", gz(&d)),
    ] {
        std::fs::write(mixed.path().join(name), bytes).unwrap();
    }
    let plain = Dataset::open_folder(plain.path()).unwrap();
    let mixed = Dataset::open_folder(mixed.path()).unwrap();
    assert_eq!((&plain.train, &plain.test), (&mixed.train, &mixed.test));
    assert_eq!(plain.fingerprint, mixed.fingerprint);
    assert_eq!(plain.fingerprint.len(), 64);
}

#[test]
fn mnist_from_its_folder_is_the_built_in_mnist() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/mnist");
    let opened = Dataset::open_folder(&assets).unwrap();
    assert_eq!(opened.fingerprint, super::mnist().fingerprint);
    assert_eq!(opened.classes, super::mnist().classes);
    assert_eq!(opened.name, "mnist");
}

#[test]
fn classes_have_names_where_a_file_gives_them() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &contents());
    std::fs::write(
        dir.path().join("classes.txt"),
        "shirt\r\nbag\nboot \nhat\ncoat\n\n",
    )
    .unwrap();
    let data = Dataset::open_folder(dir.path()).unwrap();
    assert_eq!(data.classes, ["shirt", "bag", "boot", "hat", "coat"]);
    assert_eq!(data.n_classes(), 5);

    let names = |bytes: &[u8]| {
        refusal(&contents(), |dir| {
            std::fs::write(dir.join("classes.txt"), bytes).unwrap()
        })
    };
    let too_few = names(b"shirt\nbag\nboot\n");
    assert!(
        too_few.contains("labels from 0 to 2, found 3 for image 1"),
        "{too_few}"
    );
    assert!(names(b"").contains("0 names"));
    assert!(names(b"a\n\nb\nc\nd").contains("an empty line 2"));
    assert!(names(b"a\n\xff\n").contains("UTF-8"));
    assert!(names(&[b'\n'; 2 << 20]).contains("more than"));
    assert!(names("name\n".repeat(1001).as_bytes()).contains("1001 names"));
}

#[test]
fn a_thousand_classes_and_not_one_more() {
    let wide = |label: i16| {
        let mut bytes = vec![0, 0, 0x0b, 1];
        bytes.extend(2u32.to_be_bytes());
        [5, label]
            .iter()
            .for_each(|label| bytes.extend(label.to_be_bytes()));
        bytes
    };
    let dir = tempfile::tempdir().unwrap();
    let [a, b, c, _] = contents();
    write(dir.path(), &[a, b, c, wide(999)]);
    let data = Dataset::open_folder(dir.path()).unwrap();
    assert_eq!(
        (data.n_classes(), data.test.labels()),
        (1000, &[5, 999][..])
    );

    check_refused(
        3,
        wide(1000),
        &["labels from 0 to 999, found 1000 for image 1", NAMES[3]],
    );
    check_refused(3, wide(-1), &["labels from 0 to 999, found -1 for image 1"]);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let counts = "found 5 images and 4 labels";
    check_refused(1, labels(&[0, 1, 2, 3]), &[counts, NAMES[0]]);
    check_refused(2, images(3, 3, 4), &["3 images and 2 labels", NAMES[2]]);
    check_refused(2, images(2, 4, 3), &["3×4 pixels", "found 4×3"]);
    check_refused(0, images(0, 3, 4), &["at least one image", NAMES[0]]);
    check_refused(0, labels(&[0]), &["images (00 00 08 03)", NAMES[0]]);
    check_refused(3, images(2, 1, 1), &["labels (00 00 08 01", NAMES[3]]);
    check_refused(0, images(5, 3, 4)[..70].to_vec(), &["60 bytes", "found 54"]);
    check_refused(3, Vec::new(), &["it is empty", NAMES[3]]);
    let packed = gz(&images(5, 3, 4));
    check_refused(0, packed[..packed.len() - 3].to_vec(), &["gzip", NAMES[0]]);
}

#[test]
fn an_empty_set_of_both_files_is_refused() {
    let [a, b, ..] = contents();
    let message = refusal(&[a, b, images(0, 3, 4), labels(&[])], |_| {});
    assert!(
        message.contains("at least one image, found an empty set"),
        "{message}"
    );
}

#[test]
fn a_folder_without_the_files_names_the_one_that_is_missing() {
    for name in NAMES {
        let message = refusal(&contents(), |dir| {
            std::fs::remove_file(dir.join(name)).unwrap();
        });
        assert!(
            message.contains(&format!("{name} (or {name}.gz)")),
            "{message}"
        );
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    for path in [file, dir.path().join("none")] {
        let message = Dataset::open_folder(&path).unwrap_err().to_string();
        assert!(message.contains("found no folder"), "{message}");
    }
}

#[test]
fn the_folder_below_that_has_the_files_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("raw");
    std::fs::create_dir(&raw).unwrap();
    write(&raw, &contents());
    let message = Dataset::open_folder(dir.path()).unwrap_err().to_string();
    let words = format!("; the folder {} has it", raw.display());
    assert!(message.ends_with(&words), "{message}");
}

/// What is odd about the folder with these files, after `change`.
fn hints(contents: &[Vec<u8>; 4], change: impl Fn(&Path)) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), contents);
    change(dir.path());
    Dataset::open_folder(dir.path()).unwrap().hints()
}

#[test]
fn files_that_are_there_twice_are_told() {
    let told = hints(&contents(), |_| {});
    assert!(told.is_empty(), "{told:?}");
    let told = hints(&contents(), |dir| {
        let packed = gz(&labels(&[1, 1, 1, 1, 1]));
        std::fs::write(dir.join(format!("{}.gz", NAMES[1])), packed).unwrap();
    });
    let words = "train-labels-idx1-ubyte was read, not train-labels-idx1-ubyte.gz";
    assert!(
        told[0].starts_with("one of the four files is in "),
        "{told:?}"
    );
    assert!(told[0].ends_with(words), "{told:?}");
}

#[test]
fn classes_without_images_are_told() {
    let [a, _, c, d] = contents();
    let with = |train: &[u8]| hints(&[a.clone(), labels(train), c.clone(), d.clone()], |_| {});
    let told = with(&[0, 3, 1, 1, 3]);
    assert!(told[0].starts_with("class `2` of "), "{told:?}");
    assert!(told[0].ends_with("has no training image"), "{told:?}");
    let told = with(&[9, 9, 9, 9, 9]);
    assert!(told[0].starts_with("9 classes of "), "{told:?}");
    assert!(told[0].ends_with(": 0, 1, 2, 3, 4, …"), "{told:?}");

    let from_one = [a, labels(&[1, 2, 3, 4, 1]), c, labels(&[1, 2])];
    let told = hints(&from_one, |_| {});
    assert!(told[0].contains("seem to count from 1"), "{told:?}");
    // With names, the last of these labels is no class.
    let message = refusal(&from_one, |dir| {
        std::fs::write(dir.join("classes.txt"), "a\nb\nc\nd\n").unwrap();
    });
    let words = "labels from 0 to 3, found 4 for image 3; they seem to count from 1";
    assert!(message.contains(words), "{message}");
}
