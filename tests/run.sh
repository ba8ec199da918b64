#!/usr/bin/env bash
# Sets up, builds and runs all tests; the last line says how it went.
#
#   tests/run.sh [release|debug|asan|tsan]
#
# Tests on the real corpus run where MULTI30K names its folder, those against sacreBLEU and in a browser where tests/setup.sh can get
# them, those of the scripts in Python where PENALMT_PYTHON names one with torch (and ctranslate2, numpy, safetensors, sentencepiece);
# what was skipped is listed, with the reason.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kind=${1:-release}
recipes/build.sh "$kind" penalmt all_tests
PENALMT_SACREBLEU=$(tests/setup.sh)
export PENALMT_SACREBLEU
# Two suites at once, of two threads each, on two cores: a thread that spins at a barrier keeps the one that it waits for from its core. (434 of torch_tests' tests beside
# program_tests: under 2 minutes; spinning, 26 of them in 3.)
export OMP_WAIT_POLICY=passive
logs=build/$kind/test-logs
mkdir -p "$logs"

# Two lanes run at once. program_tests waits much and is cut in two, one half a lane.
# run_suite SUITE [PART PARTS]: a log, and beside it "exit status, seconds".
run_suite() {
  local name=$1${2:+.$2} began=$SECONDS status=0
  [ -x "build/$kind/$1" ] || return 0
  GTEST_SHARD_INDEX=${2:-0} GTEST_TOTAL_SHARDS=${3:-1} "build/$kind/$1" >"$logs/$name.log" 2>&1 || status=$?
  echo "$status $((SECONDS - began))" >"$logs/$name.status"
}
rm -f "$logs"/*.status
{ run_suite torch_tests; run_suite program_tests 0 2; } &
{ run_suite text_tests; run_suite image_fuzz; run_suite program_tests 1 2; } &
wait

failed=0 tests=0 skipped=()
for suite in text_tests image_fuzz torch_tests program_tests; do
  [ -x "build/$kind/$suite" ] || { echo "$suite: none"; continue; }
  count=0 seconds=0 broken=
  for result in "$logs/$suite".status "$logs/$suite".?.status; do
    [ -e "$result" ] || continue
    log=${result%.status}.log
    read -r status took <"$result"
    some=$(sed -n 's/^\[==========\] \([0-9]*\) tests\{0,1\} from .* ran\..*/\1/p' "$log")
    count=$((count + ${some:-0}))
    seconds=$((took > seconds ? took : seconds))
    mapfile -t -O ${#skipped[@]} skipped < <(awk '/^\[  SKIPPED \] .* \([0-9]+ ms\)$/ { print $4 ": " before } { before = $0 }' "$log")
    if [ "$status" != 0 ] || [ -z "$some" ]; then
      broken="$broken (exit status $status), see $log"
      grep -B 30 '^\[  FAILED  \] .* ms)$' "$log" || tail -n 40 "$log"
    fi
  done
  tests=$((tests + count))
  if [ -z "$broken" ]; then
    echo "$suite: $count tests, $seconds s"
  else
    failed=1
    echo "$suite: FAILED$broken"
  fi
done

if [ ${#skipped[@]} -gt 0 ]; then
  echo "Skipped ${#skipped[@]}:"
  printf '  %s\n' "${skipped[@]}"
fi
[ $failed = 0 ] || { echo "Some tests FAILED."; exit 1; }
echo "All $((tests - ${#skipped[@]})) tests passed, ${#skipped[@]} skipped."
