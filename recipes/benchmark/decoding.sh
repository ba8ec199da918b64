#!/usr/bin/env bash
# Translating Test2016 with ours and with CTranslate2, in turns, on the same weights: one JSON object a line.
#
#   recipes/benchmark/decoding.sh MODEL        MODEL: a text-only Tiny model of ours, post-norm, ReLU
#
#   MULTI30K   the corpus                  PYTHON    with ctranslate2 4.8.5, numpy, sentencepiece, sacrebleu and safetensors
#   REPEAT     times the test set (10)     THREADS   (2)     BEAMS ("5 1")     ROUNDS (2)     BATCH  tokens a batch ("512 2048")
#   PRECISIONS of ours ("float32 int8")    TYPES     of CTranslate2 ("float32 int8 int8_float32")
#   PENALMT    the program; without it, it is built      SHORTLIST  yes: ours in int8 with one of the training text, too
# Without such a Python only ours runs. Tokenising, joining and loading are not counted on either side.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

[ $# -eq 1 ] || { sed -n '2,10p' "$0" >&2; exit 2; }
model=$1
: "${MULTI30K:?the folder of Multi30k}"
python=${PYTHON:-python3} repeat=${REPEAT:-10} threads=${THREADS:-2} rounds=${ROUNDS:-2}
read -ra beams <<<"${BEAMS:-5 1}"
read -ra batches <<<"${BATCH:-512 2048}"
read -ra precisions <<<"${PRECISIONS:-float32 int8}"
read -ra types <<<"${TYPES:-float32 int8 int8_float32}"
split=test_2016_flickr

program=${PENALMT:-}
[ -n "$program" ] || { recipes/build.sh release penalmt >&2; program=build/release/penalmt; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for ((i = 0; i < repeat; i++)); do cat "$MULTI30K/tok/$split.lc.norm.tok.en"; done >"$work/source.en"

peer=no
if "$python" -c 'import ctranslate2, numpy, sentencepiece, sacrebleu, safetensors' 2>"$work/missing"; then
  peer=yes
  "$python" recipes/benchmark/peer_weights.py "$model" "$work/peer"
else
  echo "decoding.sh: no peer: $(tail -n 1 "$work/missing")" >&2
fi

ours() {  # PRECISION [OPTION...]
  "$program" translate "$model" --input "$work/source.en" --output "$work/ours.de" --beam "$beam" --length-penalty 1 \
    --batch-tokens "$batch" --threads "$threads" --device cpu --precision "$@" --timing 2>&1 | tail -n 1
}
if [ "${SHORTLIST:-}" = yes ]; then
  "$program" shortlist "$model" --source "$MULTI30K/tok/train.lc.norm.tok.en" --target "$MULTI30K/tok/train.lc.norm.tok.de" \
    --output "$work/shortlist" 2>/dev/null
fi

for ((round = 0; round < rounds; round++)); do
  for beam in "${beams[@]}"; do
    for batch in "${batches[@]}"; do
      for precision in "${precisions[@]}"; do
        ours "$precision"
      done
      [ "${SHORTLIST:-}" != yes ] || ours int8 --shortlist "$work/shortlist" | sed 's/"precision":"int8"/"precision":"int8, shortlist"/'
      [ "$peer" = no ] || "$python" recipes/benchmark/peers/ct2_decode.py --multi30k "$MULTI30K" --model "$work/peer" --split "$split" \
        --repeat "$repeat" --threads "$threads" --beam "$beam" --batch "$batch" --types "${types[@]}"
    done
  done
done
