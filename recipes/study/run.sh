#!/usr/bin/env bash
# The study: what penal connections do, arm by arm, seed by seed. Evidence accumulates in results.jsonl.
#
#   MULTI30K=... CIFAR10=... recipes/study/run.sh next       trains and scores the first run that has no result and is not running
#                            recipes/study/run.sh all        next, until nothing is left
#                            recipes/study/run.sh status     what is done, what is running, what is left in core-hours
#                            recipes/study/run.sh report     tables and figures into README.md, from results.jsonl
#                            recipes/study/run.sh measure    the chain of finished runs of this machine whose result lacks it
#
#   --study DIR     another folder with a plan.json; its results.jsonl, README.md and figures/ lie beside it
#   --group WORDS   only groups whose name has these words, such as "5,000 pairs"
#   --part I/N      only every N-th run, from the I-th on: for machines that share no disk
#
# Runs lie in ${PENALMT_RUNS:-$HOME/penalmt-runs}/study. Several may be started at once; one that was stopped (Ctrl-C, a kill, a crash of the
# machine) is gone on with. PENALMT names a program that is built already; each run keeps a copy of it, so that a rebuild disturbs nothing.
# What a killed driver had started goes on by itself and keeps its run until it ends; the run is gone on with after that.
# A run that failed is tried again by another program, or once its file `failed` is removed.
# Exit 0 done, 1 nothing was left or a run failed, 2 something its user must do, 130 interrupted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

case " $* " in
  *" next "* | *" all "* | *" measure "*)
    if [ -z "${PENALMT:-}" ]; then
      mkdir -p build
      flock build/.study.lock recipes/build.sh release penalmt >&2
      export PENALMT=build/release/penalmt
    fi
    ;;
  *" status "* | *" report "*) ;;
  *) sed -n '2,19p' "$0" >&2; exit 2 ;;
esac
exec env PYTHONDONTWRITEBYTECODE=1 python3 recipes/study/study.py "$@"
