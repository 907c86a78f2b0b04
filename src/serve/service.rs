//! From a request to its answer.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};

use super::access::Access;
use super::activity::{Activity, Phase};
use super::body::{Budget, read};
use super::connections::Connections;
use super::failure::Failure;
use super::infer::infer;
use super::log::{Log, LoggedRequest};
use super::metrics::{self, Metrics};
use super::models::{Model, Repository};
use super::pages;
use super::protocol::{
    IndexRequest, LoadRequest, index, model_config, model_metadata, read_json, server_metadata,
};
use super::queue::Queue;
use super::reply::Reply;
use super::route::{ModelRef, Route};
use super::traffic::Traffic;

/// All that requests need.
pub(super) struct Service {
    pub access: Access,
    pub models: Arc<Repository>,
    pub queue: Arc<Queue>,
    pub metrics: Arc<Metrics>,
    pub traffic: Arc<Traffic>,
    pub log: Arc<Log>,
    pub connections: Rc<Connections>,
    pub bodies: Budget,
}

impl Service {
    /// Answers a request, whatever happens.
    ///
    /// # Errors
    /// Never.
    pub async fn respond(
        self: Rc<Self>,
        request: Request<Incoming>,
        activity: Rc<Activity>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let start = Instant::now();
        activity.enter(Phase::Body);
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let route = Route::of(&path);
        let route_name = route.as_ref().map_or("other", Route::name);
        let cors = self.access.headers(&request);
        let reply = without_panic(self.reply(request, route, &activity)).await;
        let reply = reply.unwrap_or_else(|| Reply::from(Failure::internal()));
        let (status, duration) = (reply.status.as_u16(), start.elapsed());
        self.metrics.count_request(route_name, status, duration);
        self.log.request(&LoggedRequest {
            method: method.as_str(),
            path: &path,
            status,
            duration,
        });
        activity.enter(Phase::Reply);
        let mut response = reply.into_response();
        response.headers_mut().extend(cors);
        Ok(response)
    }

    async fn reply(
        &self,
        request: Request<Incoming>,
        route: Option<Route>,
        activity: &Activity,
    ) -> Reply {
        if let Err(failure) = self.access.check_source(&request) {
            return failure.into();
        }
        if let Some(preflight) = self.access.preflight(&request) {
            return preflight;
        }
        if !route.as_ref().is_some_and(Route::is_open)
            && let Err(failure) = self.access.check_token(request.headers())
        {
            return failure.into();
        }
        let Some(route) = route else {
            return Reply::unknown_address();
        };
        if let Some(allowed) = route.refuses(request.method()) {
            return Reply::not_allowed(allowed);
        }
        let result = match route.takes_body() {
            true => self.posted(route, request, activity).await,
            false => self.read(&route),
        };
        result.unwrap_or_else(Reply::from)
    }

    /// Answers what is only read.
    fn read(&self, route: &Route) -> Result<Reply, Failure> {
        match route {
            Route::Page => pages::page(),
            Route::Docs => pages::docs(),
            Route::OpenApi => pages::openapi(&self.models, self.access.has_token()),
            Route::Metrics => self.metrics_text(),
            Route::Server => Reply::json(&server_metadata()),
            Route::Live => Ok(Reply::empty()),
            Route::Ready => Ok(match self.models.is_ready() {
                true => Reply::empty(),
                false => Reply::not_ready(),
            }),
            Route::Model(model) => self.metadata(model),
            Route::ModelReady(model) => Ok(match self.find(model) {
                Ok(_) => Reply::empty(),
                Err(_) => Reply::not_ready(),
            }),
            Route::ModelConfig(model) => {
                let (found, loaded) = self.find(model)?;
                let n_versions = self.models.versions(&found.name).count();
                Reply::json(&model_config(&found.name, n_versions, &loaded))
            }
            Route::Statistics(model) => self.statistics(model.as_ref()),
            Route::Infer(_) | Route::Index | Route::Load(_) | Route::Unload(_) => {
                Ok(Reply::not_allowed("POST"))
            }
        }
    }

    fn metrics_text(&self) -> Result<Reply, Failure> {
        let (n_waiting, n_open) = (self.queue.n_images(), self.connections.len());
        let text = self.metrics.text(&self.models, n_waiting, n_open);
        let text = text.map_err(|_error| Failure::internal())?;
        Ok(Reply::ok(metrics::CONTENT_TYPE, text))
    }

    fn metadata(&self, model: &ModelRef) -> Result<Reply, Failure> {
        let (found, loaded) = self.find(model)?;
        let versions = self.models.versions(&found.name);
        let versions = versions.filter(|version| version.loaded().is_some());
        let versions: Vec<u32> = versions.map(|version| version.version).collect();
        Reply::json(&model_metadata(&found.name, &versions, &loaded))
    }

    fn statistics(&self, model: Option<&ModelRef>) -> Result<Reply, Failure> {
        let wanted: Vec<Arc<Model>> = match model {
            Some(model @ ModelRef { version: None, .. }) => {
                self.find(model)?;
                self.models.versions(&model.name).cloned().collect()
            }
            Some(model) => vec![self.find(model)?.0],
            None => self.models.models().to_vec(),
        };
        let shown = |model: &Arc<Model>| model.statistics().to_json(&model.name, model.version);
        let shown: Result<Vec<_>, _> = wanted.iter().map(shown).collect();
        let shown = shown.map_err(|_error| Failure::internal())?;
        Reply::json(&serde_json::json!({ "model_stats": shown }))
    }

    fn find(&self, model: &ModelRef) -> Result<(Arc<Model>, Arc<super::models::Loaded>), Failure> {
        self.models.find(&model.name, model.version.as_deref())
    }

    /// Answers what comes with a body.
    async fn posted(
        &self,
        route: Route,
        request: Request<Incoming>,
        activity: &Activity,
    ) -> Result<Reply, Failure> {
        let (head, body) = request.into_parts();
        let (body, _share) = read(body, &self.bodies).await?;
        activity.enter(Phase::Answer);
        match route {
            Route::Infer(model) => infer(self, &model, &head.headers, body).await,
            Route::Index => {
                let wanted: IndexRequest = read_json(&body)?;
                Reply::json(&index(&self.models, wanted.ready))
            }
            Route::Load(name) => self.load(&name, &body).await,
            Route::Unload(name) => {
                // Triton's client says what is to become of models that depend on it.
                let _: LoadRequest = read_json(&body)?;
                for model in self.known(&name, "unload")? {
                    model.unload();
                }
                Ok(Reply::empty())
            }
            _ => Ok(Reply::unknown_address()),
        }
    }

    /// Reads the files of a model again. The files are those of the start: none is named in a
    /// request.
    async fn load(&self, name: &str, body: &[u8]) -> Result<Reply, Failure> {
        let wanted: LoadRequest = read_json(body)?;
        if wanted.has_parameters() {
            let message =
                "expected no parameters: a model is loaded from the file it was started with";
            return Err(Failure::bad_request(format!(
                "failed to load '{name}', {message}"
            )));
        }
        for model in self.known(name, "load")? {
            let load = move || model.load();
            let result = tokio::task::spawn_blocking(load).await;
            let result = result.map_err(|_panic| Failure::internal())?;
            if let Err(reason) = result {
                self.log.notice(&format!("warning: {name}: {reason}"));
                let message = format!("failed to load '{name}', its file holds no usable model");
                return Err(Failure::bad_request(message));
            }
        }
        Ok(Reply::empty())
    }

    fn known(&self, name: &str, verb: &str) -> Result<Vec<Arc<Model>>, Failure> {
        let found: Vec<Arc<Model>> = self.models.versions(name).cloned().collect();
        match found.is_empty() {
            true => Err(Failure::bad_request(format!(
                "failed to {verb} '{name}', there is no such model"
            ))),
            false => Ok(found),
        }
    }
}

/// The result of a future; `None` if it panics, which ends nothing but the request.
async fn without_panic<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Some(value)),
            Err(_panic) => Poll::Ready(None),
        }
    })
    .await
}
