#!/usr/bin/env bash
# Many runs of the study at once, for a time: for a lent machine with a GPU (or many cores) where nothing can be built.
#
#   MULTI30K=... recipes/study/many.sh BUNDLE WORKERS SECONDS [run.sh's options, such as --group "pairs, pre-norm"]
#
# BUNDLE: a folder or an archive of recipes/bundle.sh. Results go to results.jsonl as always, and logs to ${PENALMT_RUNS}/many.log; a run that
# the end of the time cuts short can be gone on with where its folder is kept. Eleven workers kept an H200 busy (GPU use 100 %) with 20 runs of
# 5,000 pairs in five minutes.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,8p' "$0" >&2; exit 2; }
bundle=$(realpath "$1") workers=$2 seconds=$3
shift 3
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export PENALMT_RUNS=${PENALMT_RUNS:-$HOME/penalmt-runs} OMP_NUM_THREADS=1
mkdir -p "$PENALMT_RUNS"
if [ -d "$bundle" ]; then folder=$bundle; else tar -C "$PENALMT_RUNS" -xJf "$bundle" && folder=$(echo "$PENALMT_RUNS"/penalmt-*-linux-x86_64); fi
# Runs copy the program out of the bundle: its libraries must be found from there.
torch=$(python3 -c 'import importlib.util as util; print(util.find_spec("torch").submodule_search_locations[0])')
export LD_LIBRARY_PATH=$folder/lib:$torch/lib PENALMT=$folder/bin/penalmt

for ((w = 0; w < workers; ++w)); do
  timeout "$seconds" recipes/study/run.sh all "$@" >>"$PENALMT_RUNS/many.log" 2>&1 &
done
wait
echo "many: $(grep -c ': done$' "$PENALMT_RUNS/many.log" || true) runs done, $(grep -c FAILED "$PENALMT_RUNS/many.log" || true) failed; recipes/study/results.jsonl has $(wc -l <recipes/study/results.jsonl) lines"
