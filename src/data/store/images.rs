//! `images.bin`: the pixels of the training and the test images, then their labels.

use std::io::Read;
use std::path::Path;

use super::Description;
use crate::data::dataset::Dataset;
use crate::data::error::DataError;
use crate::data::image_set::ImageSet;
use crate::files;

/// Writes the images of a dataset; returns the checksum of the file.
pub(super) fn write(path: &Path, dataset: &Dataset) -> Result<u32, DataError> {
    let mut checksum = 0;
    files::stream_atomically(path, |pieces| -> Result<(), DataError> {
        let mut write = |bytes: &[u8]| -> Result<(), DataError> {
            checksum = crc32c::crc32c_append(checksum, bytes);
            Ok(pieces.write(bytes)?)
        };
        let sets = [&dataset.train, &dataset.test];
        for set in sets {
            (0..set.len()).try_for_each(|i| write(set.image(i)))?;
        }
        for set in sets {
            set.labels()
                .iter()
                .try_for_each(|label| write(&label.to_le_bytes()))?;
        }
        Ok(())
    })?;
    Ok(checksum)
}

/// Reads the training and test images that are described.
pub(super) fn read(path: &Path, description: &Description) -> Result<[ImageSet; 2], DataError> {
    let wrong =
        |expected: String, found: String| DataError::unexpected(expected, found, path.display());
    let mut file = files::open_regular(path).map_err(DataError::read(path))?;
    let len = file.metadata().map_err(DataError::read(path))?.len();
    let counts = [description.n_train, description.n_test];
    let n_images = counts
        .iter()
        .fold(0_u64, |sum, &n| sum.saturating_add(n as u64));
    let image_len: u64 = description.shape.iter().map(|&n| n as u64).product();
    let expected = n_images.saturating_mul(image_len + 4);
    if len != expected {
        return Err(wrong(format!("{expected} bytes"), len.to_string()));
    }
    let mut checksum = 0;
    let mut take = |n: usize| -> Result<Vec<u8>, DataError> {
        let mut bytes = vec![0; n];
        file.read_exact(&mut bytes).map_err(DataError::read(path))?;
        checksum = crc32c::crc32c_append(checksum, &bytes);
        Ok(bytes)
    };
    let [train, test] = counts.map(|n| take(n * image_len as usize));
    let (train, test) = (train?, test?);
    let [train_labels, test_labels] = counts.map(|n| take(4 * n));
    let (train_labels, test_labels) = (train_labels?, test_labels?);
    if checksum != description.checksum {
        let found = format!("{checksum:08x}");
        return Err(wrong(
            format!("the checksum {:08x}", description.checksum),
            found,
        ));
    }
    let set = |pixels: Vec<u8>, labels: &[u8]| {
        let labels = labels.chunks_exact(4);
        let labels: Vec<u32> = labels
            .map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        let n_classes = description.classes.len();
        if let Some(label) = labels.iter().find(|&&label| label as usize >= n_classes) {
            return Err(wrong(
                format!("labels below {n_classes}"),
                label.to_string(),
            ));
        }
        ImageSet::new(description.shape, pixels, labels)
    };
    Ok([set(train, &train_labels)?, set(test, &test_labels)?])
}
