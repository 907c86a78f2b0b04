//! What a model has answered so far, as Triton counts it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// How long the parts of a request took.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::serve) struct Timing {
    /// In the queue.
    pub queue: Duration,
    /// Joining its images with those of other requests.
    pub input: Duration,
    /// In the network.
    pub infer: Duration,
    /// Taking its part of the output.
    pub output: Duration,
}

/// How often something happened, and how long it took in all.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Total {
    count: u64,
    ns: u64,
}

impl Total {
    fn add(&mut self, duration: Duration) {
        self.count += 1;
        self.ns += u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    }
}

#[derive(Clone, Debug, Default, Serialize)]
struct Inference {
    success: Total,
    fail: Total,
    queue: Total,
    compute_input: Total,
    compute_infer: Total,
    compute_output: Total,
    cache_hit: Total,
    cache_miss: Total,
}

#[derive(Clone, Debug, Default, Serialize)]
struct BatchTotals {
    batch_size: usize,
    compute_input: Total,
    compute_infer: Total,
    compute_output: Total,
}

/// The statistics of a model, in the words of the protocol's extension.
#[derive(Clone, Debug, Default)]
pub(in crate::serve) struct Statistics {
    /// Milliseconds since 1970.
    last_inference: u64,
    /// Images.
    inference_count: u64,
    /// Batches.
    execution_count: u64,
    inference: Inference,
    /// By batch size.
    batches: BTreeMap<usize, BatchTotals>,
}

#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    version: String,
    last_inference: u64,
    inference_count: u64,
    execution_count: u64,
    inference_stats: &'a Inference,
    response_stats: BTreeMap<(), ()>,
    batch_stats: Vec<&'a BatchTotals>,
    memory_usage: [(); 0],
}

impl Statistics {
    /// Counts a batch of `n` images.
    pub fn count_batch(&mut self, n: usize, timing: Timing) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        self.last_inference = now.map_or(0, |now| now.as_millis() as u64);
        self.inference_count += n as u64;
        self.execution_count += 1;
        let batch = self.batches.entry(n).or_default();
        batch.batch_size = n;
        batch.compute_input.add(timing.input);
        batch.compute_infer.add(timing.infer);
        batch.compute_output.add(timing.output);
    }

    /// Counts a request that was answered after `total`.
    pub fn count_success(&mut self, total: Duration, timing: Timing) {
        let inference = &mut self.inference;
        inference.success.add(total);
        inference.queue.add(timing.queue);
        inference.compute_input.add(timing.input);
        inference.compute_infer.add(timing.infer);
        inference.compute_output.add(timing.output);
    }

    /// Counts a request that was refused after `total`.
    pub fn count_failure(&mut self, total: Duration) {
        self.inference.fail.add(total);
    }

    /// As the protocol shows them.
    pub fn to_json(&self, name: &str, version: u32) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(Shown {
            name,
            version: version.to_string(),
            last_inference: self.last_inference,
            inference_count: self.inference_count,
            execution_count: self.execution_count,
            inference_stats: &self.inference,
            response_stats: BTreeMap::new(),
            batch_stats: self.batches.values().collect(),
            memory_usage: [],
        })
    }
}
