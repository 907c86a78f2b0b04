//! The values of an array, read as a stream.

use super::header::{Array, Header, Pair};
use crate::data::error::DataError;
use crate::data::import::arrays::{Range, Scale};
use crate::data::import::limits::MAX_BYTES;
use crate::data::import::tree::Tree;

/// Bytes that are converted together.
const CHUNK: usize = 1 << 13;

/// Calls `each` with some values of an array after the others, in the order of the file.
fn each_part(tree: &Tree, array: &Array, each: &mut dyn FnMut(&[f64])) -> Result<(), DataError> {
    tree.read(array.at, |mut reader, origin| {
        let header = Header::read(&mut reader, origin)?;
        let same = DataError::unexpected("the array of before", "another one", origin);
        let kind = header.kind.filter(|_| header == array.header).ok_or(same)?;
        let mut left = header.n_values().saturating_mul(kind.len as u64);
        let mut buffer = vec![0; CHUNK.min(left as usize).max(kind.len)];
        let mut values = Vec::new();
        while left > 0 {
            let n = (buffer.len() as u64 / kind.len as u64 * kind.len as u64).min(left) as usize;
            reader.read_exact(&mut buffer[..n]).map_err(|reason| {
                let found = format!("a file that ends before its last value ({reason})");
                DataError::unexpected("a whole NumPy array", found, origin)
            })?;
            kind.values(&buffer[..n], &mut values);
            each(&values);
            left -= n as u64;
        }
        Ok(())
    })
}

/// The range of the values of the images of a split. Reading them shows that all of them are there.
pub(super) fn range(tree: &Tree, images: &Array) -> Result<Range, DataError> {
    if images.header.n_values() > MAX_BYTES {
        let found = format!("an array of shape {:?}", images.header.shape);
        let expected = format!("at most {MAX_BYTES} values");
        return Err(DataError::unexpected(
            expected,
            found,
            tree.origin(images.at),
        ));
    }
    let (mut range, mut is_finite) = (Range::NONE, true);
    each_part(tree, images, &mut |values| {
        for &value in values {
            is_finite &= value.is_finite();
            range.widen(value);
        }
    })?;
    match is_finite {
        true => Ok(range),
        false => Err(DataError::unexpected(
            "pixels",
            "values that are not finite",
            tree.origin(images.at),
        )),
    }
}

/// Appends the images of a split as bytes, channels first.
pub(super) fn append_images(
    tree: &Tree,
    pair: &Pair<'_>,
    scale: Scale,
    pixels: &mut Vec<u8>,
) -> Result<(), DataError> {
    let first = pixels.len();
    each_part(tree, pair.images, &mut |values| {
        pixels.extend(values.iter().map(|&value| scale.apply(value)));
    })?;
    let images = &mut pixels[first..];
    if pair.images.header.is_fortran {
        let reordered = from_fortran(images, &pair.images.header.shape);
        images.copy_from_slice(&reordered);
    }
    if pair.is_channels_last {
        channels_first(images, pair.shape);
    }
    Ok(())
}

/// The values with the first index fastest, in the order with the last index fastest.
fn from_fortran<T: Copy>(values: &[T], shape: &[usize]) -> Vec<T> {
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = 1;
    for &extent in shape {
        strides.push(stride);
        stride *= extent;
    }
    let mut index = vec![0; shape.len()];
    let mut at = 0;
    let mut next = || {
        let value = values[at];
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            at -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
        value
    };
    (0..values.len()).map(|_| next()).collect()
}

/// Turns images with the channels of each pixel together into images of one channel after the other.
fn channels_first(images: &mut [u8], [channels, height, width]: [usize; 3]) {
    let area = height * width;
    if channels < 2 {
        return;
    }
    let mut image = vec![0; channels * area];
    for pixels in images.chunks_exact_mut(channels * area) {
        for (i, &value) in pixels.iter().enumerate() {
            image[i % channels * area + i / channels] = value;
        }
        pixels.copy_from_slice(&image);
    }
}

pub(super) fn read_labels(tree: &Tree, array: &Array) -> Result<Vec<i64>, DataError> {
    let origin = tree.origin(array.at);
    if array.header.n_values() > MAX_BYTES / 8 {
        let found = format!("an array of shape {:?}", array.header.shape);
        return Err(DataError::unexpected("labels", found, origin));
    }
    let mut values = Vec::new();
    each_part(tree, array, &mut |part| values.extend_from_slice(part))?;
    let n_columns = match array.header.shape[..] {
        [_, n] => n,
        _ => 1,
    };
    if n_columns > 1 {
        if array.header.is_fortran {
            values = from_fortran(&values, &array.header.shape);
        }
        let hottest = |row: &[f64]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
        let rows = values.chunks_exact(n_columns);
        return Ok(rows.map(|row| hottest(row).unwrap_or(0) as i64).collect());
    }
    let whole = |value: &f64| (value.fract() == 0.0).then_some(*value as i64);
    let labels: Option<Vec<i64>> = values.iter().map(whole).collect();
    labels.ok_or_else(|| DataError::unexpected("labels that are whole numbers", "others", origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_orders_are_brought_into_ours() {
        // [[1, 2, 3], [4, 5, 6]] with the first index fastest.
        assert_eq!(
            from_fortran(&[1, 4, 2, 5, 3, 6], &[2, 3]),
            [1, 2, 3, 4, 5, 6]
        );
        let mut pixels = [1, 2, 3, 4, 5, 6];
        channels_first(&mut pixels, [3, 1, 2]);
        assert_eq!(pixels, [1, 4, 2, 5, 3, 6]);
    }
}
