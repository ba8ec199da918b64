#!/usr/bin/env bash
# Does the image help? Fine-tunes a finished text-only run (recipes/multi30k/run.sh -r text) with stored features of the images,
# on whole sources and on sources whose colour words are masked, and probes each on the test lines that have an image.
#
#   MULTI30K=/path/to/multi30k recipes/multi30k/images.sh -e ENCODER [-t TEXT_RUN] [-s "1 2 3"] [-- more arguments of penalmt train]
#
#   -e  the encoder: a folder made by recipes/vision/export.py, such as efficientnet-lite0 with --layout grid
#   -t  the text-only run to begin with (default: ${PENALMT_RUNS:-$HOME/penalmt-runs}/multi30k/text-seed1)        -s  seeds (default: 1)
#   -r  runs of "none gated selective color-none color-gated color-selective" (default: all): the fusion, colour words masked or not; none:
#       as many updates without images, which the others are to be compared with
#
# Runs lie in ${PENALMT_RUNS:-$HOME/penalmt-runs}/images; called again, it goes on from what is there. Every run begins with the same
# weights and takes the same updates; nothing is chosen on the test set. Prints each run's probe.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

home=${PENALMT_RUNS:-$HOME/penalmt-runs} encoder='' seeds=1 names="none gated selective color-none color-gated color-selective"
text=$home/multi30k/text-seed1
while getopts e:t:s:r:h option; do
  case $option in
    e) encoder=$OPTARG ;;
    t) text=$OPTARG ;;
    s) seeds=$OPTARG ;;
    r) names=$OPTARG ;;
    *) sed -n '2,14p' "$0" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ "${1:-}" != -- ] || shift

[ -n "${MULTI30K:-}" ] || { echo "images.sh: MULTI30K is not set; expected the corpus's folder (see README)" >&2; exit 2; }
[ -f "$encoder/encoder.pt" ] || { echo "images.sh: -e '$encoder': no encoder there; expected a folder that recipes/vision/export.py made" >&2; exit 2; }
[ -d "$text/averaged" ] || { echo "images.sh: -t '$text': no finished run there; expected one of recipes/multi30k/run.sh -r text" >&2; exit 2; }
runs=$home/images
FEATURES=$runs/features.safetensors
export FEATURES
penalmt=${PENALMT:-build/release/penalmt}
[ -n "${PENALMT:-}" ] || recipes/build.sh release penalmt >&2
mkdir -p "$runs"
[ -f "$FEATURES" ] || "$penalmt" features "$MULTI30K/images" --encoder "$encoder" --out "$FEATURES" >&2

test=test_2016_flickr
for seed in $seeds; do
  for name in $names; do
    run=$runs/$name-seed$seed
    settings=("model.fusion=${name#color-}" "training.seed=$seed" "training.initial_weights=$text" "data.image_encoder=$encoder")
    masks=()
    if [ "$name" != "${name#color-}" ]; then
      settings+=(data.masking=color)
      masks=(--mask "$MULTI30K/masking/$test.color.positions" --kind color)
    fi
    "$penalmt" train recipes/multi30k/features.json --out "$run" "${settings[@]/#/--set=}" "$@" --resume >&2
    echo "## $name, seed $seed"
    "$penalmt" probe "$run" --source "$MULTI30K/tok/$test.lc.norm.tok.en" --references "$MULTI30K/tok/$test.lc.norm.tok.de" \
      --images "$MULTI30K/image_splits/$test.txt" --features "$FEATURES" "${masks[@]}" --report "$run/probe.html" --image-root "$MULTI30K/images"
  done
done
