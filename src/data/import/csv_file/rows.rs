//! The rows of a table, read as a stream.

use std::io::Read;

use csv::ByteRecord;
use flate2::bufread::MultiGzDecoder;

use crate::data::error::DataError;
use crate::data::import::limits::MAX_BYTES;
use crate::data::import::tree::Limited;
use crate::files;

/// Longest line: three times 1,024×1,024 pixels of up to 20 digits.
const MAX_LINE: usize = 64 << 20;

pub(super) fn invalid(error: &csv::Error, origin: &str) -> DataError {
    let found = files::one_line(&error.to_string());
    DataError::unexpected("a table of comma-separated values", found, origin)
}

/// A CSV reader of a file, which may be gzipped.
pub(super) fn reader_of(
    reader: &mut dyn Read,
) -> Result<csv::Reader<Box<dyn Read + '_>>, DataError> {
    let mut buffered = std::io::BufReader::with_capacity(1 << 16, reader);
    let start = std::io::BufRead::fill_buf(&mut buffered).map_err(|reason| DataError::Read {
        origin: "the table".to_owned(),
        reason,
    })?;
    let plain: Box<dyn Read> = match start.starts_with(&[0x1f, 0x8b]) {
        true => Box::new(Limited {
            reader: MultiGzDecoder::new(buffered),
            left: MAX_BYTES,
        }),
        false => Box::new(buffered),
    };
    let lines: Box<dyn Read> = Box::new(Lines {
        reader: plain,
        n_read: 0,
    });
    let mut builder = csv::ReaderBuilder::new();
    Ok(builder.has_headers(false).flexible(true).from_reader(lines))
}

/// A reader that fails at a line that is too long to keep.
struct Lines<R> {
    reader: R,
    n_read: usize,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.reader.read(buffer)?;
        match buffer[..n].iter().rposition(|&b| b == b'\n') {
            Some(end) => self.n_read = n - end,
            None => self.n_read += n,
        }
        match self.n_read > MAX_LINE {
            true => Err(std::io::Error::other("a line is too long")),
            false => Ok(n),
        }
    }
}

/// A number, without the white space around it.
pub(super) fn number(field: &[u8]) -> Option<f64> {
    let field = field.trim_ascii();
    // Nearly all of them: pixels from 0 to 255.
    if let 1..=3 = field.len()
        && field.iter().all(u8::is_ascii_digit)
    {
        return Some(
            field
                .iter()
                .fold(0.0, |n, digit| 10.0 * n + f64::from(digit - b'0')),
        );
    }
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// Calls `each` with every row of a table and its number from 0. All rows have the same length.
pub(super) fn each_row(
    reader: &mut dyn Read,
    origin: &str,
    each: &mut dyn FnMut(usize, &ByteRecord) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let mut reader = reader_of(reader)?;
    let (mut record, mut row, mut n_columns) = (ByteRecord::new(), 0, 0);
    while reader
        .read_byte_record(&mut record)
        .map_err(|e| invalid(&e, origin))?
    {
        if row == 0 {
            n_columns = record.len();
        }
        if record.len() != n_columns {
            let expected = format!("{n_columns} columns in every row");
            let found = format!("{} in row {}", record.len(), row + 1);
            return Err(DataError::unexpected(expected, found, origin));
        }
        each(row, &record)?;
        row += 1;
    }
    Ok(())
}
