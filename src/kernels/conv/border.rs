//! Images inside a border of zeros.

/// Rows from this length on are worth not being zeroed before they are copied.
const LONG: usize = 256;

/// Copies the rows of `x`, of `row` values each, into the longer rows of `to`, from row `top` and
/// value `left` on, and makes zero what is around them.
pub(super) fn copy_inside(
    x: &[f32],
    row: usize,
    (to, to_row): (&mut [f32], usize),
    [top, left]: [usize; 2],
) {
    let is_long = row >= LONG;
    let (above, rest) = to.split_at_mut(top * to_row);
    let (inside, below) = rest.split_at_mut(x.len() / row * to_row);
    above.fill(0.0);
    below.fill(0.0);
    if !is_long {
        inside.fill(0.0);
    }
    for (x, to) in x.chunks_exact(row).zip(inside.chunks_exact_mut(to_row)) {
        to[left..][..row].copy_from_slice(x);
        if is_long {
            to[..left].fill(0.0);
            to[left + row..].fill(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_around_is_zero_in_short_and_long_rows() {
        let mut long = vec![9.0; 4 * (LONG + 3)];
        copy_inside(&[1.0; 2 * LONG], LONG, (&mut long, LONG + 3), [1, 2]);
        for (y, row) in long.chunks(LONG + 3).enumerate() {
            let is_inside = |x| (1..3).contains(&y) && (2..LONG + 2).contains(&x);
            let expected = |x| f32::from(u8::from(is_inside(x)));
            assert!(row.iter().enumerate().all(|(x, v)| *v == expected(x)));
        }
        let mut to = [9.0; 20];
        copy_inside(&[1.0, 2.0, 3.0, 4.0], 2, (&mut to, 5), [1, 2]);
        let expected = [
            [0.0; 5],
            [0.0, 0.0, 1.0, 2.0, 0.0],
            [0.0, 0.0, 3.0, 4.0, 0.0],
            [0.0; 5],
        ];
        assert_eq!(to, *expected.as_flattened());
    }
}
