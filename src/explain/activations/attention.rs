//! The attention of every head (Vaswani et al. 2017, section 3.2.1).

use candle_core::Tensor;

/// How much each token of a block reads of each other: softmax(Q Kᵀ / √d).
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    /// Number of heads.
    pub heads: usize,
    /// Number of tokens.
    pub tokens: usize,
    /// `[heads, tokens, tokens]`; the row of a token sums to 1.
    pub weights: Vec<f32>,
}

impl Attention {
    /// Of queries, keys and values side by side, `[tokens, 3 · width]`.
    pub(super) fn of(qkv: &Tensor, tokens: usize, heads: usize) -> candle_core::Result<Attention> {
        let width = qkv.dim(1)? / 3;
        let values: Vec<f32> = qkv.flatten_all()?.to_vec1()?;
        let depth = width / heads.max(1);
        let mut weights = vec![0.0; heads * tokens * tokens];
        for head in 0..heads {
            let part = |token: usize, which: usize| {
                &values[token * 3 * width + which * width + head * depth..][..depth]
            };
            // Keys by index, so that the inner loop runs over tokens.
            let mut keys = vec![0.0; depth * tokens];
            for token in 0..tokens {
                for (i, key) in part(token, 1).iter().enumerate() {
                    keys[i * tokens + token] = *key;
                }
            }
            for token in 0..tokens {
                let row = &mut weights[(head * tokens + token) * tokens..][..tokens];
                for (query, keys) in part(token, 0).iter().zip(keys.chunks_exact(tokens)) {
                    let all = row.iter_mut().zip(keys);
                    all.for_each(|(score, key)| *score += query * key);
                }
                softmax(row, 1.0 / (depth as f32).sqrt());
            }
        }
        Ok(Attention {
            heads,
            tokens,
            weights,
        })
    }

    /// What `token` reads of each token, by a head.
    pub fn row(&self, head: usize, token: usize) -> &[f32] {
        &self.weights[(head * self.tokens + token) * self.tokens..][..self.tokens]
    }

    /// What all tokens read of each token, by a head: the mean of the rows.
    pub fn mean(&self, head: usize) -> Vec<f32> {
        let mut mean = vec![0.0; self.tokens];
        for token in 0..self.tokens {
            let all = mean.iter_mut().zip(self.row(head, token));
            all.for_each(|(sum, weight)| *sum += weight / self.tokens as f32);
        }
        mean
    }
}

fn softmax(row: &mut [f32], scale: f32) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut()
        .for_each(|x| *x = ((*x - largest) * scale).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}
