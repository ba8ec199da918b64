#!/usr/bin/env bash
# Many runs of the study at once, for a time: for a lent machine with a GPU (or many cores) where nothing can be built.
#
#   MULTI30K=... recipes/study/many.sh BUNDLE WORKERS SECONDS [run.sh's options, such as --group "pairs, pre-norm"]
#
# BUNDLE: a folder or an archive of recipes/bundle.sh. Results go to results.jsonl as always, and logs to ${PENALMT_RUNS}/many.log; a run that
# the end of the time cuts short can be gone on with where its folder is kept. Workers that took turns on an H200
# (eleven) made 20 runs of 5,000 pairs in five minutes; sharing it (fourteen), four runs of two passes and 8,000 updates on 29,000 pairs, three of
# one pass, and three of 10,000 pairs with eight layers, in eight minutes.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,9p' "$0" >&2; exit 2; }
bundle=$(realpath "$1") workers=$2 seconds=$3
shift 3
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export PENALMT_RUNS=${PENALMT_RUNS:-$HOME/penalmt-runs} OMP_NUM_THREADS=1
mkdir -p "$PENALMT_RUNS"
if [ -d "$bundle" ]; then folder=$bundle; else tar -C "$PENALMT_RUNS" -xJf "$bundle" && folder=$(echo "$PENALMT_RUNS"/penalmt-*-linux-x86_64); fi
# Runs copy the program out of the bundle: its libraries must be found from there.
torch=$(python3 -c 'import importlib.util as util; print(util.find_spec("torch").submodule_search_locations[0])')
export LD_LIBRARY_PATH=$folder/lib:$torch/lib PENALMT=$folder/bin/penalmt

# A card computes for one process at a time, unless NVIDIA's MPS shares it out (eight processes trained 3.8 times as fast as one; none of the
# card's settings is touched). It ends with us.
if [ -z "${CUDA_MPS_PIPE_DIRECTORY:-}" ] && command -v nvidia-cuda-mps-control >/dev/null; then
  sockets=$(mktemp -d)
  export CUDA_MPS_PIPE_DIRECTORY=$sockets CUDA_MPS_LOG_DIRECTORY=$sockets
  if nvidia-cuda-mps-control -d; then
    trap 'nvidia-cuda-mps-control <<<quit; rm -rf "$sockets"' EXIT
  else
    echo "many: MPS does not start; the runs take turns" >&2
    unset CUDA_MPS_PIPE_DIRECTORY
  fi
fi

for ((w = 0; w < workers; ++w)); do
  timeout "$seconds" recipes/study/run.sh all "$@" >>"$PENALMT_RUNS/many.log" 2>&1 &
done
wait
echo "many: $(grep -c ': done$' "$PENALMT_RUNS/many.log" || true) runs done, $(grep -c FAILED "$PENALMT_RUNS/many.log" || true) failed; recipes/study/results.jsonl has $(wc -l <recipes/study/results.jsonl) lines"
