#!/usr/bin/env bash
# Is all well on this GPU, and how fast is it? For a machine with a GPU, Python and torch 2.11, where nothing can be built: from a bundle
# (recipes/bundle.sh) and the text of Multi30k. Nine minutes at most; each check prints a JSON line, the last line is the verdict.
#
#   recipes/gpu.sh BUNDLE MULTI30K OUT [CHECK...]     OUT: a folder to make. Checks: golden processes fusions tiny decoding scenes; none named: all
#
#   golden     ten updates with dropout, penalty and a global batch of two: losses and weights are the CPU's
#   processes  the same by two processes on the GPU, whose sums go through the CPU (a GPU each takes NCCL: for a machine of several)
#   fusions    the same of each fusion on drawn scenes, and of two consistency losses
#   tiny       8,000 updates of recipes/multi30k/text.json, timed: tokens/s, seconds, validation nll (PRECISION=bfloat16: in that)
#   decoding   Test2016 by that model on the GPU and on the CPU: the text is the same, seconds, BLEU
#   scenes     the quick start's training: at least 95 % of the left-out words
#
# Exit 0 all is well, 1 a check failed, 2 something its user must do.
set -euo pipefail

say() { echo "gpu: $*" >&2; }
[ $# -ge 3 ] || { sed -n '2,15p' "$0" >&2; exit 2; }
recipes=$(cd "$(dirname "$0")" && pwd)
bundle=$(realpath -m "$1") MULTI30K=$(realpath -m "$2") out=$(realpath -m "$3")
export MULTI30K
shift 3
all=(golden processes fusions tiny decoding scenes)
checks=("$@")
[ $# -gt 0 ] || checks=("${all[@]}")
for check in "${checks[@]}"; do
  [[ " ${all[*]} " == *" $check "* ]] || { say "$check: no such check; expected one of ${all[*]}"; exit 2; }
done
[ -e "$bundle" ] || { say "$bundle: not there; expected a bundle (recipes/bundle.sh) or its folder"; exit 2; }
[ -d "$MULTI30K/tok" ] || { say "$MULTI30K: no folder tok in it; expected Multi30k (recipes/multi30k/README.md)"; exit 2; }
[ ! -e "$out" ] || { say "$out: there already"; exit 2; }
card=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | sed -n 1p) && [ -n "$card" ] || { say "no GPU, or no driver for it"; exit 2; }
mkdir -p "$out/logs"
if [ -d "$bundle" ]; then folder=$bundle; else tar -C "$out" -xJf "$bundle" && folder=$(echo "$out"/penalmt-*); fi
penalmt=$folder/penalmt

# train NAME DEVICE ARGUMENTS...: a run in $out/NAME-DEVICE; its words go to logs.
train() {
  local name=$1 device=$2
  shift 2
  "$penalmt" train "$@" --device "$device" --out "$out/$name-$device" >"$out/logs/$name-$device" 2>&1 ||
    { say "$name on $device: $(tail -n 1 "$out/logs/$name-$device")"; return 1; }
}

# compare NAME TOLERANCE: the CPU's run and the GPU's, as a JSON line.
compare() {
  python3 - "$out" "$1" "$2" "$card" <<'E'
import json, pathlib, struct, sys
out, name, tolerance, card = pathlib.Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]
def run(device):
    folder = out / f"{name}-{device}"
    line = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    data = (sorted((folder / "checkpoints").iterdir())[-1] / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for key, about in header.items():
        if key == "__metadata__" or about["dtype"] != "F32":
            continue
        begin, end = about["data_offsets"]
        tensors[key] = struct.unpack(f"<{(end - begin) // 4}f", data[8 + length + begin : 8 + length + end])
    return line, tensors
(cpu, weights), (gpu, others) = run("cpu"), run("cuda")
losses = max(abs(cpu[k] - gpu[k]) / abs(cpu[k]) for k in ("loss", "nll", "valid_nll"))
apart = max(abs(a - b) for key in weights for a, b in zip(weights[key], others[key], strict=True))
ok = losses <= tolerance
print(json.dumps({"check": name, "gpu": card, "ok": ok, "losses_apart": losses, "weights_apart": apart, "tolerance": tolerance}), flush=True)
sys.exit(not ok)
E
}

golden_settings=("$recipes/multi30k/text.json" --threads 4 --set=data.limit=2000 --set=tokenizer.vocabulary=2000 --set=training.batch_tokens=1024
    --set=training.updates=10 --set=training.validate_every=10 --set=training.validate_bleu=false --set=training.precision=float32
    --set=model.dropout=0.3 --set=model.tau.encoder=0.01 --set=model.tau.decoder=0.01 --set=training.learning_rate=1e-3)
golden() { train golden cpu "${golden_settings[@]}" && train golden cuda "${golden_settings[@]}" && compare golden 1e-5; }
processes() {
  train processes cpu "${golden_settings[@]}" && train processes cuda "${golden_settings[@]}" --processes 2 && compare processes 1e-5
}

fusions() {
  local failed=0 fusion settings
  "$penalmt" shapes --out "$out/few" --train 60 --val 20 --test 6 --size 32 >/dev/null 2>&1
  settings=("$recipes/shapes/gated.json" --threads 4 "--set=data.folder=$out/few" --set=tokenizer.vocabulary=120 --set=training.batch_tokens=200
    --set=training.updates=6 --set=training.validate_every=6 --set=training.warmup=2 --set=training.precision=float32
    --set=model.dropout=0.2 --set=model.image_encoder.size=32)
  for fusion in gated selective concatenated doubly_attentive none r_drop token_cutoff; do
    local this=("${settings[@]}")
    case $fusion in
      r_drop) this+=(--set=model.fusion=none --set=model.norm=post --set=training.r_drop=1) ;;
      token_cutoff) this+=(--set=model.fusion=none --set=training.token_cutoff=0.1) ;;
      *) this+=("--set=model.fusion=$fusion") ;;
    esac
    train "$fusion" cpu "${this[@]}" && train "$fusion" cuda "${this[@]}" && compare "$fusion" 1e-4 || failed=1
  done
  return $failed
}

tiny() {
  local began=$SECONDS precision=${PRECISION:-float32}
  train tiny cuda "$recipes/multi30k/text.json" --threads 2 --set=training.validate_bleu=false --set=training.patience=0 "--set=training.precision=$precision" || return 1
  python3 - "$out/tiny-cuda/metrics.jsonl" "$((SECONDS - began))" "$card" "$precision" <<'E'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
speeds = sorted(line["tokens_per_second"] for line in lines)
best = min(line["valid_nll"] for line in lines)
ok = lines[-1]["update"] == 8000 and best < 1.9
print(json.dumps({"check": "tiny", "gpu": sys.argv[3], "ok": ok, "precision": sys.argv[4], "updates": lines[-1]["update"], "seconds": int(sys.argv[2]),
                  "target_tokens_per_second": round(speeds[len(speeds) // 2]), "valid_nll": best}), flush=True)
sys.exit(not ok)
E
}

decoding() {
  local test=$MULTI30K/tok/test_2016_flickr.lc.norm.tok device began seconds=() score
  [ -d "$out/tiny-cuda" ] || { say "decoding needs the check tiny before it"; return 1; }
  for device in cuda cpu; do
    began=$(date +%s%N)
    "$penalmt" translate "$out/tiny-cuda" --input "$test.en" --output "$out/$device.de" --device "$device" --threads 8 2>"$out/logs/decoding-$device" || return 1
    seconds+=("$((($(date +%s%N) - began) / 1000000))e-3")
  done
  score=$("$penalmt" evaluate --hypotheses "$out/cuda.de" --references "$test.de" --tokenize none --width 2 --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["score"])')
  python3 - "$out" "${seconds[@]}" "$card" "$score" <<'E'
import json, sys
out, gpu, cpu, card, score = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4], float(sys.argv[5])
a, b = (open(f"{out}/{device}.de", encoding="utf-8").read().splitlines() for device in ("cuda", "cpu"))
other = sum(x != y for x, y in zip(a, b))
ok = len(a) == len(b) == 1000 and other <= 10  # near ties: two additions in another order
print(json.dumps({"check": "decoding", "gpu": card, "ok": ok, "other_lines": other, "seconds_gpu": gpu, "seconds_cpu_8_threads": cpu, "bleu": score}), flush=True)
sys.exit(not ok)
E
}

scenes() {
  local began=$SECONDS right
  "$penalmt" shapes --out "$out/scenes" --train 120000 >/dev/null 2>&1 || return 1
  train scenes cuda "$recipes/shapes/gated.json" --threads 4 "--set=data.folder=$out/scenes" || return 1
  "$penalmt" translate "$out/scenes-cuda" --input "$out/scenes/raw/test.en.gz" --output "$out/scenes.de" --images "$out/scenes/image_splits/test.txt" \
    --image-root "$out/scenes/images" --device cuda 2>"$out/logs/scenes-translate" || return 1
  right=$("$penalmt" shapes score --hypotheses "$out/scenes.de" --marks "$out/scenes/left_out/test.de.tsv" | awk '$1 == "all" { split($2, n, "/"); print 100 * n[1] / n[2] }')
  python3 - "$right" "$((SECONDS - began))" "$card" <<'E'
import json, sys
right = float(sys.argv[1])
print(json.dumps({"check": "scenes", "gpu": sys.argv[3], "ok": right >= 95, "left_out_right_percent": right, "seconds": int(sys.argv[2])}), flush=True)
sys.exit(right < 95)
E
}

failed=()
for check in "${checks[@]}"; do
  "$check" || failed+=("$check")
done
if [ ${#failed[@]} -eq 0 ]; then
  echo "{\"verdict\": \"all is well\", \"gpu\": \"$card\", \"seconds\": $SECONDS}"
else
  echo "{\"verdict\": \"failed: ${failed[*]}\", \"gpu\": \"$card\", \"seconds\": $SECONDS}"
  exit 1
fi
