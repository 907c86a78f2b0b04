# Each task runs one trial. Submit from the folder of this file, on a file system that all nodes
# share: sbatch sweep.sbatch. Then copy runs/* to the workspace.
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:-.}"
export THREADS=${SLURM_CPUS_PER_TASK:-1}
exec bash ./trial.sh "$SLURM_ARRAY_TASK_ID"
