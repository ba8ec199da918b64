#!/bin/sh
# The `penalmt` of a bundle: runs bin/penalmt with the LibTorch 2.11 that LIBTORCH names, or that of the active Python environment; without one, too:
# text is translated and scored without LibTorch, and penalmt itself says what is missing where it is not. Python is asked only where torch lies;
# importing it would take seconds.
set -eu
here=$(dirname "$(readlink -f "$0")")
refuse() { echo "penalmt: $*" >&2; exit 2; }
missing=
lacks() { [ -n "$missing" ] || missing=$*; }
install="python3 -m venv env && . env/bin/activate && pip install torch==2.11.0"

if [ -z "${LIBTORCH:-}" ]; then
  where='import sys, importlib.util
sys.path = [p for p in sys.path if p]
found = importlib.util.find_spec("torch")
print(found.submodule_search_locations[0] if found else "")'
  for python in python3 python; do
    LIBTORCH=$("$python" -c "$where" 2>/dev/null) || LIBTORCH=
    [ -z "$LIBTORCH" ] || break
  done
  [ -n "$LIBTORCH" ] || lacks "no torch in the active Python environment; expected 2.11; $install, or set LIBTORCH to a torch folder"
fi

header=$LIBTORCH/include/torch/headeronly/version.h
[ -f "$LIBTORCH/lib/libtorch_cpu.so" ] || lacks "$LIBTORCH: no lib/libtorch_cpu.so there; expected the folder of torch 2.11"
found=$(sed -n 's/^#define TORCH_VERSION_M[AI][JN]OR *//p' "$header" 2>/dev/null | paste -sd.)
[ "$found" = 2.11 ] || lacks "$LIBTORCH: got torch ${found:-of unknown version}, expected 2.11; $install"

needed=$(cat "$here/glibc")
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null) && glibc=${glibc#glibc } || glibc=none
[ "$(printf '%s\n' "$needed" "$glibc" | sort -V | head -n 1)" = "$needed" ] || refuse "this system's glibc: got $glibc, expected $needed or newer"

libraries=$here/lib
if [ -z "$missing" ]; then libraries=$libraries:$LIBTORCH/lib; else export PENALMT_WITHOUT_LIBTORCH="$missing"; fi
export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$here/bin/penalmt" "$@"
