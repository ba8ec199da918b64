#!/usr/bin/env bash
# What the tests compare with beside what the program needs: sacreBLEU 2.6.0 with its own tests, in a cache folder outside the
# checkout, and the browser Chromium. Tests that lack them are skipped, visibly; so this never fails, but says what it could not get.
#
#   tests/setup.sh      prints the folder of sacreBLEU (packages/, source/) where it is there; what it does goes to stderr
set -uo pipefail

say() { echo "tests/setup: $*" >&2; }

if ! command -v chromium >/dev/null && command -v apt-get >/dev/null; then
  if [ "$(id -u)" = 0 ]; then as_root=(env); else as_root=(sudo -n); fi
  say "installing Debian packages: chromium fonts-dejavu-core"
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 chromium fonts-dejavu-core \
    >/dev/null 2>&1 || say "no chromium: reports are not tested in a browser"
fi

folder=${XDG_CACHE_HOME:-$HOME/.cache}/penalmt/sacrebleu-2.6.0
if [ ! -d "$folder" ]; then
  say "fetching sacreBLEU 2.6.0 into $folder"
  mkdir -p "${folder%/*}"
  rm -rf "$folder".partial.*
  partial=$folder.partial.$$
  pip() { PIP_ROOT_USER_ACTION=ignore python3 -m pip "$@" --quiet --no-cache-dir >&2; }
  if mkdir "$partial" && pip install --no-warn-conflicts --target "$partial/packages" sacrebleu==2.6.0 'numpy>=2,<3' regex==2026.5.9 'pytest<9' &&
    pip download --no-deps --no-binary sacrebleu --dest "$partial" sacrebleu==2.6.0 && mkdir "$partial/source" &&
    tar -xzf "$partial"/sacrebleu-2.6.0.tar.gz -C "$partial/source" --strip-components 1; then
    mv "$partial" "$folder"
  else
    rm -rf "$partial"
    say "no sacreBLEU (python3, pip and a network are needed): scores are compared with the answers in tests/golden alone"
  fi
fi
[ ! -d "$folder" ] || echo "$folder"
