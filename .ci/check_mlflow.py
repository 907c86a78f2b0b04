"""Usage: check_mlflow.py BINARY FOLDER, see .ci/mlflow."""

import json
import os
import subprocess
import sys

from mlflow import MlflowClient

from exported import Studio


def check_run(client, run, epochs):
    history = {key: client.get_metric_history(run.info.run_id, key) for key in ("train_loss", "val_accuracy", "batch_loss", "test_accuracy")}
    assert [len(history[key]) for key in ("train_loss", "val_accuracy", "test_accuracy")] == [epochs, epochs, 1], history
    steps = [point.step for point in history["batch_loss"]]
    assert steps and len(set(steps)) == len(steps), steps
    assert run.info.status == "FINISHED" and run.data.params["batch_size"] == "32", run
    assert run.inputs.dataset_inputs[0].dataset.name == "data", run.inputs
    [file] = client.list_artifacts(run.info.run_id, "model")
    path = client.download_artifacts(run.info.run_id, file.path)
    assert os.path.getsize(path) == file.file_size > 1000
    return path


def main():
    studio, url = Studio(sys.argv[1], sys.argv[2]), os.environ["MLFLOW_TRACKING_URI"]
    client = MlflowClient(url)
    train = ["train", "--preset", "softmax", "--data", studio.data, "--epochs", "3", "--val", "100"]
    studio.run(*train, "--name", "live", "--mlflow", url, "--mlflow-experiment", "live")
    studio.run(*train, "--name", "later", "--seed", "2")
    for _ in range(2):
        studio.run("runs", "export", "live", "later", "--mlflow", url, "--mlflow-experiment", "live", "--mlflow-register", "digits")
    experiment = client.get_experiment_by_name("live").experiment_id
    runs = client.search_runs([experiment])
    assert sorted(run.info.run_name for run in runs) == ["later", "live"], runs
    for run in runs:
        model = check_run(client, client.get_run(run.info.run_id), 3)
        found = json.loads(studio.run("evaluate", model, "--data", studio.data, "--json"))
        assert abs(found["test_accuracy"] - run.data.metrics["test_accuracy"]) < 1e-6, (found, run.data.metrics)
    [version] = client.search_model_versions("name='digits'")
    assert version.run_id in [run.info.run_id for run in runs]
    print(f"MLflow {__import__('mlflow').__version__}: two runs, one sent while it trained, each point once, models downloaded and evaluated")


main()
