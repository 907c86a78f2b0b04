#!/usr/bin/env bash
# Runs one trial of a sweep: trial.sh NUMBER. Finished trials are skipped, interrupted ones resumed.
# CANDLE_STUDIO: the program; RUNS: the folder for the runs; THREADS: threads per trial.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
number=$(printf '%03d' "$((10#$1))")
program=${CANDLE_STUDIO:-candle-studio}
name=$(cat "$here/name.txt")
run=${RUNS:-$here/runs}/$name-$number
options=(--threads "${THREADS:-$(nproc)}")
if [[ -e $here/data.txt ]]; then
    options+=(--data "$(cat "$here/data.txt")")
fi
mkdir -p "$(dirname "$run")"
# A run that was stopped, for instance at the job's time limit, has a summary and is still resumed.
if [[ -e $run/summary.json ]] && ! grep -q '"stopped"' "$run/summary.json"; then
    echo "trial $number is done"
elif [[ -e $run/run.toml ]]; then
    exec "$program" train --resume "$run" "${options[@]}"
else
    # Remove the remains of a run that was interrupted before its manifest was written.
    rm -rf -- "$run"
    exec "$program" train --config "$here/trials/$number.toml" --out "$run" \
        --trial "$name@$((10#$number))" "${options[@]}"
fi
