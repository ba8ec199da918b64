#!/usr/bin/env bash
# run.sh by Slurm: an array job translates the shards, one a task, and a job after it joins them.
#
#   recipes/translate/slurm.sh RUN --input corpus.en --output corpus.de [run.sh's options]
#       [--sbatch "--partition cpu --cpus-per-task 8"] [-- more options of penalmt translate]
#
#   --jobs N       as many tasks at a time (default: as many as there is room for)
#   --sbatch "..." options of sbatch, in the place of those below
#
# Call it where sbatch is, from any folder that all nodes see, after recipes/build.sh: it cuts the
# corpus there and submits two jobs. Called again once they have ended, it submits what is missing.
# What the join said: logs/join.out in the work folder.
#SBATCH --job-name=penalmt-translate
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
case ${1:---help} in
  -h | --help) sed -n '2,12p' "$0" >&2; exit 2 ;;
  job) exec python3 "${@:2}" ;; # as Slurm runs it, which has only a copy of this file
esac
exec python3 "$(dirname "${BASH_SOURCE[0]}")/shards.py" submit "$@"
