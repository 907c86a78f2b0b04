"""Runs a sweep as an Optuna study.

    pip install optuna
    python optuna_sweep.py         # parallel processes share the study

Each trial is one `candle-studio train` per seed, recorded in the folder runs; CANDLE_STUDIO is the
program, THREADS the number of threads per trial. The study is stored in study.db: the same command
resumes it after an interruption. Then copy runs/* to the workspace.
"""

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import optuna

HERE = Path(__file__).resolve().parent
RUNS = Path(os.environ.get("RUNS", HERE / "runs"))
PROGRAM = os.environ.get("CANDLE_STUDIO", "candle-studio")
SWEEP = json.loads((HERE / "sweep.json").read_text(encoding="utf-8"))


def suggest(trial, axis):
    """Suggest a value for one key; for lists, an index, because their values may be tables."""
    key, kind = axis["key"], axis["kind"]
    if "choices" in axis:
        return trial.suggest_categorical(key, list(range(len(axis["choices"]))))
    low, high = axis["ends"]
    suggest_number = trial.suggest_int if "int" in kind else trial.suggest_float
    return suggest_number(key, low, high, log=kind.startswith("log"))


def settings(trial):
    """Return the --set arguments of a trial, without keys whose condition does not hold."""
    chosen, sets = {}, []
    for axis in SWEEP["search"]:
        when = axis.get("when")
        if when and chosen.get(when["key"]) not in when["is"]:
            continue
        value = suggest(trial, axis)
        if "choices" in axis:
            choice = axis["choices"][value]
            chosen[axis["key"]] = choice["value"]
            sets += choice["sets"]
        else:
            chosen[axis["key"]] = value
            sets.append(f"{axis['key']}={value!r}")
    return sets


def train(trial, sets, repeat):
    """Train one run; return its value, or raise TrialPruned."""
    out = RUNS / f"{SWEEP['name']}-{trial.number + 1:03d}-{repeat + 1}"
    command = [PROGRAM, "train", "--config", str(HERE / "base.toml"), "--out", str(out), "--json"]
    number = trial.number * SWEEP["seeds_per_setting"] + repeat + 1
    command += ["--trial", f"{SWEEP['name']}@{number}"]
    command += ["--seed", str(SWEEP["seed"] + repeat)]
    command += ["--threads", os.environ.get("THREADS", str(os.cpu_count() or 1))]
    command += ["--data", SWEEP["data"]] if SWEEP["data"] else []
    for setting in sets:
        command += ["--set", setting]
    better = max if SWEEP["direction"] == "maximize" else min
    best = last = None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            event = json.loads(line)
            if event.get("event") != "epoch":
                continue
            last = event[SWEEP["metric"]]
            if last is None or not math.isfinite(last):
                continue
            best = last if best is None else better(best, last)
            # The first seed decides whether the others are worth running.
            if repeat == 0:
                trial.report(last, event["epoch"])
                if trial.should_prune():
                    process.send_signal(signal.SIGINT)
                    process.wait()
                    raise optuna.TrialPruned()
    value = best if SWEEP["measure"] == "best" else last
    if process.returncode != 0 or value is None:
        raise RuntimeError(f"{' '.join(command)} ended with code {process.returncode}")
    return value


def objective(trial):
    sets = settings(trial)
    values = [train(trial, sets, repeat) for repeat in range(SWEEP["seeds_per_setting"])]
    return sum(values) / len(values)


def sampler():
    seed = SWEEP["sampler_seed"] % 2**32
    return {
        "grid": lambda: optuna.samplers.BruteForceSampler(seed=seed),
        "random": lambda: optuna.samplers.RandomSampler(seed=seed),
        "sobol": lambda: optuna.samplers.QMCSampler(seed=seed, scramble=True),
        "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
    }[SWEEP["method"]]()


def pruner():
    rule = SWEEP["prune"]
    if rule is None:
        return optuna.pruners.NopPruner()
    if rule["rule"] == "asha":
        return optuna.pruners.SuccessiveHalvingPruner(
            min_resource=rule["epochs"], reduction_factor=rule["factor"]
        )
    return optuna.pruners.MedianPruner(
        n_startup_trials=rule["trials"], n_warmup_steps=rule["epochs"] - 1
    )


def main():
    RUNS.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=SWEEP["name"],
        storage=os.environ.get("STUDY", f"sqlite:///{HERE / 'study.db'}"),
        direction=SWEEP["direction"],
        sampler=sampler(),
        pruner=pruner(),
        load_if_exists=True,
    )
    over = [t for t in study.trials if t.state.is_finished()]
    left = None if SWEEP["settings"] is None else max(0, SWEEP["settings"] - len(over))
    seconds = None if SWEEP["minutes"] is None else 60 * SWEEP["minutes"]
    study.optimize(objective, n_trials=left, timeout=seconds, catch=(RuntimeError,))
    completed = [t for t in study.trials if t.state == optuna.trial.TrialState.COMPLETE]
    if not completed:
        print("no trial was completed", file=sys.stderr)
        return 1
    print(json.dumps({"best": study.best_trial.number + 1, "value": study.best_value}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
