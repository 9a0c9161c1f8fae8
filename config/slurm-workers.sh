#!/bin/bash
# Workers as an array of Slurm: sbatch config/slurm-workers.sh
# Each task is one worker that dials the master, which may be anywhere; it needs no port. A task that Slurm ends leaves
# its JOB's checkpoints in its folder; started again under the same number, it goes on with them.
#SBATCH --job-name=emeth-worker
#SBATCH --array=1-4
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=emeth-worker-%a.log
## With GPUs: --gres=gpu:1 here, and device=cuda in worker.env.
set -euo pipefail

# Both on a disk that every node of the cluster has.
settings=${EMETH_SETTINGS:-$HOME/emeth/worker.env}
data=${EMETH_DATA:-$HOME/emeth/workers}/$SLURM_ARRAY_TASK_ID
mkdir -p "$data"
exec emeth worker --config "$settings" --data "$data" --threads "${SLURM_CPUS_PER_TASK:-1}"
