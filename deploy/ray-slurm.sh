#!/bin/bash
# Tags a catalogue on the nodes of a Slurm job, which make one Ray cluster, from a clone on a disk that all of them
# share (`make train`, then `make extras EXTRAS=cluster` install it there):
#
#   sbatch --nodes=4 deploy/ray-slurm.sh runs/clothing-1 --input catalogue.parquet --output tags
#
# With GPUs add --gpus-per-node=8, and --workers 32 behind the other words. A job that ends early goes on where it
# stopped: the same line again.
#SBATCH --job-name=tag
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --exclusive
#SBATCH --time=24:00:00
set -euo pipefail

PATH="$SLURM_SUBMIT_DIR/.venv/bin:$PATH"
port=$((20000 + SLURM_JOB_ID % 10000))
mapfile -t hosts < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
head="${hosts[0]}:$port"

# A token of this job's own: whoever reaches a Ray cluster may run code on it.
RAY_AUTH_TOKEN=$(cat /proc/sys/kernel/random/uuid)
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN RAY_USAGE_STATS_ENABLED=0
export RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=600 # seconds

# Ray starts on every node, the command runs on the first, which is this one, and Ray stops. Where Ray cannot start, its
# message comes with the exit status 0; hence the file that the command removes.
waiting=$(mktemp)
# shellcheck disable=SC2016
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" ray symmetric-run --address "$head" --min-nodes "${#hosts[@]}" \
  --num-cpus "$SLURM_CPUS_PER_TASK" -- bash -c 'rm "$0"; exec competition tag "$@"' "$waiting" "$@" --address "$head"
if [[ -e $waiting ]]; then
  echo "error: Ray did not start on ${hosts[0]}; its message is above" >&2
  exit 1
fi
