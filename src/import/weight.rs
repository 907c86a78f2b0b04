//! The weights of a layer on their way from the order of another program to PyTorch's.

/// A tensor with its shape.
#[derive(Clone, Debug, Default)]
pub(super) struct Weight {
    pub dims: Vec<usize>,
    pub values: Vec<f32>,
}

impl Weight {
    /// A list.
    pub fn list(values: Vec<f32>) -> Weight {
        Weight {
            dims: vec![values.len()],
            values,
        }
    }

    /// A list of `n` equal values.
    #[cfg(feature = "keras")]
    pub fn constant(n: usize, value: f32) -> Weight {
        Weight::list(vec![value; n])
    }

    /// A matrix `[rows, columns]` as `[columns, rows]`.
    ///
    /// # Errors
    /// When it is no matrix.
    pub fn transposed(&self) -> Result<Weight, String> {
        let &[rows, columns] = self.dims.as_slice() else {
            return Err(format!("a matrix is expected, not a shape {:?}", self.dims));
        };
        let of = |at: usize| self.values[at % rows * columns + at / rows];
        Ok(Weight {
            dims: vec![columns, rows],
            values: (0..self.values.len()).map(of).collect(),
        })
    }
}

/// Weight, bias and stride of the 1×1 convolution around a block.
pub(super) type PointConv = (Weight, Vec<f32>, usize);

/// Statistics and factors of a batch norm, one per channel.
pub(super) struct NormWeights {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
    /// Added to the variance.
    pub epsilon: f64,
}

impl NormWeights {
    /// Makes a convolution or dense layer compute what it and this norm after it compute; `None` if
    /// they have other numbers of channels.
    pub fn fold_into(&self, weight: &mut Weight, bias: &mut [f32]) -> Option<()> {
        let n = bias.len();
        let lists = [&self.weight, &self.bias, &self.mean, &self.variance];
        if lists.iter().any(|list| list.len() != n)
            || n == 0
            || !weight.values.len().is_multiple_of(n)
        {
            return None;
        }
        let n_inputs = (weight.values.len() / n).max(1);
        for (idx, (row, bias)) in weight.values.chunks_mut(n_inputs).zip(bias).enumerate() {
            let deviation = (f64::from(self.variance[idx]) + self.epsilon).sqrt();
            let factor = f64::from(self.weight[idx]) / deviation;
            row.iter_mut()
                .for_each(|w| *w = (f64::from(*w) * factor) as f32);
            let centered = f64::from(*bias) - f64::from(self.mean[idx]);
            *bias = (centered * factor + f64::from(self.bias[idx])) as f32;
        }
        Some(())
    }
}

/// The values of an image whose channels are last, in the order in which they are first.
pub(super) fn channels_first(values: &[f32], [channels, height, width]: [usize; 3]) -> Vec<f32> {
    let n_pixels = height * width;
    if values.len() != channels * n_pixels {
        return values.to_vec();
    }
    let of = |at: usize| values[at % n_pixels * channels + at / n_pixels];
    (0..values.len()).map(of).collect()
}
