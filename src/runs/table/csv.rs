//! A table as text for a spreadsheet.

use super::Column;
use crate::runs::Record;

/// The records as comma-separated values (RFC 4180), one row a run, with id and name before
/// `columns`. Numbers have all their digits; what is missing is empty.
pub fn to_csv(records: &[&Record], columns: &[Column]) -> String {
    let mut text = String::new();
    let heading = ["id".to_owned(), "name".to_owned()].into_iter();
    push_row(&mut text, heading.chain(columns.iter().map(Column::name)));
    for record in records {
        let about = [record.id.to_string(), record.name.clone()].into_iter();
        let values = columns.iter().map(|column| {
            let value = column.value(record);
            value.map(|value| value.to_string()).unwrap_or_default()
        });
        push_row(&mut text, about.chain(values));
    }
    text
}

fn push_row(text: &mut String, fields: impl Iterator<Item = String>) {
    for (idx, field) in fields.enumerate() {
        if idx > 0 {
            text.push(',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            text.push('"');
            text.push_str(&field.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&field);
        }
    }
    text.push_str("\r\n");
}
