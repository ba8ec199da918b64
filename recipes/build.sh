#!/usr/bin/env bash
# Builds penalmt into build/<kind>/.
#
#   recipes/build.sh [release|debug|asan|tsan] [TARGET...]     targets: penalmt (the default), all_tests, ...
#
# PENALMT_UNITY=OFF compiles each file by itself: for work on a file, where ON (the default) would compile ten.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kind=${1:-release}
[ $# -eq 0 ] || shift
case $kind in
  release) options=(-DCMAKE_BUILD_TYPE=Release) ;;
  debug) options=(-DCMAKE_BUILD_TYPE=Debug) ;;
  asan) options=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DPENALMT_SANITIZE=address) ;;
  tsan) options=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DPENALMT_SANITIZE=thread) ;;
  *) sed -n '2,6p' "$0" >&2; exit 2 ;;
esac
targets=("${@:-penalmt}")

libtorch=$(recipes/setup.sh)
# A file that includes torch takes up to 1.5 GB to compile.
available=$(awk '$1 == "MemAvailable:" { print int($2 / 1500000) }' /proc/meminfo)
jobs=$(nproc)
[ "$available" -ge "$jobs" ] || jobs=$((available > 1 ? available : 1))

mkdir -p build
cmake -G Ninja -S . -B "build/$kind" -DLIBTORCH="$libtorch" -DPENALMT_UNITY="${PENALMT_UNITY:-ON}" "${options[@]}" >"build/$kind.log" 2>&1 || { cat "build/$kind.log" >&2; exit 1; }
ninja -C "build/$kind" -j "$jobs" "${targets[@]}"
