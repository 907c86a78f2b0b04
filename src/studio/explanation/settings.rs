//! What is explained, and how.

use crate::explain::{Method, Target};

/// What is explained, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainSettings {
    /// The method, with its settings.
    pub method: Method,
    /// The class, and the one it is held against.
    pub target: Target,
    /// Whether the map of the same network with random weights is made as well.
    pub with_random_weights: bool,
}
