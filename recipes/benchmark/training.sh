#!/usr/bin/env bash
# Training speed and memory: Tiny on Multi30k EN-DE, batches of 4,096 padded tokens, one batch an update; ours and the PyTorch
# peer in turns. One JSON object a line: target_tokens_per_s (padding not counted) and peak_mb of each run.
#
#   MULTI30K=/path/to/multi30k recipes/benchmark/training.sh [-n rounds] [-u updates] [-t threads] [-f STORE | -p]
#
# With -f, a feature store of the images (penalmt features), in place of the above: text only, gated and selective fusion of the store.
# With -p, in place of the above: one process of one thread against two that train together, an update of two batches each; "apart" is
# what two make together that know nothing of each other: what the machine itself takes.
# The peer needs a Python with torch 2.11, numpy, sentencepiece and safetensors: name it in PYTHON (default: python3). Without one, ours
# runs alone, and says so. Lines: ours float32 with penal connections, ours with plain addition (tau = 0), ours bfloat16; the peer
# plain, with the published hook, and plain in its faster forms: bfloat16 autocast, torch.compile, both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

rounds=3 updates=60 threads=$(nproc) store= processes=
while getopts n:u:t:f:p option; do
  case $option in n) rounds=$OPTARG ;; u) updates=$OPTARG ;; t) threads=$OPTARG ;; f) store=$OPTARG ;; p) processes=yes ;; *) sed -n '2,13p' "$0" >&2; exit 2 ;; esac
done
: "${MULTI30K:?names the corpus (see README)}"
python=${PYTHON:-python3}
recipes/build.sh release penalmt >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# measured LOG COMMAND...: runs it, prints its peak memory in MB.
measured() {
  python3 -c '
import resource, subprocess, sys
with open(sys.argv[1], "w") as log: code = subprocess.run(sys.argv[2:], stdout=log, stderr=subprocess.STDOUT).returncode
if code: sys.exit(open(sys.argv[1]).read() + "failed")
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)' "$@"
}

# ours NAME SETTING...: with ${more[@]}, in the run's folder $run; the last third of the updates is what is reported; the first ones warm
# caches up.
ours() {
  local name=$1 run=${run:-$work/run} peak sets=()
  shift
  for setting in "$@"; do sets+=(--set "$setting"); done
  rm -rf "$run"
  peak=$(measured "$run.log" build/release/penalmt train recipes/multi30k/text.json --out "$run" --threads "$threads" --set training.accumulate=1 \
    --set "training.updates=$updates" --set "training.validate_every=$((updates / 3))" --set training.validate_bleu=false "${sets[@]}" "${more[@]}")
  python3 -c 'import json, sys
last = json.loads(open(sys.argv[1] + "/metrics.jsonl").read().splitlines()[-1])
print(json.dumps({"engine": "penalmt", "case": sys.argv[2], "target_tokens_per_s": round(last["tokens_per_second"]), "peak_mb": int(sys.argv[3])}), flush=True)' \
    "$run" "$name" "$peak"
}

# peer PENAL OPTION...
peer() {
  local peak penal=$1
  shift
  peak=$(measured "$work/peer.log" "$python" recipes/benchmark/peers/torch_tiny.py bench --multi30k "$MULTI30K" --out "$work/peer" --penal "$penal" --seconds 20 --threads "$threads" "$@")
  python3 -c 'import json, sys
last = json.loads(open(sys.argv[1]).read().splitlines()[-1])
case = "".join([last["penal"], ", autocast" * last["autocast"], ", compile" * last["compile"]])
print(json.dumps({"engine": "pytorch", "case": case, "target_tokens_per_s": last["target_tokens_per_s"], "peak_mb": int(sys.argv[2])}), flush=True)' \
    "$work/peer.log" "$peak"
}

more=()
has_peer=1
"$python" -c 'import torch, sentencepiece, safetensors' 2>/dev/null || { has_peer=0; echo "training.sh: $python has no torch: the peer is left out" >&2; }
plain=(model.tau.encoder=0 model.tau.decoder=0)
for ((round = 0; round < rounds; ++round)); do
  if [ -n "$store" ]; then
    features=(training.precision=float32 "data.features=$store" model.image_encoder.kind=features)
    ours "text only" training.precision=float32
    ours "gated features" model.fusion=gated "${features[@]}"
    ours "selective features" model.fusion=selective "${features[@]}"
    continue
  fi
  if [ -n "$processes" ]; then
    threads=1
    for precision in bfloat16 float32; do
      for count in 1 2; do
        more=(--processes $count)
        ours "$precision, processes: $count" training.precision=$precision training.accumulate=2
      done
      more=() apart=()
      for each in 1 2; do
        run=$work/apart-$each ours "$precision, apart: $each of 2" training.precision=$precision training.accumulate=2 &
        apart+=($!)
      done
      for each in "${apart[@]}"; do wait "$each"; done
    done
    continue
  fi
  ours "penal" training.precision=float32
  [ $has_peer = 0 ] || peer none
  ours "plain" training.precision=float32 "${plain[@]}"
  [ $has_peer = 0 ] || peer hook
  ours "penal bfloat16" training.precision=bfloat16
  [ $has_peer = 0 ] || { peer none --autocast; peer none --compile; peer none --autocast --compile; }
done
