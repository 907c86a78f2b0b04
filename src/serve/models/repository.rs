//! All models that are served.

use std::path::PathBuf;
use std::sync::Arc;

use super::loaded::Loaded;
use super::model::Model;
use crate::serve::error::ServeError;
use crate::serve::failure::Failure;

/// A model to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSource {
    /// Its name in addresses.
    pub name: String,
    /// Whether the name was given and not made of the file's: models that were given the same name
    /// are versions 1, 2, … of one model.
    pub is_named: bool,
    /// The model file.
    pub path: PathBuf,
}

/// The models by name and version.
#[derive(Debug)]
pub(in crate::serve) struct Repository {
    /// In the order of the command line; the versions of a model follow each other's numbers.
    models: Vec<Arc<Model>>,
}

impl Repository {
    /// Reads all models.
    ///
    /// # Errors
    /// When one cannot be served, or its name is taken.
    pub fn open(sources: &[ModelSource]) -> Result<Repository, ServeError> {
        let mut models: Vec<Arc<Model>> = Vec::new();
        for (idx, source) in sources.iter().enumerate() {
            let ModelSource { name, path, .. } = source;
            if name.is_empty() || name.contains(|c: char| "/\"\\".contains(c) || c.is_control()) {
                return Err(ServeError::Name(name.clone()));
            }
            let earlier = || sources[..idx].iter().filter(|other| other.name == *name);
            if earlier().any(|other| !(other.is_named && source.is_named)) {
                return Err(ServeError::SameName(name.clone()));
            }
            let version = 1 + earlier().count() as u32;
            let model = Model::open(name.clone(), version, path.clone());
            models.push(Arc::new(model.map_err(ServeError::Model)?));
        }
        Ok(Repository { models })
    }

    /// All of them.
    pub fn models(&self) -> &[Arc<Model>] {
        &self.models
    }

    /// Whether all of them are loaded.
    pub fn is_ready(&self) -> bool {
        self.models.iter().all(|model| model.loaded().is_some())
    }

    /// The versions of the model `name`, of which there are none if there is no such model.
    pub fn versions<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Arc<Model>> + Clone {
        self.models.iter().filter(move |model| model.name == name)
    }

    /// The model `name`, in the version that is asked for or in the newest that is loaded.
    ///
    /// # Errors
    /// 404 when there is none.
    pub fn find(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<(Arc<Model>, Arc<Loaded>), Failure> {
        let is_wanted = |model: &&Arc<Model>| match version {
            Some(version) => model.version.to_string() == version,
            None => true,
        };
        let with_state = |model: &Arc<Model>| Some((model.clone(), model.loaded()?));
        let mut wanted = self.versions(name).filter(is_wanted);
        let found = wanted.clone().filter_map(with_state).last();
        found.ok_or_else(|| {
            let version = version.map(|v| format!(" version {v}")).unwrap_or_default();
            Failure::not_found(match wanted.next() {
                Some(_) => {
                    format!(
                        "Request for unknown model: '{name}'{version} has no available versions"
                    )
                }
                None => format!("Request for unknown model: '{name}'{version} is not found"),
            })
        })
    }
}
