//! Datasets as Parquet files, as Hugging Face's `datasets` reads them: encoded pictures in a column
//! `image`, numbers in a column `label`, and the names of the classes beside the schema.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use serde_json::json;

use crate::data::dataset::Dataset;
use crate::data::error::DataError;
use crate::data::image_set::ImageSet;

/// Rows that are written together.
const N_ROWS: usize = 1000;

/// Every column may be null, although none is: Hugging Face's `datasets` drops what the metadata says
/// of a column that may not, and with it the names of the classes.
const SCHEMA: &str = "message schema {
    optional group image { optional binary bytes; optional binary path (UTF8); }
    optional int64 label;
}";

impl Dataset {
    /// Writes `data/train-00000-of-00001.parquet` and the same for the test images into `dir`.
    pub(super) fn write_parquet(&self, dir: &Path) -> Result<(), DataError> {
        let folder = dir.join("data");
        std::fs::create_dir(&folder).map_err(DataError::read(&folder))?;
        for (split, set) in self.splits() {
            let path = folder.join(format!("{split}-00000-of-00001.parquet"));
            let failed = |e: ParquetError| DataError::read(&path)(std::io::Error::other(e));
            let file = File::create(&path).map_err(DataError::read(&path))?;
            let schema = Arc::new(parse_message_type(SCHEMA).map_err(failed)?);
            let about = KeyValue::new("huggingface".to_owned(), self.features().to_string());
            let properties = WriterProperties::builder()
                // PNG is compressed already.
                .set_compression(Compression::UNCOMPRESSED)
                .set_dictionary_enabled(false)
                .set_key_value_metadata(Some(vec![about]));
            let properties = Arc::new(properties.build());
            let mut writer = SerializedFileWriter::new(file, schema, properties).map_err(failed)?;
            for first in (0..set.len()).step_by(N_ROWS) {
                let rows = first..set.len().min(first + N_ROWS);
                let pictures = rows.clone().map(|i| super::png(set, i));
                let pictures: Vec<ByteArray> = pictures
                    .map(|png| Ok(png.map_err(|e| DataError::read(&path)(e))?.into()))
                    .collect::<Result<_, DataError>>()?;
                let mut group = writer.next_row_group().map_err(failed)?;
                write_rows(&mut group, &pictures, set, rows.start).map_err(failed)?;
                group.close().map_err(failed)?;
            }
            writer.close().map_err(failed)?;
        }
        Ok(())
    }

    /// The types of the columns in Hugging Face's words.
    fn features(&self) -> serde_json::Value {
        json!({"info": {"features": {
            "image": {"_type": "Image"},
            "label": {"names": self.classes, "_type": "ClassLabel"},
        }}})
    }
}

/// Writes the pictures of a row group, which begins with image `first` of `set`.
fn write_rows(
    group: &mut SerializedRowGroupWriter<'_, File>,
    pictures: &[ByteArray],
    set: &ImageSet,
    first: usize,
) -> Result<(), ParquetError> {
    let n = pictures.len();
    // Both levels of the picture are there; its path is not.
    for (values, level) in [(pictures, 2), (&[], 1)] {
        let levels = vec![level; n];
        if let Some(mut column) = group.next_column()? {
            let typed = column.typed::<ByteArrayType>();
            typed.write_batch(values, Some(&levels), None)?;
            column.close()?;
        }
    }
    let labels = set.labels()[first..first + n].iter().copied();
    let labels: Vec<i64> = labels.map(i64::from).collect();
    if let Some(mut column) = group.next_column()? {
        column
            .typed::<Int64Type>()
            .write_batch(&labels, Some(&vec![1; n]), None)?;
        column.close()?;
    }
    Ok(())
}
