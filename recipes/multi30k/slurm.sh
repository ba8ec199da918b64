#!/usr/bin/env bash
# A Slurm job: one recipe of this folder, trained by many processes together.
#
#   MULTI30K=/path/to/multi30k sbatch --ntasks 8 --cpus-per-task 4 recipes/multi30k/slurm.sh [-r text] [-o RUN] [-- more arguments of penalmt train]
#
#   -r  text, strong, gated, features, text-bpe-dropout (default: text)      -o  the run's folder (default: ${PENALMT_RUNS:-$HOME/penalmt-runs}/multi30k/RECIPE)
#
# Submit it from the checkout, which all nodes see, after recipes/build.sh. An update has as many batches as before, shared among the
# processes: training.accumulate is to be at least their number (8 processes: `-- --set training.accumulate=8 --set training.batch_tokens=1024`
# is the published update of 8,192 tokens). Submitted again, it goes on from the last checkpoint; so it does by itself where Slurm requeues it.
#SBATCH --job-name=penalmt
#SBATCH --ntasks=2
#SBATCH --cpus-per-task=1
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail

recipe=text run=
while getopts r:o:h option; do
  case $option in
    r) recipe=$OPTARG ;;
    o) run=$OPTARG ;;
    *) sed -n '2,10p' "$0" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ "${1:-}" != -- ] || shift

# Slurm runs a copy of this file: the checkout is where it was submitted.
cd "${SLURM_SUBMIT_DIR:-.}"
penalmt=build/release/penalmt
[ -x "$penalmt" ] || { echo "slurm.sh: $penalmt is not there; submit from the checkout, after recipes/build.sh" >&2; exit 2; }
[ -n "${SLURM_NTASKS:-}" ] || { echo "slurm.sh: no Slurm job; submit it by sbatch" >&2; exit 2; }
[ -n "${MULTI30K:-}" ] || { echo "slurm.sh: MULTI30K is not set; expected the corpus's folder (recipes/multi30k/README.md)" >&2; exit 2; }
run=${run:-${PENALMT_RUNS:-$HOME/penalmt-runs}/multi30k/$recipe}

# What torchrun would set: rank 0 is on the first node; the port is the job's own.
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | sed -n 1p)
MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000))
export MASTER_ADDR MASTER_PORT
# shellcheck disable=SC2016  # each task's own numbers
exec srun --kill-on-bad-exit=1 bash -c \
  'export RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID WORLD_SIZE=$SLURM_NTASKS; exec "$@"' bash \
  "$penalmt" train "recipes/multi30k/$recipe.json" --out "$run" --threads "${SLURM_CPUS_PER_TASK:-1}" "$@" --resume
