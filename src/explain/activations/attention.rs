//! The attention of every head (Vaswani et al. 2017, section 3.2.1).

use candle_core::Tensor;

/// How much each token of a block reads of each other: softmax(Q Kᵀ / √d).
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    /// Number of heads.
    pub heads: usize,
    /// Number of tokens.
    pub tokens: usize,
    /// Width of a token.
    width: usize,
    /// Queries, keys and values of each token side by side. The weights are computed when they are
    /// wanted: a large image has millions of them.
    qkv: Vec<f32>,
    /// The mean of the rows, `[heads, tokens]`.
    means: Vec<f32>,
}

impl Attention {
    /// Of queries, keys and values side by side, `[tokens, 3 · width]`.
    pub(super) fn of(qkv: &Tensor, tokens: usize, heads: usize) -> candle_core::Result<Attention> {
        let mut attention = Attention {
            heads,
            tokens,
            width: qkv.dim(1)? / 3,
            qkv: qkv.flatten_all()?.to_vec1()?,
            means: Vec::with_capacity(heads * tokens),
        };
        for head in 0..heads {
            let keys = attention.keys(head);
            let mut mean = vec![0.0; tokens];
            for token in 0..tokens {
                let row = attention.weights(head, token, &keys);
                let all = mean.iter_mut().zip(row);
                all.for_each(|(sum, weight)| *sum += weight / tokens as f32);
            }
            attention.means.extend(mean);
        }
        Ok(attention)
    }

    /// How much `token` reads of each token, by a head; sums to 1.
    pub fn row(&self, head: usize, token: usize) -> Vec<f32> {
        self.weights(head, token, &self.keys(head))
    }

    /// How much all tokens read of each token, by a head: the mean of the rows.
    pub fn mean(&self, head: usize) -> &[f32] {
        &self.means[head * self.tokens..][..self.tokens]
    }

    /// The row of a token; `keys` are those of the head.
    fn weights(&self, head: usize, token: usize, keys: &[f32]) -> Vec<f32> {
        let mut row = vec![0.0; self.tokens];
        let query = self.part(head, token, 0);
        for (query, keys) in query.iter().zip(keys.chunks_exact(self.tokens)) {
            let all = row.iter_mut().zip(keys);
            all.for_each(|(score, key)| *score += query * key);
        }
        softmax(&mut row, 1.0 / (query.len() as f32).sqrt());
        row
    }

    /// The keys of a head, `[depth, tokens]`, so that inner loops run over tokens.
    fn keys(&self, head: usize) -> Vec<f32> {
        let mut keys = vec![0.0; self.depth() * self.tokens];
        for token in 0..self.tokens {
            for (i, key) in self.part(head, token, 1).iter().enumerate() {
                keys[i * self.tokens + token] = *key;
            }
        }
        keys
    }

    /// A head's part of a token's query (0) or key (1).
    fn part(&self, head: usize, token: usize, which: usize) -> &[f32] {
        let start = (token * 3 + which) * self.width + head * self.depth();
        &self.qkv[start..][..self.depth()]
    }

    fn depth(&self) -> usize {
        self.width / self.heads.max(1)
    }
}

fn softmax(row: &mut [f32], scale: f32) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut()
        .for_each(|x| *x = ((*x - largest) * scale).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}
