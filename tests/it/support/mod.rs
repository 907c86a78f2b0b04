//! What the tests share: a small dataset, the studio, the window, pictures of it.

#[cfg(feature = "gui")]
pub mod kept;
#[cfg(feature = "mlflow")]
pub mod mlflow;
pub mod page;
#[cfg(feature = "gui")]
pub mod renderer;
#[cfg(feature = "gui")]
pub mod screenshots;
pub mod studio;
pub mod tiny;
#[cfg(feature = "gui")]
pub mod window;
