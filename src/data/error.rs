//! Errors of datasets and pictures.

/// Why data could not be read. Each message is one complete sentence for the user: what was
/// expected, what was found, and where; no cause needs to be appended.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The operating system could not read a file or folder.
    #[error("could not read {origin}: {reason}")]
    Read {
        /// The file or folder.
        origin: String,
        /// The operating system's error.
        reason: std::io::Error,
    },
    /// A path names a folder, a device or the like where a plain file is needed.
    #[error("expected a plain file, found something else: {origin}")]
    NotAFile {
        /// The path.
        origin: String,
    },
    /// A dataset's path is not a folder.
    #[error("expected a folder with the four IDX files of a dataset, found no folder: {origin}")]
    NotAFolder {
        /// The path.
        origin: String,
    },
    /// A dataset's folder lacks one of its four files.
    #[error(
        "expected the file {name} (or {name}.gz) beside the other IDX files, found none in {folder}{below}"
    )]
    MissingFile {
        /// The published name of the file.
        name: &'static str,
        /// The folder it was expected in.
        folder: String,
        /// Names a folder below that has it, or is empty.
        below: String,
    },
    /// The file does not start with the magic number of the expected kind of IDX file.
    #[error("expected an IDX file of {expected}, found one that starts with {found}: {origin}")]
    Magic {
        /// The expected kind of IDX file.
        expected: &'static str,
        /// The bytes found, in hexadecimal.
        found: String,
        /// The file.
        origin: String,
    },
    /// The file ends inside its header.
    #[error("expected an IDX header of {expected} bytes, found only {found} bytes: {origin}")]
    ShortHeader {
        /// The length of the header.
        expected: usize,
        /// The length found.
        found: usize,
        /// The file.
        origin: String,
    },
    /// The header's numbers are outside the limits.
    #[error("expected {expected}, found a header that claims {found}: {origin}")]
    Claim {
        /// The accepted range.
        expected: String,
        /// The value in the header.
        found: String,
        /// The file.
        origin: String,
    },
    /// The data is longer or shorter than its header says.
    #[error("expected {expected} bytes after the header, found {found}: {origin}")]
    BodyLength {
        /// The length from the header.
        expected: u64,
        /// The length found, such as "only 12".
        found: String,
        /// The file.
        origin: String,
    },
    /// The gzip stream is damaged or truncated.
    #[error("expected a whole gzip file, found a damaged or truncated one ({reason}): {origin}")]
    Gzip {
        /// The decompressor's error.
        reason: std::io::Error,
        /// The file.
        origin: String,
    },
    /// There is not enough memory for the data.
    #[error("expected {bytes} bytes of free memory for the data, found less: {origin}")]
    Memory {
        /// The bytes needed.
        bytes: u64,
        /// The file.
        origin: String,
    },
    /// The numbers of images and labels differ.
    #[error(
        "expected one label for each image, found {images} images and {labels} labels: {origin}"
    )]
    Counts {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
        /// The split of the dataset.
        origin: String,
    },
    /// The number of pixels does not match the shape.
    #[error(
        "expected {expected} bytes of pixels for {images} images of shape {shape:?}, found {found}"
    )]
    Pixels {
        /// Length by the shape.
        expected: usize,
        /// Number of images, from the labels.
        images: usize,
        /// Channels, height, width.
        shape: [usize; 3],
        /// Length found.
        found: usize,
    },
    /// Training and test images differ in size.
    #[error(
        "expected test images of {}×{} pixels like the training images, found {}×{}: {origin}",
        train[0], train[1], test[0], test[1]
    )]
    Sizes {
        /// Height and width of the training images.
        train: [usize; 2],
        /// Height and width of the test images.
        test: [usize; 2],
        /// The dataset's folder.
        origin: String,
    },
    /// A set is empty.
    #[error("expected at least one image, found an empty set: {origin}")]
    Empty {
        /// The file.
        origin: String,
    },
    /// A label is not a class.
    #[error("expected labels from 0 to {last}, found {found} for image {image}{hint}: {origin}")]
    LabelRange {
        /// The highest label allowed.
        last: usize,
        /// The label found.
        found: i64,
        /// The index of its image, from 0.
        image: usize,
        /// What is likely wrong, or empty.
        hint: &'static str,
        /// The file.
        origin: String,
    },
    /// The list of class names is invalid.
    #[error("expected one class name per line, 1 to {most} of them, found {found}: {origin}")]
    ClassNames {
        /// The maximum number of classes.
        most: usize,
        /// What was found.
        found: String,
        /// The file.
        origin: String,
    },
    /// A picture is too large to open.
    #[error("expected a picture of at most {expected}, found {found}: {origin}")]
    PictureSize {
        /// The limit.
        expected: String,
        /// The size of the picture.
        found: String,
        /// The file.
        origin: String,
    },
    /// It is no picture, or one of another format.
    #[error("expected a PNG, JPEG, WebP, BMP, GIF or PNM picture, found {found}: {origin}")]
    PictureFormat {
        /// What was found instead.
        found: String,
        /// The file.
        origin: String,
    },
    /// The picture cannot be decoded.
    #[error("expected a whole {format} picture, found a damaged one ({reason}): {origin}")]
    PictureDamaged {
        /// Its format, such as "PNG".
        format: &'static str,
        /// The decoder's error.
        reason: String,
        /// The file.
        origin: String,
    },
    /// A source of data holds something else than a dataset.
    #[error("expected {expected}, found {found}: {origin}")]
    Unexpected {
        /// What would be read.
        expected: String,
        /// What is there.
        found: String,
        /// The file or folder, and the entry in it.
        origin: String,
    },
    /// An archive is damaged, or unpacks to more than is read.
    #[error("expected a whole {format} archive, found a damaged one ({reason}): {origin}")]
    Archive {
        /// Its format, such as "ZIP".
        format: &'static str,
        /// What is wrong.
        reason: String,
        /// The file.
        origin: String,
    },
    /// A file of a stored dataset could not be written.
    #[error(transparent)]
    Write(#[from] crate::files::WriteError),
    /// The user canceled.
    #[error("canceled")]
    Canceled,
}

impl DataError {
    /// Something else than a dataset, or than one that fits.
    pub(super) fn unexpected(
        expected: impl Into<String>,
        found: impl Into<String>,
        origin: impl ToString,
    ) -> DataError {
        DataError::Unexpected {
            expected: expected.into(),
            found: found.into(),
            origin: origin.to_string(),
        }
    }

    /// The system could not write `path`.
    pub(super) fn write(path: &std::path::Path) -> impl Fn(std::io::Error) -> DataError + '_ {
        move |reason| DataError::Write(crate::files::WriteError::new(path, reason))
    }

    /// The system could not read `path`.
    pub(super) fn read(path: &std::path::Path) -> impl Fn(std::io::Error) -> DataError + '_ {
        move |reason| DataError::Read {
            origin: path.display().to_string(),
            reason,
        }
    }
}
