//! Where the elements of the left side are: the starts of its rows, and the steps within a row.

/// Offsets of the elements of a row of the left side, relative to the row's start.
pub(in super::super) trait Steps: Copy + Send + Sync {
    /// Whether they are next to each other.
    const ARE_CONTIGUOUS: bool = false;
    /// Whether the rows are next to each other: the left side is the transpose of what is in memory.
    const ARE_TRANSPOSED: bool = false;
    /// The number of steps: the length of the sum.
    fn len(self) -> usize;
    /// The offset of the t-th step.
    fn at(self, t: usize) -> usize;
    /// One more than the largest offset.
    fn span(self) -> usize;
}

/// So many steps from one element to the next.
#[derive(Clone, Copy)]
pub(in super::super) struct Contiguous(pub usize);

impl Steps for Contiguous {
    const ARE_CONTIGUOUS: bool = true;

    #[inline(always)]
    fn len(self) -> usize {
        self.0
    }
    #[inline(always)]
    fn at(self, t: usize) -> usize {
        t
    }
    #[inline(always)]
    fn span(self) -> usize {
        self.0
    }
}

/// Steps of equal length, from one row to the next of the transposed left side.
#[derive(Clone, Copy)]
pub(in super::super) struct Transposed {
    pub len: usize,
    pub stride: usize,
}

impl Steps for Transposed {
    const ARE_TRANSPOSED: bool = true;

    #[inline(always)]
    fn len(self) -> usize {
        self.len
    }
    #[inline(always)]
    fn at(self, t: usize) -> usize {
        t * self.stride
    }
    #[inline(always)]
    fn span(self) -> usize {
        match self.len {
            0 => 0,
            n => (n - 1) * self.stride + 1,
        }
    }
}

/// Steps with offsets from a table.
#[derive(Clone, Copy)]
pub(in super::super) struct Table<'a> {
    offsets: &'a [usize],
    span: usize,
}

impl<'a> Table<'a> {
    pub fn new(offsets: &'a [usize]) -> Self {
        let span = offsets.iter().max().map_or(0, |most| most + 1);
        Self { offsets, span }
    }
}

impl Steps for Table<'_> {
    #[inline(always)]
    fn len(self) -> usize {
        self.offsets.len()
    }
    #[inline(always)]
    fn at(self, t: usize) -> usize {
        self.offsets[t]
    }
    #[inline(always)]
    fn span(self) -> usize {
        self.span
    }
}

/// The starts of the rows of the left side.
#[derive(Clone, Copy)]
pub(in super::super) enum Rows<'a> {
    /// These elements.
    Table(&'a [usize]),
    /// `n` rows from `start` on, `stride` apart.
    Strided {
        n: usize,
        start: usize,
        stride: usize,
    },
}

impl Rows<'_> {
    #[inline(always)]
    pub fn len(self) -> usize {
        match self {
            Self::Table(starts) => starts.len(),
            Self::Strided { n, .. } => n,
        }
    }

    #[inline(always)]
    pub fn at(self, row: usize) -> usize {
        match self {
            Self::Table(starts) => starts[row],
            Self::Strided { start, stride, .. } => start + row * stride,
        }
    }
}
