#!/usr/bin/env bash
# From a fresh clone to a trained multimodal translation model and its report: builds penalmt, draws the generated shapes, trains on them,
# translates the test scenes with their own images and with shuffled ones, scores both, and probes what the model makes of other images.
#
#   recipes/quickstart.sh      everything goes to ${PENALMT_RUNS:-$HOME/penalmt-runs}/quickstart; run again, it goes on from what is there
#
# Captions leave a colour or a count out, so only a model that looks is right: it fails (exit 1) where fewer than 95 % of the left-out words are
# right with the right images, or where shuffled images do much better than chance.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=${PENALMT_RUNS:-$HOME/penalmt-runs}/quickstart
corpus=$out/corpus run=$out/run
source=$corpus/raw/test.en.gz references=$corpus/raw/test.de.gz  # captions as people write them
marks=$corpus/left_out/test.de.tsv
penalmt=build/release/penalmt

# step WHAT RESULT COMMAND...: runs the command unless its result is there already.
step() {
  local what=$1 result=$2 began=$SECONDS
  shift 2
  if [ -e "$result" ]; then
    echo "quickstart: $what: there already ($result)"
  else
    echo "quickstart: $what"
    "$@"
    echo "quickstart: $what: done in $((SECONDS - began)) s"
  fi
}

train() {
  "$penalmt" train recipes/shapes/gated.json --set "data.folder=$corpus" --out "$run" --resume
  touch "$out/trained"
}

# translate WHICH LIST: the test sentences with the images that the list names.
translate() {
  "$penalmt" translate "$run" --input "$source" --output "$out/$1.de.partial" --images "$2" --image-root "$corpus/images"
  mv "$out/$1.de.partial" "$out/$1.de"
}

evaluate() {
  "$penalmt" evaluate --hypotheses "$out/right.de" "$out/shuffled.de" --names "right images" "shuffled images" --references "$references" \
    --metrics bleu chrf ter --paired-bs --left-out "$marks" --report "$out/report.html" --source "$source" \
    --images "$corpus/image_splits/test.txt" --image-root "$corpus/images" --runs "$run" >"$out/scores.partial"
  mv "$out/scores.partial" "$out/scores.txt"
}

probe() {
  "$penalmt" probe "$run" --source "$source" --references "$references" --images "$corpus/image_splits/test.txt" \
    --image-root "$corpus/images" --left-out "$marks" --report "$out/probe.html" >"$out/probe.partial"
  mv "$out/probe.partial" "$out/probe.txt"
}

# The counts of left-out words: "right total chance", the last a percentage.
left_out() {
  "$penalmt" shapes score --hypotheses "$out/$1.de" --marks "$marks" | awk '$1 == "all" { split($2, n, "/"); gsub(/[()%]/, ""); print n[1], n[2], $NF }'
}

echo "quickstart: building"
recipes/build.sh release penalmt
mkdir -p "$out"
step "drawing scenes" "$corpus" "$penalmt" shapes --out "$corpus" --train 120000
step "training" "$out/trained" train
step "translating with the right images" "$out/right.de" translate right "$corpus/image_splits/test.txt"
step "translating with shuffled images" "$out/shuffled.de" translate shuffled "$corpus/image_splits/test.shuffled.txt"
step "scoring" "$out/scores.txt" evaluate
step "probing" "$out/probe.txt" probe

echo
cat "$out/scores.txt" "$out/probe.txt"
echo
echo "Reports: $out/report.html, and what the model looks at: $out/probe.html"
read -r right total chance <<<"$(left_out right)"
read -r lucky _ _ <<<"$(left_out shuffled)"
awk -v right="$right" -v lucky="$lucky" -v total="$total" -v chance="$chance" 'BEGIN {
  with = 100 * right / total; without = 100 * lucky / total; highest = chance + 10
  printf "Left-out words right: %.1f %% with the right images, %.1f %% with shuffled ones (chance %.1f %%)\n", with, without, chance
  if (with < 95) { printf "quickstart: FAILED: right images: got %.1f %%, expected at least 95 %%\n", with; exit 1 }
  if (without > highest) { printf "quickstart: FAILED: shuffled images: got %.1f %%, expected at most %.1f %%\n", without, highest; exit 1 }
}'
echo "quickstart: all is well after $SECONDS s"
