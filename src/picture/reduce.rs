//! Reduces curves to what pixels can show.

/// Reduces `points` to columns of pixels from `low` to `high`: at most the first, smallest, largest
/// and last point of each column, in order. NaN ends a line, and its position is reported.
pub fn reduce<P: From<[f64; 2]>>(
    points: impl Iterator<Item = (f64, f64)>,
    (low, high): (f64, f64),
    n_columns: usize,
) -> (Vec<Vec<P>>, Vec<f64>) {
    let columns_per_x = n_columns.max(1) as f64 / (high - low).max(f64::MIN_POSITIVE);
    let mut lines = vec![Vec::new()];
    let mut breaks = Vec::new();
    let mut column = Column::default();
    for (x, y) in points {
        let line = lines.len() - 1;
        if !y.is_finite() {
            column.drain_into(&mut lines[line]);
            if !lines[line].is_empty() {
                lines.push(Vec::new());
            }
            if breaks.last() != Some(&x) {
                breaks.push(x);
            }
            continue;
        }
        let idx = ((x - low) * columns_per_x).floor() as i64;
        if column.idx != idx {
            column.drain_into(&mut lines[line]);
            column.idx = idx;
        }
        column.take([x, y]);
    }
    let line = lines.len() - 1;
    column.drain_into(&mut lines[line]);
    lines.retain(|line| !line.is_empty());
    (lines, breaks)
}

/// The points of one column of pixels to keep.
#[derive(Default)]
struct Column {
    idx: i64,
    n: usize,
    first: Option<[f64; 2]>,
    min: Option<(usize, [f64; 2])>,
    max: Option<(usize, [f64; 2])>,
    last: Option<[f64; 2]>,
}

impl Column {
    fn take(&mut self, p: [f64; 2]) {
        self.first.get_or_insert(p);
        if self.min.is_none_or(|(_, min)| p[1] < min[1]) {
            self.min = Some((self.n, p));
        }
        if self.max.is_none_or(|(_, max)| p[1] > max[1]) {
            self.max = Some((self.n, p));
        }
        self.last = Some(p);
        self.n += 1;
    }

    fn drain_into<P: From<[f64; 2]>>(&mut self, line: &mut Vec<P>) {
        let mut extremes = [self.min.take(), self.max.take()];
        extremes.sort_by_key(|e| e.map(|(n, _)| n));
        let mut pushed = None;
        let inner = extremes.into_iter().flatten().map(|(_, p)| p);
        for p in self
            .first
            .take()
            .into_iter()
            .chain(inner)
            .chain(self.last.take())
        {
            if pushed != Some(p) {
                line.push(p.into());
                pushed = Some(p);
            }
        }
        self.n = 0;
    }
}
