#!/bin/bash
# Trains on the nodes of a Slurm job, from a clone on a disk that all of them share (`make train` installs it there):
#
#   sbatch --nodes=4 deploy/slurm.sh fashionai --data data/fashionai --run runs/fashionai-1
#
# With GPUs add --gpus-per-node=8: one worker a node uses all of them. Two minutes before the time limit every worker
# gets SIGTERM, a checkpoint is saved, and the job queues again to go on with the same run. Slurm itself queues it again
# when a node fails. On another number of nodes: the same words, and --accept-other-machine.
#SBATCH --job-name=train
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail

PATH="$SLURM_SUBMIT_DIR/.venv/bin:$PATH"
port=$((20000 + SLURM_JOB_ID % 10000)) # two jobs may share a node
mapfile -t hosts < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
printf -v workers ", \"%s:$port\"" "${hosts[@]}"
export WORKERS=${workers:2}
export COMPETITION_THREADS="$SLURM_CPUS_PER_TASK" # not the node's: the same on another kind of node

# Each task has a number of its own, so its own shell expands this. A worker that dies must not take the others with
# it at once: they say which one it was, and end by themselves.
# shellcheck disable=SC2016
worker='
  export TF_CONFIG="{\"cluster\": {\"worker\": [$WORKERS]}, \"task\": {\"type\": \"worker\", \"index\": $SLURM_PROCID}}"
  exec competition train "$@"'
status=0
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" --kill-on-bad-exit=0 bash -c "$worker" worker "$@" || status=$?
if ((status == 143)); then # 128 + SIGTERM
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
