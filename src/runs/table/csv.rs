//! The table as CSV, and as text for the clipboard.

use super::column::Column;
use crate::runs::record::Record;

/// Formats the records as comma-separated values (RFC 4180), one row per run, with id and name
/// before `columns`. Numbers have all their digits; missing values are empty.
pub fn to_csv(records: &[&Record], columns: &[Column]) -> String {
    rows(records, columns).map(csv_row).collect()
}

/// Formats the records like [`to_csv`], but tab-separated, as spreadsheets take it from the
/// clipboard.
pub fn to_tsv(records: &[&Record], columns: &[Column]) -> String {
    let rows = rows(records, columns);
    rows.map(|cells| row(cells, '\t') + "\n").collect()
}

/// The headings, and the cells of each record.
fn rows(records: &[&Record], columns: &[Column]) -> impl Iterator<Item = Vec<String>> {
    let heading = ["id".to_owned(), "name".to_owned()].into_iter();
    let heading = heading.chain(columns.iter().map(Column::name)).collect();
    let cells = |record: &&Record| {
        let about = [record.id.to_string(), record.name.clone()].into_iter();
        let values = columns.iter().map(|column| {
            let value = column.value(record);
            value.map(|value| value.to_string()).unwrap_or_default()
        });
        about.chain(values).collect()
    };
    std::iter::once(heading).chain(records.iter().map(cells))
}

/// Formats a row (RFC 4180), with cells in quotes if necessary. A text that a spreadsheet would
/// take for a formula gets an apostrophe in front, which spreadsheets hide.
pub fn csv_row(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    row(cells, ',') + "\r\n"
}

fn row(cells: impl IntoIterator<Item = impl AsRef<str>>, separator: char) -> String {
    let is_formula =
        |cell: &str| cell.starts_with(['=', '+', '-', '@', '\t']) && cell.parse::<f64>().is_err();
    let inert = |cell: &str| match is_formula(cell) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    };
    let quoted = |cell: &str| match cell.contains([separator, '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    };
    let cells = cells.into_iter().map(|cell| quoted(&inert(cell.as_ref())));
    cells.collect::<Vec<_>>().join(&separator.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(
            csv_row(["plain", "a, b", "say \"hi\"", "", "two\nlines"]),
            "plain,\"a, b\",\"say \"\"hi\"\"\",,\"two\nlines\"\r\n"
        );
    }

    #[test]
    fn formulas_are_texts_and_numbers_stay_numbers() {
        assert_eq!(
            csv_row(["=HYPERLINK(1)", "-1.5e-3", "+7", "-x", "@a", "a=b"]),
            "'=HYPERLINK(1),-1.5e-3,+7,'-x,'@a,a=b\r\n"
        );
    }
}
