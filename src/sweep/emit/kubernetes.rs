//! Kubernetes: one indexed job, with the configurations in a config map and the runs in a volume.

use serde_json::{Map, Value, json};

use super::{EmitError, Engine, TRIAL, Written, n_trials, trials};
use crate::sweep::plan::Plan;

/// Maximum size of a config map in bytes, with some room for its other fields.
const MAX_BYTES: usize = 1_000_000;

/// Writes one JSON file for `kubectl apply -f`: volume claim, config map and job.
pub(super) fn files(plan: &Plan) -> Result<Vec<Written>, EmitError> {
    let files = trials(plan, Engine::Kubernetes)?;
    let n = n_trials(&files);
    let mut texts = Map::new();
    let mut items = Vec::new();
    for (path, text) in files
        .into_iter()
        .chain([("trial.sh".into(), TRIAL.to_owned())])
    {
        // Keys of a config map have no folders; the mount restores them.
        let path = path.display().to_string();
        let key = path.replace('/', "-");
        items.push(json!({ "key": key, "path": path }));
        texts.insert(key, Value::String(text));
    }
    let bytes = texts.values().filter_map(Value::as_str).map(str::len).sum();
    if bytes > MAX_BYTES {
        return Err(EmitError::TooLarge { n, bytes });
    }
    // Names of objects are lower case and have no _.
    let name = plan.definition.name.to_lowercase().replace('_', "-");
    let name = format!("sweep-{}", name.trim_matches('-'));
    let list = json!({
        "apiVersion": "v1",
        "kind": "List",
        "items": [claim(&name), config_map(&name, texts), job(plan, &name, n, &items)],
    });
    let text = serde_json::to_string_pretty(&list)
        .map_err(|e| EmitError::Form("sweep.json", e.to_string()))?;
    Ok(vec![
        ("sweep.json".into(), text + "\n"),
        ("README.txt".into(), README.to_owned()),
    ])
}

const README: &str = "\
kubectl apply -f sweep.json

Before: build an image candle-studio:latest with the program, or change its name in sweep.json,
and give the volume claim a storage class that many nodes can write to at once. Images other than
MNIST must be in that image, at the path in data.txt of the config map.
After: copy the folders of the volume to the workspace, for instance with kubectl cp.
";

fn claim(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": { "name": name },
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": { "requests": { "storage": "10Gi" } },
        },
    })
}

fn config_map(name: &str, texts: Map<String, Value>) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": name },
        "data": texts,
    })
}

fn job(plan: &Plan, name: &str, n: usize, items: &[Value]) -> Value {
    let container = json!({
        "name": "trial",
        "image": "candle-studio:latest",
        // The index counts from 0, trials from 1.
        "command": ["bash", "-c", "exec bash /sweep/trial.sh \"$((JOB_COMPLETION_INDEX + 1))\""],
        "env": [
            { "name": "RUNS", "value": "/runs" },
            { "name": "THREADS", "value": "4" },
        ],
        "resources": {
            "requests": { "cpu": "4", "memory": "1Gi" },
            "limits": { "cpu": "4", "memory": "4Gi" },
        },
        "volumeMounts": [
            { "name": "sweep", "mountPath": "/sweep", "readOnly": true },
            { "name": "runs", "mountPath": "/runs" },
        ],
    });
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": name },
        "spec": {
            "completionMode": "Indexed",
            "completions": n,
            "parallelism": plan.definition.parallel.min(n),
            "backoffLimitPerIndex": 2,
            "maxFailedIndexes": n,
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [container],
                    "volumes": [
                        { "name": "sweep", "configMap": { "name": name, "items": items } },
                        { "name": "runs", "persistentVolumeClaim": { "claimName": name } },
                    ],
                },
            },
        },
    })
}
