//! What is counted for Prometheus.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::models::Repository;

/// What the text is, for Prometheus.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A request by where it went and how it ended. Both are from short lists: a stranger cannot make
/// the number of counters grow.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
}

/// A version of a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabels {
    model: String,
    version: u32,
}

/// The counters, and the registry that shows them.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Histogram,
    batches: Histogram,
    waiting: Gauge,
    connections: Gauge,
    models: Family<ModelLabels, Gauge>,
}

impl Metrics {
    pub fn new() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("candle_studio"),
            requests: Family::default(),
            // 0.1 ms to 13 s.
            durations: Histogram::new(exponential_buckets(1e-4, 2.0, 18)),
            // 1 to 64 images.
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 7)),
            waiting: Gauge::default(),
            connections: Gauge::default(),
            models: Family::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let all = &mut self.registry;
        let requests = self.requests.clone();
        all.register("requests", "Requests by route and status", requests);
        all.register_with_unit(
            "infer_duration",
            "Time to answer an infer request",
            Unit::Seconds,
            self.durations.clone(),
        );
        let batches = self.batches.clone();
        all.register("batch_images", "Images per batch of the network", batches);
        let waiting = self.waiting.clone();
        all.register("queue_images", "Images that wait for the network", waiting);
        let connections = self.connections.clone();
        all.register("connections", "Open connections", connections);
        let models = self.models.clone();
        all.register("model_ready", "Whether a model is loaded", models);
    }

    /// Counts a request; `route` is from a short list.
    pub fn count_request(&self, route: &'static str, status: u16, duration: Duration) {
        let labels = RequestLabels { route, status };
        self.requests.get_or_create(&labels).inc();
        if route == "infer" {
            self.durations.observe(duration.as_secs_f64());
        }
    }

    /// Counts a batch of `n` images.
    pub fn count_batch(&self, n: usize) {
        self.batches.observe(n as f64);
    }

    /// The text for Prometheus.
    ///
    /// # Errors
    /// Never, as a string takes any text.
    pub fn text(
        &self,
        models: &Repository,
        n_waiting: usize,
        n_connections: usize,
    ) -> Result<String, fmt::Error> {
        self.waiting.set(n_waiting as i64);
        self.connections.set(n_connections as i64);
        for model in models.models() {
            let labels = ModelLabels {
                model: model.name.clone(),
                version: model.version,
            };
            let is_ready = i64::from(model.loaded().is_some());
            self.models.get_or_create(&labels).set(is_ready);
        }
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
