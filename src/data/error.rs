//! What can be wrong with data from outside.

/// Why some data could not be used. Each message is one whole sentence for the person at the
/// screen: what was expected, what was found, and where; no cause needs to be appended to it.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The operating system refused to hand over a file or folder.
    #[error("could not read {origin}: {reason}")]
    Read {
        /// The file or folder.
        origin: String,
        /// What the operating system said.
        reason: std::io::Error,
    },
    /// A path names a folder, a device or the like where a plain file is needed.
    #[error("expected a plain file, found something else: {origin}")]
    NotAFile {
        /// The path.
        origin: String,
    },
    /// A folder that should hold a dataset is no folder.
    #[error("expected a folder with the four IDX files of a dataset, found no folder: {origin}")]
    NotAFolder {
        /// The path.
        origin: String,
    },
    /// A dataset's folder lacks one of its four files.
    #[error(
        "expected the file {name} (or {name}.gz) beside the other IDX files, found none in {folder}"
    )]
    MissingFile {
        /// The published name of the file.
        name: &'static str,
        /// Where it was looked for.
        folder: String,
    },
    /// The first four bytes are not those of the IDX file that is needed here.
    #[error("expected an IDX file of {expected}, found one that starts with {found}: {origin}")]
    Magic {
        /// The kind of IDX file that is needed.
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
        /// The bytes there are.
        found: usize,
        /// The file.
        origin: String,
    },
    /// The header's numbers are outside what this program accepts.
    #[error("expected {expected}, found a header that claims {found}: {origin}")]
    Claim {
        /// The accepted range.
        expected: String,
        /// The claim.
        found: String,
        /// The file.
        origin: String,
    },
    /// There is more or less behind the header than it announces.
    #[error("expected {expected} bytes after the header, found {found}: {origin}")]
    BodyLength {
        /// The bytes the header announces.
        expected: u64,
        /// What is there, such as "only 12".
        found: String,
        /// The file.
        origin: String,
    },
    /// The gzip stream is damaged or ends early.
    #[error("expected a whole gzip file, found a damaged or shortened one ({reason}): {origin}")]
    Gzip {
        /// What the decompressor said.
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
    /// Images and labels do not pair up.
    #[error(
        "expected one label for each image, found {images} images and {labels} labels: {origin}"
    )]
    Counts {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
        /// The part of the dataset.
        origin: String,
    },
    /// The pixels do not fill whole images of the given shape.
    #[error(
        "expected {expected} bytes of pixels for {images} images of shape {shape:?}, found {found}"
    )]
    Pixels {
        /// Bytes that the shape asks for.
        expected: usize,
        /// Number of images, by the labels.
        images: usize,
        /// Channels, height, width.
        shape: [usize; 3],
        /// Bytes given.
        found: usize,
    },
    /// Training and test images are of different sizes.
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
    /// A set without images.
    #[error("expected at least one image, found an empty set: {origin}")]
    Empty {
        /// The file.
        origin: String,
    },
    /// A label that belongs to no class.
    #[error("expected labels from 0 to {last}, found {found} for image {image}: {origin}")]
    LabelRange {
        /// The highest label allowed.
        last: usize,
        /// The label found.
        found: i64,
        /// The index of its image, from 0.
        image: usize,
        /// The file.
        origin: String,
    },
    /// The list of class names is not one.
    #[error("expected one class name a line, 1 to {most} of them, found {found}: {origin}")]
    ClassNames {
        /// The most classes there may be.
        most: usize,
        /// What was found.
        found: String,
        /// The file.
        origin: String,
    },
    /// A picture is too large to be opened.
    #[error("expected a picture of at most {expected}, found {found}: {origin}")]
    PictureSize {
        /// The limit.
        expected: String,
        /// What the file has or claims.
        found: String,
        /// The file.
        origin: String,
    },
    /// Neither PNG nor JPEG.
    #[error("expected a PNG or JPEG picture, found {found}: {origin}")]
    PictureFormat {
        /// What was found instead.
        found: String,
        /// The file.
        origin: String,
    },
    /// A PNG or JPEG that cannot be decoded.
    #[error("expected a whole {format} picture, found a damaged one ({reason}): {origin}")]
    PictureDamaged {
        /// "PNG" or "JPEG".
        format: &'static str,
        /// What the decoder said.
        reason: String,
        /// The file.
        origin: String,
    },
}
