//! The columns of a Parquet file, read piece by piece.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use serde_json::Value;

use super::parquet_file::{is_label_column, is_picture_column};
use super::tree::{Tree, Visit};
use crate::data::error::DataError;
use crate::files;

/// Labels that are read at a time.
const N_LABELS: usize = 8192;
/// Pictures that are read at a time.
const N_PICTURES: usize = 32;

/// The label of each row; `None` where there is none.
pub(super) enum Labels {
    Numbers(Vec<Option<i64>>),
    Names(Vec<Option<String>>),
}

impl Labels {
    pub(super) fn len(&self) -> usize {
        match self {
            Labels::Numbers(all) => all.len(),
            Labels::Names(all) => all.len(),
        }
    }
}

/// A Parquet file with a column of pictures and one of labels.
pub(super) struct Table {
    path: PathBuf,
    reader: SerializedFileReader<Checked>,
    /// The columns of pictures and labels.
    picture: usize,
    label: usize,
}

impl Table {
    pub(super) fn open(path: &Path) -> Result<Table, DataError> {
        let file = files::open_regular(path).map_err(DataError::read(path))?;
        let len = file.metadata().map_err(DataError::read(path))?.len();
        let reader = guarded(path, || SerializedFileReader::new(Checked { file, len }))?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let columns = schema.columns();
        let find = |is: fn(&str) -> bool, kinds: &[Type]| {
            columns.iter().position(|column| {
                let name = column.path().parts()[0].to_ascii_lowercase();
                let is_single = column.max_rep_level() == 0;
                is_single
                    && kinds.contains(&column.physical_type())
                    && is(&name)
                    && is_bytes(column)
            })
        };
        let picture = find(is_picture_column, &[Type::BYTE_ARRAY]);
        let label = find(
            is_label_column,
            &[Type::INT32, Type::INT64, Type::BYTE_ARRAY],
        );
        let (Some(picture), Some(label)) = (picture, label) else {
            let names = columns.iter().take(12).map(|column| column.path().string());
            let found = format!("the columns {}", names.collect::<Vec<_>>().join(", "));
            let expected = "a column `image` of encoded pictures and a column `label`";
            let found = files::one_line(&found);
            return Err(DataError::unexpected(expected, found, path.display()));
        };
        Ok(Table {
            path: path.to_owned(),
            reader,
            picture,
            label,
        })
    }

    pub(super) fn origin(&self) -> String {
        self.path.display().to_string()
    }

    /// The names of the classes, as Hugging Face stores them beside the schema.
    pub(super) fn class_names(&self) -> Option<Vec<String>> {
        let about = self.reader.metadata().file_metadata();
        let pairs = about.key_value_metadata()?;
        let pair = pairs.iter().find(|pair| pair.key == "huggingface")?;
        let value: Value = serde_json::from_str(pair.value.as_ref()?).ok()?;
        let column = about.schema_descr().column(self.label);
        let names = &value["info"]["features"][&column.path().parts()[0]]["names"];
        let names = names.as_array()?.iter();
        names.map(|name| name.as_str().map(str::to_owned)).collect()
    }

    /// The label of each row.
    pub(super) fn labels(&self) -> Result<Labels, DataError> {
        guarded(&self.path, || {
            let schema = self.reader.metadata().file_metadata().schema_descr();
            let is_text = schema.column(self.label).physical_type() == Type::BYTE_ARRAY;
            let (mut numbers, mut names) = (Vec::new(), Vec::new());
            for group in 0..self.reader.num_row_groups() {
                let group = self.reader.get_row_group(group)?;
                match group.get_column_reader(self.label)? {
                    ColumnReader::Int32ColumnReader(mut column) => {
                        each(&mut column, |n| numbers.push(n.map(i64::from)))?;
                    }
                    ColumnReader::Int64ColumnReader(mut column) => {
                        each(&mut column, |n| numbers.push(n))?;
                    }
                    ColumnReader::ByteArrayColumnReader(mut column) => {
                        let text = |bytes: ByteArray| String::from_utf8_lossy(bytes.data()).into();
                        each(&mut column, |name| names.push(name.map(text)))?;
                    }
                    _ => return Err(ParquetError::General("the labels change their type".into())),
                }
            }
            Ok(match is_text {
                true => Labels::Names(names),
                false => Labels::Numbers(numbers),
            })
        })
    }

    fn n_rows(&self) -> usize {
        let groups = self.reader.metadata().row_groups().iter();
        groups.map(|group| group.num_rows().max(0) as usize).sum()
    }

    /// Visits the pictures of the rows `wanted`, which are sorted and come with their indices in
    /// the tree.
    fn visit(&self, wanted: &[(usize, usize)], visit: &mut Visit) -> Result<(), DataError> {
        let (mut first, mut wanted) = (0, wanted);
        for group in 0..self.reader.num_row_groups() {
            let n_rows = self.reader.metadata().row_group(group).num_rows().max(0) as usize;
            let n_here = wanted.partition_point(|(row, _)| *row < first + n_rows);
            let (here, rest) = wanted.split_at(n_here);
            if !here.is_empty() {
                self.visit_group(group, first, here, visit)?;
            }
            (first, wanted) = (first + n_rows, rest);
        }
        Ok(())
    }

    /// Visits rows of one row group, whose first row is `first`.
    fn visit_group(
        &self,
        group: usize,
        first: usize,
        wanted: &[(usize, usize)],
        visit: &mut Visit,
    ) -> Result<(), DataError> {
        let reader = guarded(&self.path, || {
            let group = self.reader.get_row_group(group)?;
            group.get_column_reader(self.picture)
        })?;
        let ColumnReader::ByteArrayColumnReader(mut column) = reader else {
            let (expected, found) = ("pictures as bytes", "another type");
            return Err(DataError::unexpected(expected, found, self.path.display()));
        };
        let (mut next, mut wanted) = (first, wanted);
        while let Some(&(row, _)) = wanted.first() {
            // Rows in a row are read together.
            let is_near = |(i, (other, _)): (usize, &(usize, usize))| *other == row + i;
            let n = wanted.iter().enumerate().take(N_PICTURES);
            let n = n.take_while(|near| is_near(*near)).count();
            let pictures = guarded(&self.path, || {
                column.skip_records(row - next)?;
                read(&mut column, n)
            })?;
            for (i, (_, idx)) in wanted[..n].iter().enumerate() {
                match pictures.get(i).and_then(Option::as_ref) {
                    Some(bytes) => visit(*idx, Ok(&mut bytes.data()))?,
                    None => {
                        let origin = self.path.display();
                        visit(
                            *idx,
                            Err(DataError::unexpected("a picture", "none", origin)),
                        )?;
                    }
                }
            }
            next = row + n;
            wanted = &wanted[n..];
        }
        Ok(())
    }
}

/// Whether a column holds the values themselves: of a picture, its `bytes` and not its `path`.
fn is_bytes(column: &ColumnDescriptor) -> bool {
    match column.path().parts() {
        [_] => true,
        [_, part] => part == "bytes",
        _ => false,
    }
}

/// Visits the pictures with these indices in `tree`, in the order of the files.
pub(super) fn visit(tree: &Tree, wanted: &[usize], visit: &mut Visit) -> Result<(), DataError> {
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    let (mut first, mut wanted) = (0, &wanted[..]);
    for part in &tree.parts {
        if wanted.is_empty() {
            break;
        }
        let table = Table::open(part)?;
        let end = first + table.n_rows();
        let n_here = wanted.partition_point(|idx| tree.files[*idx].at < end);
        let (here, rest) = wanted.split_at(n_here);
        let rows: Vec<(usize, usize)> = here
            .iter()
            .map(|&idx| (tree.files[idx].at - first, idx))
            .collect();
        table.visit(&rows, visit)?;
        (first, wanted) = (end, rest);
    }
    Ok(())
}

/// Reads all values of a column.
fn each<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    mut each: impl FnMut(Option<T::T>),
) -> Result<(), ParquetError> {
    loop {
        let values = read(column, N_LABELS)?;
        if values.is_empty() {
            return Ok(());
        }
        values.into_iter().for_each(&mut each);
    }
}

/// Reads the next `n` values of a column, or as many as there are.
fn read<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    n: usize,
) -> Result<Vec<Option<T::T>>, ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let mut n_read = 0;
    // At the end of a page, fewer are read.
    while n_read < n {
        let (more, _, _) = column.read_records(n - n_read, Some(&mut levels), None, &mut values)?;
        if more == 0 {
            break;
        }
        n_read += more;
    }
    if levels.is_empty() {
        return Ok(values.into_iter().map(Some).collect());
    }
    let highest = levels.iter().copied().max().unwrap_or(0);
    let mut values = values.into_iter();
    let value = |level: i16| (level == highest).then(|| values.next()).flatten();
    Ok(levels.into_iter().map(value).collect())
}

/// Runs what reads a file that may hold anything.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, DataError> {
    let damaged = |reason: String| DataError::Archive {
        format: "Parquet",
        reason: files::one_line(&reason),
        origin: path.display().to_string(),
    };
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| damaged(error.to_string())),
        Err(_) => Err(damaged("it is damaged".to_owned())),
    }
}

/// A file of which no more is asked for than it has, whatever it says of itself.
struct Checked {
    file: File,
    len: u64,
}

impl Length for Checked {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Checked {
    type T = BufReader<File>;

    fn get_read(&self, start: u64) -> Result<BufReader<File>, ParquetError> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(file))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes, ParquetError> {
        if start.saturating_add(length as u64) > self.len {
            return Err(ParquetError::EOF(
                "it says that it is longer than it is".into(),
            ));
        }
        let mut all = Vec::with_capacity(length);
        self.get_read(start)?
            .take(length as u64)
            .read_to_end(&mut all)?;
        Ok(all.into())
    }
}
