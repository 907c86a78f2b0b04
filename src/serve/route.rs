//! Where a request goes.

use hyper::Method;
use percent_encoding::percent_decode_str;

/// The addresses of the service, with what is named in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Page,
    Docs,
    OpenApi,
    Metrics,
    Server,
    Live,
    Ready,
    Model(ModelRef),
    ModelReady(ModelRef),
    ModelConfig(ModelRef),
    /// Of all models, or of one.
    Statistics(Option<ModelRef>),
    Infer(ModelRef),
    Index,
    Load(String),
    Unload(String),
}

/// The model in an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModelRef {
    pub name: String,
    pub version: Option<String>,
}

impl Route {
    /// The route of a path; `None` for others.
    pub fn of(path: &str) -> Option<Route> {
        let segments: Option<Vec<String>> =
            path.strip_prefix('/')?.split('/').map(decoded).collect();
        let segments = segments?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments[..] {
            [""] => Some(Route::Page),
            ["metrics"] => Some(Route::Metrics),
            ["openapi.json"] => Some(Route::OpenApi),
            ["v2"] => Some(Route::Server),
            ["v2", "docs"] => Some(Route::Docs),
            ["v2", "health", "live"] => Some(Route::Live),
            ["v2", "health", "ready"] => Some(Route::Ready),
            ["v2", "models", "stats"] => Some(Route::Statistics(None)),
            ["v2", "models", name, "versions", version, ref rest @ ..] => {
                of_model(name, Some(version), rest)
            }
            ["v2", "models", name, ref rest @ ..] => of_model(name, None, rest),
            ["v2", "repository", "index"] => Some(Route::Index),
            ["v2", "repository", "models", name, "load"] => Some(Route::Load(name.to_owned())),
            ["v2", "repository", "models", name, "unload"] => Some(Route::Unload(name.to_owned())),
            _ => None,
        }
    }

    /// What it is called in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Route::Page => "page",
            Route::Docs => "docs",
            Route::OpenApi => "openapi",
            Route::Metrics => "metrics",
            Route::Server => "server",
            Route::Live | Route::Ready => "health",
            Route::Model(_) => "model",
            Route::ModelReady(_) => "model_ready",
            Route::ModelConfig(_) => "model_config",
            Route::Statistics(_) => "statistics",
            Route::Infer(_) => "infer",
            Route::Index | Route::Load(_) | Route::Unload(_) => "repository",
        }
    }

    /// Whether it takes a body, by POST; the others are read, by GET.
    pub fn takes_body(&self) -> bool {
        use Route::{Index, Infer, Load, Unload};
        matches!(self, Infer(_) | Index | Load(_) | Unload(_))
    }

    /// The methods it allows, if `method` is none of them.
    pub fn refuses(&self, method: &Method) -> Option<&'static str> {
        match self.takes_body() {
            true => (method != Method::POST).then_some("POST"),
            false => (method != Method::GET && method != Method::HEAD).then_some("GET, HEAD"),
        }
    }

    /// Whether it is answered without a token: the page, which asks for one, and what tells a
    /// machine that the service is alive. They say nothing about the models.
    pub fn is_open(&self) -> bool {
        matches!(self, Route::Page | Route::Live | Route::Ready)
    }
}

fn decoded(segment: &str) -> Option<String> {
    let decoded = percent_decode_str(segment).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

fn of_model(name: &str, version: Option<&str>, rest: &[&str]) -> Option<Route> {
    let model = ModelRef {
        name: name.to_owned(),
        version: version.map(str::to_owned),
    };
    match rest {
        [] => Some(Route::Model(model)),
        ["ready"] => Some(Route::ModelReady(model)),
        ["config"] => Some(Route::ModelConfig(model)),
        ["stats"] => Some(Route::Statistics(Some(model))),
        ["infer"] => Some(Route::Infer(model)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, version: Option<&str>) -> ModelRef {
        ModelRef {
            name: name.to_owned(),
            version: version.map(str::to_owned),
        }
    }

    #[test]
    fn addresses_lead_to_models_and_versions() {
        for (path, route) in [
            ("/", Some(Route::Page)),
            ("/v2", Some(Route::Server)),
            ("/v2/models/a%20b", Some(Route::Model(model("a b", None)))),
            (
                "/v2/models/m/versions/2/infer",
                Some(Route::Infer(model("m", Some("2")))),
            ),
            (
                "/v2/models/versions/ready",
                Some(Route::ModelReady(model("versions", None))),
            ),
            (
                "/v2/repository/models/m/load",
                Some(Route::Load("m".into())),
            ),
            ("/v2/", None),
            ("/v2/models/%ff", None),
            ("/v2/models/m/versions", None),
            ("", None),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }

    #[test]
    fn what_takes_a_body_is_posted() {
        let infer = Route::Infer(model("m", None));
        assert_eq!(infer.refuses(&Method::GET), Some("POST"));
        assert_eq!(infer.refuses(&Method::POST), None);
        assert_eq!(Route::Server.refuses(&Method::HEAD), None);
        assert_eq!(Route::Server.refuses(&Method::DELETE), Some("GET, HEAD"));
    }
}
