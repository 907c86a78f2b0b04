use super::*;
use crate::kernels::simd::instruction_set;

/// Values that are not exact in few bits, so that another order of additions would show.
fn values(n: usize, seed: usize) -> Vec<f32> {
    (0..n)
        .map(|i| ((i * 37 + seed) as f32 * 0.7).sin())
        .collect()
}

struct Product<'a> {
    rows: usize,
    cols: usize,
    len: usize,
    a: &'a [f32],
    b: &'a [f32],
}

impl Product<'_> {
    /// By the kernel; the elements of the left side are where `rows` and `steps` say.
    fn found(&self, rows: Rows<'_>, steps: impl Steps, init: Init<'_>, out: &[f32]) -> Vec<f32> {
        let mut found = out.to_vec();
        Gemm {
            a: self.a,
            rows,
            steps,
            b: self.b,
            ldb: self.cols,
            cols: self.cols,
            out: &mut found,
            ldc: self.cols,
            init,
            relu: false,
            prefetch: [self.b, &[]],
        }
        .run();
        found
    }

    /// One chain of multiply-adds for each element.
    fn expected(
        &self,
        a: impl Fn(usize, usize) -> f32,
        first: impl Fn(usize, usize) -> f32,
    ) -> Vec<f32> {
        let element = |i: usize| {
            let (row, col) = (i / self.cols, i % self.cols);
            let chain = |sum, t: usize| a(row, t).mul_add(self.b[t * self.cols + col], sum);
            (0..self.len).fold(first(row, col), chain)
        };
        (0..self.rows * self.cols).map(element).collect()
    }
}

fn assert_same(found: &[f32], expected: &[f32], case: &str) {
    // Portable Rust may lack fused multiply-adds.
    match instruction_set() {
        InstructionSet::Portable => {
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-4, "{case}");
            }
        }
        _ => assert!(found == expected, "{case}"),
    }
}

/// Every height of tiles, packed or not; whole, half and partial registers of columns; and sums
/// that are not a multiple of what is unrolled.
#[test]
fn every_element_is_one_chain_of_multiply_adds() {
    for rows in (1..=9).chain([13, 14, 19, 20, 25, 31, 37]) {
        for cols in [1, 8, 10, 16, 31, 80] {
            for len in [1, 4, 7, 66] {
                let case = format!("{rows} × {len} by {len} × {cols}");
                let (a, b) = (values(rows * len, 1), values(len * cols, 2));
                let (bias, out) = (values(cols, 3), values(rows * cols, 4));
                let product = Product {
                    rows,
                    cols,
                    len,
                    a: &a,
                    b: &b,
                };
                let by_row = Rows::Strided {
                    n: rows,
                    start: 0,
                    stride: len,
                };
                let of_bias = |_: usize, col: usize| bias[col];
                let expected = product.expected(|row, t| a[row * len + t], of_bias);
                let found = product.found(by_row, Contiguous(len), Init::Bias(&bias), &out);
                assert_same(&found, &expected, &case);
                let steps: Vec<usize> = (0..len).collect();
                let found = product.found(by_row, Table::new(&steps), Init::Bias(&bias), &out);
                assert_same(&found, &expected, &case);
                let by_column = Rows::Strided {
                    n: rows,
                    start: 0,
                    stride: 1,
                };
                let expected =
                    product.expected(|row, t| a[t * rows + row], |row, col| out[row * cols + col]);
                let steps = Transposed { len, stride: rows };
                let found = product.found(by_column, steps, Init::Output, &out);
                assert_same(&found, &expected, &case);
            }
        }
    }
}
