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
if [[ -e $run/summary.json ]]; then
    echo "trial $number is done"
elif compgen -G "$run/checkpoints/step-*.safetensors" >/dev/null; then
    exec "$program" train --resume "$run" "${options[@]}"
else
    # Interrupted before its first checkpoint: there is nothing to go on from.
    rm -rf -- "$run"
    exec "$program" train --config "$here/trials/$number.toml" --out "$run" \
        --trial "$name@$((10#$number))" "${options[@]}"
fi
