#!/usr/bin/env bash
# Scoring with ours and with sacreBLEU, in turns, on the same files, one thread: one JSON object a line.
#
#   recipes/benchmark/scoring.sh
#
#   PYTHON     with sacrebleu 2.6.0, NumPy 2 and pip (python3); pip fetches sacreBLEU's source package, whose test folder holds the
#              outputs of 15 English-German systems of WMT17 (3,004 segments each): the data
#   SEGMENTS   of BLEU + chrF + TER (100000; sacreBLEU takes half an hour for it)     ROUNDS (1)
# Times are whole processes, reading and starting included.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=${PYTHON:-python3}
recipes/build.sh release penalmt >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m pip download --quiet --no-deps --no-binary sacrebleu --dest "$work" sacrebleu==2.6.0 >&2
tar -xzf "$work"/sacrebleu-2.6.0.tar.gz -C "$work"
exec "$python" recipes/benchmark/scoring.py build/release/penalmt "$work/sacrebleu-2.6.0" "$work" "${SEGMENTS:-100000}" "${ROUNDS:-1}"
