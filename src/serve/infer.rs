//! Answering a request about images.

use std::sync::Arc;
use std::time::Instant;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use tokio::sync::oneshot;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::failure::Failure;
use super::limits::{ANSWER, SMALL_BODY_BYTES};
use super::models::{Loaded, Model};
use super::protocol::{Images, InferRequest, answer, images};
use super::queue::Work;
use super::reply::Reply;
use super::route::ModelRef;
use super::service::Service;
use super::traffic::Answered;
use crate::model::class_name;
use crate::predict::Outputs;
use crate::stats::argmax;

/// Where the JSON ends and the tensors begin.
const HEADER_LENGTH: &str = "inference-header-content-length";

/// Answers a request about images.
///
/// # Errors
/// One sentence.
pub(super) async fn infer(
    service: &Service,
    model: &ModelRef,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Reply, Failure> {
    let start = Instant::now();
    let (model, loaded) = service.models.find(&model.name, model.version.as_deref())?;
    let json_len = json_len(headers)?;
    let result = infer_with(service, &model, &loaded, json_len, body, start).await;
    match &result {
        Ok(_) => service.traffic.count(start.elapsed()),
        Err(_) => model.statistics().count_failure(start.elapsed()),
    }
    result
}

async fn infer_with(
    service: &Service,
    model: &Arc<Model>,
    loaded: &Arc<Loaded>,
    json_len: Option<usize>,
    body: Bytes,
    start: Instant,
) -> Result<Reply, Failure> {
    let asked = Asked {
        name: model.name.clone(),
        loaded: loaded.clone(),
        json_len,
        body,
    };
    let (request, images) = match asked.body.len() {
        0..=SMALL_BODY_BYTES => asked.read()?,
        _ => elsewhere(move || asked.read()).await?,
    };
    let (values, n) = match images {
        Images::Values { values, n } => (values, n),
        pictures => {
            let loaded = loaded.clone();
            elsewhere(move || pictures.into_values(&loaded, start + ANSWER)).await?
        }
    };
    let keeps = service.traffic.keeps_pictures();
    let first = keeps.then(|| values[..loaded.image_len().min(values.len())].to_vec());
    let (reply, received) = oneshot::channel();
    service.queue.push(Work {
        model: model.clone(),
        loaded: loaded.clone(),
        values,
        n,
        since: Instant::now(),
        reply,
    })?;
    let received = timeout(ANSWER, received).await;
    let dropped = |_gone| Failure::busy("the service is stopping or too busy");
    let (found, timing) = received.map_err(late)?.map_err(dropped)??;
    let reply = answer(&request, model, loaded, &found)?;
    if let Some(answered) = first.and_then(|values| answered(values, loaded, &found)) {
        service.traffic.keep(answered);
    }
    model.statistics().count_success(start.elapsed(), timing);
    Ok(reply)
}

/// The first picture of a request, with its answer.
fn answered(values: Vec<f32>, loaded: &Loaded, found: &Outputs) -> Option<Answered> {
    let probabilities = found.probabilities.get(..loaded.n_classes())?;
    let class = argmax(probabilities)?;
    Some(Answered {
        values,
        shape: loaded.input(),
        answer: class_name(&loaded.classifier.classes, class),
        probability: probabilities[class],
    })
}

/// A request as it came.
struct Asked {
    name: String,
    loaded: Arc<Loaded>,
    json_len: Option<usize>,
    body: Bytes,
}

impl Asked {
    fn read(&self) -> Result<(InferRequest, Images), Failure> {
        let (request, rest) = InferRequest::read(&self.body, self.json_len, &self.loaded)?;
        let images = images(&request, &rest, &self.name, &self.loaded)?;
        request.check_outputs(&self.name)?;
        Ok((request, images))
    }
}

/// Runs what takes longer on another thread, so that other requests are answered meanwhile.
async fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let result = timeout(ANSWER, tokio::task::spawn_blocking(work)).await;
    result
        .map_err(late)?
        .map_err(|_panic| Failure::internal())?
}

fn late(_: Elapsed) -> Failure {
    Failure::busy("the answer took too long")
}

/// The bytes of the JSON; `None` if all of the body is JSON.
fn json_len(headers: &HeaderMap) -> Result<Option<usize>, Failure> {
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|value| value != "identity")
    {
        let message = "expected a body without Content-Encoding";
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let Some(value) = headers.get(HEADER_LENGTH) else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    let expected = "expected the number of bytes of the JSON in Inference-Header-Content-Length";
    number
        .map(Some)
        .ok_or_else(|| Failure::bad_request(expected))
}
