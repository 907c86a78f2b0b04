"""Reads exported event files with TensorBoard's own code and holds them against the runs."""

import json
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata, plugin_data_pb2
from tensorboard.util import tensor_util

runs, exported = map(pathlib.Path, sys.argv[1:])


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def load(path):
    accumulator = EventAccumulator(str(path), size_guidance={"tensors": 0, "scalars": 0})
    accumulator.Reload()
    return accumulator


def scalars(accumulator, tag):
    """(step, value) of each event, however this version keeps plain numbers."""
    if tag in accumulator.Tags()["scalars"]:
        return [(e.step, e.value) for e in accumulator.Scalars(tag)]
    return [(e.step, float(tensor_util.make_ndarray(e.tensor_proto))) for e in accumulator.Tensors(tag)]


def hparams(accumulator, tag, kind):
    content = accumulator.SummaryMetadata(tag).plugin_data.content
    data = plugin_data_pb2.HParamsPluginData.FromString(content)
    assert data.WhichOneof("data") == kind, data
    return getattr(data, kind)


n_points = 0
for run in sorted(runs.iterdir()):
    if not (run / "run.toml").exists():
        continue
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    points = [point for event in events if event["event"] == "steps" for point in event["points"]]
    found = load(exported / run.name)
    for column, tag in [(4, "batch/loss"), (5, "batch/accuracy"), (6, "batch/learning_rate")]:
        expected = [(point[0], float32(point[column])) for point in points]
        assert scalars(found, tag) == expected, (run, tag)
        n_points += len(expected)
    summary = json.loads((run / "summary.json").read_text())
    for name in ["accuracy", "loss"]:
        [(_, value)] = scalars(found, f"test/{name}")
        assert value == float32(summary["test"][name]), (run, name)
    session = hparams(found, metadata.SESSION_START_INFO_TAG, "session_start_info")
    rate = session.hparams["learning_rate"].number_value
    assert run.name == f"rate-{rate:g}", (run, rate)
    assert session.hparams["optimizer"].string_value == "adam", session
    end = hparams(found, metadata.SESSION_END_INFO_TAG, "session_end_info")
    assert end.end_time_secs > session.start_time_secs, (session, end)

experiment = hparams(load(exported), metadata.EXPERIMENT_TAG, "experiment")
names = {info.name for info in experiment.hparam_infos}
assert {"learning_rate", "optimizer", "seed", "preset"} <= names, names
metrics = {info.name.tag for info in experiment.metric_infos}
assert "summary/test_accuracy" in metrics, metrics
assert n_points > 300, n_points
print(f"TensorBoard read {n_points} points and {len(names)} settings as they were written")
