#!/usr/bin/env bash
# Image recognition: trains recipes with plain addition and with penal connections, recognises the test images and prints tables.
#
#   CIFAR10=/path/to/cifar10 recipes/cifar10/run.sh [-r "resnet vit"] [-t "0 1e-5"] [-s "1 2 3"] [-- more arguments of penalmt classify train]
#
#   -r  recipes of this folder (default: resnet vit)    -t  taus, 0: plain addition (default: 0 1e-5)    -s  seeds (default: 1 2 3)
#   for example one at a time on one core:   recipes/cifar10/run.sh -- --threads 1
#
# CIFAR10 holds {train,test}/<class>/<image>. Runs lie in ${PENALMT_RUNS:-$HOME/penalmt-runs}/cifar10/<recipe>-tau<tau>-seed<seed>; called
# again, it goes on from the last checkpoint. PENALMT names a program that is built already. The model that is scored is the last one;
# nothing is chosen on the test images.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

recipes="resnet vit" taus="0 1e-5" seeds="1 2 3"
while getopts r:t:s:h option; do
  case $option in
    r) recipes=$OPTARG ;;
    t) taus=$OPTARG ;;
    s) seeds=$OPTARG ;;
    *) sed -n '2,11p' "$0" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ "${1:-}" != -- ] || shift

[ -n "${CIFAR10:-}" ] || { echo "run.sh: CIFAR10 is not set; expected the folder of the images (see README)" >&2; exit 2; }
runs=${PENALMT_RUNS:-$HOME/penalmt-runs}/cifar10
[ -n "${PENALMT:-}" ] || recipes/build.sh release penalmt >&2
penalmt=${PENALMT:-build/release/penalmt}
mkdir -p "$runs"

# The number of that key in a JSON object a line; the last one.
number() { sed -n "s/.*\"$1\": *\([0-9.eE+-]*\).*/\1/p" "$2" | tail -1; }

echo "| run | updates | seconds | validation nll | validation accuracy, % | test nll | test accuracy, % |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
results=
for seed in $seeds; do
  for recipe in $recipes; do
    for tau in $taus; do
      run=$runs/$recipe-tau$tau-seed$seed metrics=$runs/$recipe-tau$tau-seed$seed/metrics.jsonl
      "$penalmt" classify train "recipes/cifar10/$recipe.json" --out "$run" --set "training.seed=$seed" --set "tau=$tau" "$@" --resume >&2
      "$penalmt" classify predict "$run" --labelled "$CIFAR10/test" --json >"$run/test.json"
      accuracy=$(number accuracy "$run/test.json")
      LC_ALL=C printf '| %s, tau %s, seed %s | %d | %.0f | %.4f | %.2f | %.4f | %.2f |\n' "$recipe" "$tau" "$seed" \
        "$(number update "$metrics")" "$(number seconds "$metrics")" "$(number valid_nll "$metrics")" \
        "$(number valid_accuracy "$metrics")e2" "$(number nll "$run/test.json")" "${accuracy}e2"
      results+="$recipe, tau $tau|$accuracy"$'\n'
    done
  done
done
echo
echo "| configuration | test accuracy, %: mean ± deviation | every seed ($seeds) |"
echo "| --- | --- | --- |"
printf %s "$results" | LC_ALL=C awk -F '|' '
  !($1 in count) { order[++kinds] = $1 }
  { a = 100 * $2; count[$1]++; sum[$1] += a; squares[$1] += a * a; all[$1] = all[$1] sprintf("%s%.2f", count[$1] > 1 ? ", " : "", a) }
  END {
    for (k = 1; k <= kinds; ++k) {
      c = order[k]; n = count[c]; mean = sum[c] / n; variance = n > 1 ? (squares[c] - n * mean * mean) / (n - 1) : 0
      printf "| %s | %.2f ± %.2f | %s |\n", c, mean, sqrt(variance > 0 ? variance : 0), all[c]
    }
  }'
