#!/usr/bin/env bash
# Sets up, builds and runs all tests; the last line says how it went.
#
#   tests/run.sh [release|debug|asan|tsan]
#
# Tests on the real corpus run where MULTI30K names its folder, those against sacreBLEU and in a browser where tests/setup.sh can get
# them; what was skipped is listed, with the reason.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kind=${1:-release}
recipes/build.sh "$kind" penalmt all_tests
PENALMT_SACREBLEU=$(tests/setup.sh)
export PENALMT_SACREBLEU
logs=build/$kind/test-logs
mkdir -p "$logs"

failed=0 tests=0 skipped=()
for suite in text_tests torch_tests program_tests; do
  [ -x "build/$kind/$suite" ] || { echo "$suite: none"; continue; }
  log=$logs/$suite.log began=$SECONDS status=0
  "build/$kind/$suite" >"$log" 2>&1 || status=$?
  count=$(sed -n 's/^\[==========\] \([0-9]*\) tests\{0,1\} from .* ran\..*/\1/p' "$log")
  tests=$((tests + ${count:-0}))
  mapfile -t -O ${#skipped[@]} skipped < <(awk '/^\[  SKIPPED \] .* \([0-9]+ ms\)$/ { print $4 ": " before } { before = $0 }' "$log")
  if [ $status = 0 ] && [ -n "$count" ]; then
    echo "$suite: $count tests, $((SECONDS - began)) s"
  else
    failed=1
    grep -B 30 '^\[  FAILED  \] .* ms)$' "$log" || tail -n 40 "$log"
    echo "$suite: FAILED (exit status $status), see $log"
  fi
done

if [ ${#skipped[@]} -gt 0 ]; then
  echo "Skipped ${#skipped[@]}:"
  printf '  %s\n' "${skipped[@]}"
fi
[ $failed = 0 ] || { echo "Some tests FAILED."; exit 1; }
echo "All $((tests - ${#skipped[@]})) tests passed, ${#skipped[@]} skipped."
