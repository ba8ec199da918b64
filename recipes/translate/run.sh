#!/usr/bin/env bash
# Translates more text than one call should: a corpus in shards, some at a time, joined in order.
#
#   recipes/translate/run.sh RUN --input corpus.en --output corpus.de [--shards 100] [--jobs 4]
#       [--images LIST --image-root DIR] [--work DIR] [-- more options of penalmt translate]
#   recipes/translate/run.sh RUN --table captions.csv --output captions.de.csv \
#       -- --source-column caption [--image-column photo] [--target-column de]
#
#   --shards N    as many parts, of equal numbers of lines (default: 100)
#   --jobs N      as many at a time, which share the processor's cores (default: 1)
#   --work DIR    where shards, translations and logs lie (default: OUTPUT.shards)
#
# Corpora are plain or .gz: text, JSON lines (-- --json-input) or tables. Called again, it does what
# is missing; another corpus, model or other options are refused in the same work folder. PENALMT
# names another program than build/release/penalmt. With GNU parallel where it is installed, else
# with xargs. Exit 0 done, 1 a shard failed and nothing is joined, 2 something its user must do,
# 130 interrupted.
set -euo pipefail
case ${1:---help} in
  -h | --help) sed -n '2,17p' "$0" >&2; exit 2 ;;
esac
exec env PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "${BASH_SOURCE[0]}")/shards.py" run "$@"
