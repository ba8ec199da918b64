#!/usr/bin/env bash
# What the tests need beside what the program needs: sacreBLEU 2.6.0 with its own tests, in a cache folder outside the checkout; the
# browser Chromium; groff and the shells zsh and fish (manual page, completions); clang-format and clang-tidy (tests/style.sh). Tests that
# lack them are skipped, visibly; so this never fails, but says what it could not get.
#
#   tests/setup.sh      prints the folder of sacreBLEU (packages/, source/) where it is there; what it does goes to stderr
set -uo pipefail

say() { echo "tests/setup: $*" >&2; }

packages=()
command -v chromium >/dev/null || packages+=(chromium fonts-dejavu-core)
command -v groff >/dev/null || packages+=(groff-base)
command -v zsh >/dev/null || packages+=(zsh)
command -v fish >/dev/null || packages+=(fish)
command -v clang-format >/dev/null || packages+=(clang-format)
command -v clang-tidy >/dev/null || packages+=(clang-tidy)
python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
if [ ${#packages[@]} -gt 0 ] && command -v apt-get >/dev/null; then
  if [ "$(id -u)" = 0 ]; then as_root=(env); else as_root=(sudo -n); fi
  say "installing Debian packages: ${packages[*]}"
  "${as_root[@]}" apt-get update -qq >/dev/null 2>&1
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${packages[@]}" \
    >/dev/null 2>&1 || say "could not install them: reports are not tested in a browser, or the style is not checked"
fi

folder=${XDG_CACHE_HOME:-$HOME/.cache}/penalmt/sacrebleu-2.6.0
if [ ! -d "$folder" ]; then
  say "fetching sacreBLEU 2.6.0 into $folder"
  mkdir -p "${folder%/*}"
  rm -rf "$folder".partial.*
  partial=$folder.partial.$$
  pip() { "$partial/venv/bin/python" -m pip "$@" --quiet --no-cache-dir >&2; }
  if mkdir "$partial" && python3 -m venv "$partial/venv" && pip install --no-warn-conflicts --target "$partial/packages" sacrebleu==2.6.0 'numpy>=2,<3' regex==2026.5.9 'pytest<9' &&
    pip download --no-deps --no-binary sacrebleu --dest "$partial" sacrebleu==2.6.0 && mkdir "$partial/source" &&
    tar -xzf "$partial"/sacrebleu-2.6.0.tar.gz -C "$partial/source" --strip-components 1; then
    rm -rf "$partial/venv" # it served to fetch; its paths would not survive the move
    mv "$partial" "$folder"
  else
    rm -rf "$partial"
    say "no sacreBLEU (python3, python3-venv and a network are needed): scores are compared with the answers in tests/golden alone"
  fi
fi
[ ! -d "$folder" ] || echo "$folder"
