#!/usr/bin/env bash
# Does one trial of a sweep: trial.sh NUMBER. Done ones are skipped, interrupted ones go on.
# CANDLE_STUDIO names the program, RUNS the folder for the runs, THREADS the threads of a trial.
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
# A run that was asked to end, as a job is whose time is over, has a summary and goes on all the same.
if [[ -e $run/summary.json ]] && ! grep -q '"stopped"' "$run/summary.json"; then
    echo "trial $number is done"
elif [[ -e $run/run.toml ]]; then
    exec "$program" train --resume "$run" "${options[@]}"
else
    # What is left of a run that was interrupted before it was one.
    rm -rf -- "$run"
    exec "$program" train --config "$here/trials/$number.toml" --out "$run" \
        --trial "$name@$((10#$number))" "${options[@]}"
fi
