//! A Docker image with our own service, and what Kubernetes needs to run it.

use super::names::Names;
use crate::export::model::content::InFolder;
use crate::export::model::{ExportModelError, ExportedModel};

/// The files that hold a name.
const TEMPLATES: [(&str, &str); 3] = [
    ("Dockerfile", include_str!("templates/Dockerfile")),
    ("kubernetes.yaml", include_str!("templates/kubernetes.yaml")),
    ("README.md", include_str!("templates/docker.md")),
];

/// The script by which Docker finds out whether the service is ready.
const HEALTHCHECK: &str = include_str!("templates/healthcheck.sh");

/// All but what the image needs stays out of the build: the token most of all.
const DOCKERIGNORE: &str = "*\n!candle-studio\n!healthcheck.sh\n!model.safetensors\n";

/// The folder from which the image is built; the program itself is put beside them.
///
/// # Errors
/// When the weights cannot be copied.
pub(super) fn files(
    model: &ExportedModel<'_>,
    names: &Names,
) -> Result<Vec<InFolder>, ExportModelError> {
    let mut files = vec![
        ("model.safetensors".to_owned(), model.weights()?),
        ("healthcheck.sh".to_owned(), HEALTHCHECK.into()),
        (".dockerignore".to_owned(), DOCKERIGNORE.into()),
    ];
    for (file, template) in TEMPLATES {
        files.push((file.to_owned(), names.fill(template).into_bytes()));
    }
    Ok(files)
}
