//! What candle has not, or not for training.

/// A layer or function that candle has not, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Own {
    LayerNorm,
    Dropout2d,
    Windows,
    MaxPool,
    AvgPool,
    Rnn,
    Recurrent,
    Reversed,
    PatchEmbedding,
    Transformer,
}

impl Own {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Own::LayerNorm => include_str!("parts/layer_norm.rs"),
            Own::Dropout2d => include_str!("parts/dropout2d.rs"),
            Own::Windows => include_str!("parts/windows.rs"),
            Own::MaxPool => include_str!("parts/max_pool.rs"),
            Own::AvgPool => include_str!("parts/avg_pool.rs"),
            Own::Rnn => include_str!("parts/rnn.rs"),
            Own::Recurrent => include_str!("parts/recurrent.rs"),
            Own::Reversed => include_str!("parts/reversed.rs"),
            Own::PatchEmbedding => include_str!("parts/patch_embedding.rs"),
            Own::Transformer => include_str!("parts/transformer.rs"),
        }
    }
}
