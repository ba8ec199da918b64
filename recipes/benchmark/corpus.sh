#!/usr/bin/env bash
# Memory and time of training on more text than one should hold in memory: generated pairs, kept in pieces by data.cache.
#
#   recipes/benchmark/corpus.sh [-n PAIRS] [-u UPDATES] [-d DIR] [-m]
#
#   -n  pairs of sentences, 1,000,000 unless told otherwise (10,000,000 take 1.1 GB of text and as much in pieces)
#   -u  updates, 20 unless told otherwise, of 4,096 tokens
#   -d  where the text, the pieces and the runs lie; removed at the end unless it is named
#   -m  also in memory, without a cache
#
# Prints a line of JSON for each training: the first makes the cache, the second finds it. `anonymous_mb` is what the process holds itself at most;
# `file_mb` what of the mapped files the system had in memory, which it takes back where memory is short. PENALMT names the program.
# Exit 0 done, 2 something its user must do, 1 anything else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
penalmt=${PENALMT:-$here/../../build/release/penalmt}
pairs=1000000; updates=20; folder=; in_memory=no
usage() { sed -n '2,14s/^# \{0,1\}//p' "$0"; exit "$1"; }
while getopts n:u:d:mh option; do
  case $option in
    n) pairs=$OPTARG ;; u) updates=$OPTARG ;; d) folder=$OPTARG ;; m) in_memory=yes ;; h) usage 0 ;; *) usage 2 >&2 ;;
  esac
done
[ -x "$penalmt" ] || { echo "corpus: $penalmt: no such program; run recipes/build.sh, or set PENALMT" >&2; exit 2; }
if [ -z "$folder" ]; then folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; fi
mkdir -p "$folder"

# Words as a language has them: few of them often, most of them seldom; a translation has one word for each, in another order.
make_text() { # PAIRS NAME SEED
  [ -s "$folder/$2.de" ] || python3 - "$1" "$folder/$2" "$3" <<'PYTHON'
import random, sys
pairs, name, seed = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
syllables = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
words = random.Random(1)
source = ["".join(words.choices(syllables, k=words.randint(1, 4))) for _ in range(30000)]
target = ["".join(words.choices(syllables, k=words.randint(1, 5))) for _ in range(30000)]
draw = random.Random(seed)
drawn = [min(int(draw.paretovariate(0.6)) - 1, 29999) for _ in range(1 << 20)]
with open(name + ".en", "w") as en, open(name + ".de", "w") as de:
    for _ in range(pairs):
        at = draw.randrange(len(drawn) - 20)
        ids = drawn[at:at + draw.randint(4, 16)]
        en.write(" ".join(source[i] for i in ids) + "\n")
        de.write(" ".join(target[i] for i in reversed(ids)) + "\n")
PYTHON
}

train() { # NAME, the keys that are set
  local name=$1; shift
  rm -rf "$folder/$name"
  local began=$(date +%s.%N)
  "$penalmt" train "$here/../multi30k/text.json" --out "$folder/$name" --threads 1 --set data.layout=files --set data.folder="$folder" \
    --set data.train_source=train.en --set data.train_target=train.de --set data.valid_source=valid.en --set data.valid_target=valid.de \
    --set tokenizer.vocabulary=8000 --set training.updates="$updates" --set training.validate_every="$updates" --set training.accumulate=1 \
    --set training.validate_bleu=false "$@" 2>"$folder/$name.log" &
  local process=$! anonymous=0 file=0 kind size
  while [ -d /proc/$process ]; do
    while read -r kind size _; do
      case $kind in
        RssAnon:) if [ "$size" -gt $anonymous ]; then anonymous=$size; fi ;;
        RssFile:) if [ "$size" -gt $file ]; then file=$size; fi ;;
      esac
    done < <(cat /proc/$process/status 2>/dev/null)
    sleep 0.2
  done
  wait $process || { cat "$folder/$name.log" >&2; exit 1; }
  awk -v name="$name" -v pairs="$pairs" -v updates="$updates" -v anonymous=$anonymous -v file=$file -v began="$began" -v ended="$(date +%s.%N)" 'BEGIN {
    printf "{\"training\": \"%s\", \"pairs\": %d, \"updates\": %d, \"seconds\": %.1f, \"anonymous_mb\": %d, \"file_mb\": %d}\n",
      name, pairs, updates, ended - began, anonymous / 1024, file / 1024 }'
}

make_text "$pairs" train 2
make_text 500 valid 3
train first --set data.cache="$folder/pieces"
train again --set data.cache="$folder/pieces"
[ $in_memory = no ] || train in-memory
