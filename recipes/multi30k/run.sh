#!/usr/bin/env bash
# The real runs: trains recipes on Multi30k, translates its test sets and prints the table of lower-cased tokenised BLEU.
#
#   MULTI30K=/path/to/multi30k recipes/multi30k/run.sh [-r "text gated"] [-s "1 2 3"] [-- more arguments of penalmt train]
#
#   -r  recipes of this folder: text, strong, gated, raw, text-bpe-dropout (default: text gated)   -s  seeds (default: 1)
#   for example on a CPU with AMX, or on a GPU:   recipes/multi30k/run.sh -- --set training.precision=bfloat16
#
# Runs lie in ${PENALMT_RUNS:-$HOME/penalmt-runs}/multi30k/<recipe>-seed<seed>; called again, it goes on from the last checkpoint.
# PENALMT names a program that is built already.
# A run on captions as written (raw) has two rows: normalised and tokenised as the others are, and as written ("cased", BLEU 13a).
# The model that is scored is the average of the last ten validated checkpoints, beam 5, length penalty 1; nothing is chosen on a test set.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

recipes="text gated" seeds=1
while getopts r:s:h option; do
  case $option in
    r) recipes=$OPTARG ;;
    s) seeds=$OPTARG ;;
    *) sed -n '2,12p' recipes/multi30k/run.sh >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ "${1:-}" != -- ] || shift

[ -n "${MULTI30K:-}" ] || { echo "run.sh: MULTI30K is not set; expected the corpus's folder (see README)" >&2; exit 2; }
runs=${PENALMT_RUNS:-$HOME/penalmt-runs}/multi30k
tests="test_2016_flickr test_2017_flickr test_2017_mscoco"
[ -n "${PENALMT:-}" ] || recipes/build.sh release penalmt >&2
penalmt=${PENALMT:-build/release/penalmt}
mkdir -p "$runs"

# bleu HYPOTHESES REFERENCES TOKENIZER
bleu() { "$penalmt" evaluate --hypotheses "$1" --references "$2" --tokenize "$3" --width 2 --json | sed -n 's/^ *"score": *\([0-9.]*\),*$/\1/p' | sed -n 1p; }

# The captions of a set as written, in a language: packed or not.
raw_file() {
  local file=$MULTI30K/raw/$1.$2
  [ -f "$file" ] || file+=.gz
  echo "$file"
}

# Whether one of the listed images is there: without any the option is refused, and the set is translated from its text alone.
has_image() {
  local name
  while read -r name; do [ ! -f "$MULTI30K/images/${name%%#*}" ] || return 0; done <"$1"
  return 1
}

echo "| run | updates | lowest validation nll | Test2016 | Test2017 | MSCOCO |"
echo "| --- | --- | --- | --- | --- | --- |"
for recipe in $recipes; do
  for seed in $seeds; do
    run=$runs/$recipe-seed$seed
    "$penalmt" train "recipes/multi30k/$recipe.json" --out "$run" --set "training.seed=$seed" "$@" --resume >&2
    figures="$(sed -n 's/.*"update": *\([0-9]*\).*/\1/p' "$run/metrics.jsonl" | tail -1)"
    figures+=" | $(LC_ALL=C printf %.4f "$(sed -n 's/.*"valid_nll": *\([0-9.]*\).*/\1/p' "$run/metrics.jsonl" | sort -g | sed -n 1p)")"
    row="| $recipe, seed $seed | $figures" cased="| $recipe, seed $seed, cased | $figures" text=tok
    ! grep -q '"text": "raw"' "$run/recipe.json" || text=raw
    for test in $tests; do
      images=()
      list=$MULTI30K/image_splits/$test.txt
      if ! grep -q '"fusion": "none"' "$run/recipe.json" && has_image "$list"; then
        images=(--images "$list" --image-root "$MULTI30K/images")
      fi
      input=$MULTI30K/tok/$test.lc.norm.tok.en hypotheses=$run/$test.de
      if [ $text = raw ]; then
        input=$(raw_file $test en) hypotheses=$run/$test.cased.de
      fi
      "$penalmt" translate "$run" --input "$input" --output "$hypotheses" "${images[@]}" >&2
      if [ $text = raw ]; then
        cased+=" | $(bleu "$hypotheses" "$(raw_file $test de)" 13a)"
        "$penalmt" normalize --language de --input "$hypotheses" --output "$run/$test.de"
      fi
      row+=" | $(bleu "$run/$test.de" "$MULTI30K/tok/$test.lc.norm.tok.de" none)"
    done
    echo "$row |"
    [ $text != raw ] || echo "$cased |"
  done
done
