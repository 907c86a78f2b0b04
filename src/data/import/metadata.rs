//! Tables beside pictures: `metadata.csv` and `metadata.jsonl`, as Hugging Face writes them, and any
//! CSV with a column of files and one of labels.

use serde_json::Value;

use crate::data::error::DataError;
use crate::files;

/// Largest table.
pub(super) const MAX_TABLE_BYTES: u64 = 256 << 20;

/// Names of columns with files, in lower case.
pub(super) const FILE_COLUMNS: [&str; 8] = [
    "file_name",
    "filename",
    "file",
    "filepath",
    "path",
    "image",
    "image_path",
    "id",
];
/// Names of columns with labels, in lower case.
pub(super) const LABEL_COLUMNS: [&str; 8] = [
    "label",
    "labels",
    "class",
    "class_name",
    "category",
    "target",
    "y",
    "digit",
];

/// Files and their labels, in the order of the table.
pub(super) type Rows = Vec<(String, String)>;

/// Reads a table with a header: rows of file and label.
pub(super) fn rows_of_csv(bytes: &[u8], origin: &str) -> Result<Rows, DataError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let invalid = |e: csv::Error| {
        let found = files::one_line(&e.to_string());
        DataError::unexpected("a table of comma-separated values", found, origin)
    };
    let header = reader.headers().map_err(invalid)?.clone();
    let find = |names: &[&str]| column(&header, names);
    let (Some(file), Some(label)) = (find(&FILE_COLUMNS), find(&LABEL_COLUMNS)) else {
        let found: Vec<&str> = header.iter().take(8).collect();
        return Err(DataError::unexpected(
            "a column file_name and a column label",
            format!("the columns {}", files::one_line(&found.join(", "))),
            origin,
        ));
    };
    let mut rows = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(invalid)?;
        let (Some(file), Some(label)) = (record.get(file), record.get(label)) else {
            let found = format!("too few columns in row {}", i + 2);
            return Err(DataError::unexpected("a file and a label", found, origin));
        };
        rows.push((file.trim().to_owned(), label.trim().to_owned()));
    }
    Ok(rows)
}

/// The first column with one of these names, in any case.
pub(super) fn column(header: &csv::StringRecord, names: &[&str]) -> Option<usize> {
    let is = |wanted: &&str, found: &str| {
        found
            .trim_start_matches('\u{feff}')
            .trim()
            .eq_ignore_ascii_case(wanted)
    };
    names
        .iter()
        .find_map(|name| header.iter().position(|found| is(name, found)))
}

/// Reads a table of one JSON object per line.
pub(super) fn rows_of_json(bytes: &[u8], origin: &str) -> Result<Rows, DataError> {
    let mut rows = Vec::new();
    for (i, line) in bytes.split(|&b| b == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let value: Value = serde_json::from_slice(line).unwrap_or_default();
        let find = |names: &[&str]| names.iter().find_map(|name| text(value.get(*name)?));
        let (Some(file), Some(label)) = (find(&FILE_COLUMNS), find(&LABEL_COLUMNS)) else {
            let expected = "an object with file_name and label on each line";
            let found = format!("something else on line {}", i + 1);
            return Err(DataError::unexpected(expected, found, origin));
        };
        rows.push((file, label));
    }
    Ok(rows)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        _ => None,
    }
}
