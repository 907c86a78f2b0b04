//! Archives and folders made to hurt.

use std::fs;
use std::io::Write;

use candle_studio::data::import::ImportRecipe;
use flate2::{Compression, write::GzEncoder};
use image::ImageFormat;

use super::{bytes_of, files, gz, import, picture, refusal, tar_of, write, zip_of};

/// Archives made to hurt are refused in one sentence, or their entries are.
#[test]
fn hostile_archives_are_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let good = bytes_of(&picture(0, 0, 8), ImageFormat::Png);
    let mut out: Vec<_> = (0..4)
        .map(|i| (format!("a/{i}.png"), good.clone()))
        .collect();
    out.push(("../../b/escaped.png".to_owned(), good.clone()));
    fs::write(at("out.zip"), zip_of(&out)).unwrap();
    let imported = import(&at("out.zip"), &ImportRecipe::default());
    assert_eq!(imported.refused.len(), 1);
    assert!(
        imported.refused[0]
            .reason
            .contains("leads out of the archive")
    );
    assert!(!dir.path().parent().unwrap().join("b").exists());

    // A million files, by the record at the end.
    let mut million = zip_of(&out);
    let end = million.len() - 22;
    million.truncate(end);
    million.extend(b"PK\x06\x06");
    million.extend([0; 28]);
    million.extend(1_000_000_u64.to_le_bytes());
    million.extend([0; 16]);
    million.extend(b"PK\x06\x07\0\0\0\0");
    million.extend((end as u64).to_le_bytes());
    million.extend([1, 0, 0, 0]);
    million.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
    million.extend([0xff; 8]);
    million.extend([0; 2]);
    fs::write(at("million.zip"), million).unwrap();
    assert!(refusal(&at("million.zip")).contains("at most 500000 files"));

    // Unpacks to more than 200 times its size.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    let mut header = tar::Header::new_gnu();
    header.set_path("a/0.png").unwrap();
    header.set_size(1 << 40);
    header.set_cksum();
    bomb.write_all(header.as_bytes()).unwrap();
    let zeros = vec![0; 1 << 20];
    (0..300).for_each(|_| bomb.write_all(&zeros).unwrap());
    fs::write(at("bomb.tar.gz"), bomb.finish().unwrap()).unwrap();
    let message = refusal(&at("bomb.tar.gz"));
    assert!(
        message.contains("more than 200 times its size"),
        "{message}"
    );

    // An array that claims more than is there.
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 128, 128), }\n";
    let mut array = b"\x93NUMPY\x01\0".to_vec();
    array.extend((header.len() as u16).to_le_bytes());
    array.extend(header.as_bytes());
    let labels = header.replace(", 128, 128", "");
    let mut y = b"\x93NUMPY\x01\0".to_vec();
    y.extend((labels.len() as u16).to_le_bytes());
    y.extend(labels.as_bytes());
    let arrays = [("x.npy".to_owned(), array), ("y.npy".to_owned(), y)];
    fs::write(at("lies.npz"), zip_of(&arrays)).unwrap();
    let message = refusal(&at("lies.npz"));
    assert!(message.contains("ends before its last value"), "{message}");

    for (name, bytes) in [
        ("cut.zip", zip_of(&out)[..300].to_vec()),
        ("cut.tar.gz", gz(&tar_of(&out[..4]))[..200].to_vec()),
        ("empty.zip", zip_of(&[])),
        ("empty.tar", vec![0; 1024]),
        ("one.npy", b"\x93NUMPY\x01\0".to_vec()),
        ("picture.png", good),
        ("binary", vec![1, 0, 2, 0, 3]),
    ] {
        fs::write(at(name), bytes).unwrap();
        refusal(&at(name));
    }
}

#[cfg(unix)]
#[test]
fn loops_of_links_and_pipes_in_a_folder_end() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &files());
    std::os::unix::fs::symlink(dir.path(), dir.path().join("train/ant/loop")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("train/cat/endless.png")).unwrap();
    let imported = import(dir.path(), &ImportRecipe::default());
    assert_eq!(imported.dataset.train.len(), 12);
    assert_eq!(imported.refused.len(), 1);
    assert_eq!(imported.refused[0].reason, "it is not a regular file");
}

#[cfg(feature = "parquet")]
#[test]
fn damaged_parquet_files_are_refused_in_one_sentence() {
    use candle_studio::data::Dataset;

    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write(&at("animals"), &files());
    let data = Dataset::open(&at("animals")).unwrap();
    data.export(candle_studio::data::DataFormat::Parquet, &at("good"))
        .unwrap();
    let good = fs::read(at("good/data/train-00000-of-00001.parquet")).unwrap();
    let damaged = at("damaged.parquet");
    let mut n_refused = 0;
    let mut open = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        if let Err(error) = Dataset::open(&damaged) {
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
            n_refused += 1;
        }
    };
    for len in (4..good.len()).step_by(good.len() / 40) {
        open(&good[..len]);
    }
    // Bits of the schema, of the sizes of pages, and of the pictures.
    for i in 0..200 {
        let mut bytes = good.clone();
        let at = (i * 7919) % (bytes.len() - 8) + 4;
        bytes[at] ^= 1 << (i % 8);
        open(&bytes);
    }
    assert!(n_refused > 40, "only {n_refused} are refused");
}
