#!/usr/bin/env bash
# Makes a Debian 12 machine ready to build penalmt: Debian's packages, and LibTorch 2.11.0 in a cache folder outside the checkout.
#
#   recipes/setup.sh                 prints the folder of LibTorch; what it does goes to stderr; quick when nothing is to do
#   LIBTORCH=DIR recipes/setup.sh    uses that LibTorch 2.11 (a Python environment's torch folder, or an unpacked libtorch)
#
# Without a GPU it fetches the three wheels that a CPU needs (0.5 GB); with one, torch and its CUDA packages (3 GB, unpacked 5 GB).
# Exit 0 ready, 2 something that its user must do, 1 anything else.
set -euo pipefail

packages=(g++ cmake ninja-build ccache libsentencepiece-dev sentencepiece libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev libjpeg62-turbo-dev libpng-dev libwebp-dev libgloo-dev
  nlohmann-json3-dev libfmt-dev libcli11-dev libicu-dev zlib1g-dev libcpp-httplib-dev libtcmalloc-minimal4 libgtest-dev xz-utils)
download_packages=(python3-venv) # only to fetch LibTorch
version=2.11.0
cpu_wheels=("torch==$version" nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)

say() { echo "setup: $*" >&2; }
refuse() { say "$@"; exit 2; }

# ---- LibTorch: found, or to be fetched ---------------------------------------------------------------------------------

# The version of the LibTorch in folder $1, such as 2.11; empty where there is none.
libtorch_version() {
  [ -f "$1/lib/libtorch_cpu.so" ] || return 0
  awk '$2 == "TORCH_VERSION_MAJOR" { major = $3 } $2 == "TORCH_VERSION_MINOR" { minor = $3 } END { if (major != "") print major "." minor }' \
    "$1/include/torch/headeronly/version.h" 2>/dev/null || true
}

has_gpu() { { [ -e /dev/nvidiactl ] || [ -e /dev/dxg ]; } && nvidia-smi -L >/dev/null 2>&1; }

cache=${XDG_CACHE_HOME:-$HOME/.cache}/penalmt
fetch=no
if [ -n "${LIBTORCH:-}" ]; then
  found=$(libtorch_version "$LIBTORCH")
  [ -n "$found" ] || refuse "LIBTORCH=$LIBTORCH: no LibTorch there; expected lib/libtorch_cpu.so and include/"
  [ "$found" = "${version%.*}" ] || refuse "LIBTORCH=$LIBTORCH: LibTorch $found, expected ${version%.*}"
  libtorch=$LIBTORCH
else
  if has_gpu; then kind=cuda; else kind=cpu; fi
  target=$cache/libtorch-$version-$kind
  libtorch=$target/torch
  if [ ! -d "$target" ]; then
    fetch=yes
    packages+=("${download_packages[@]}")
  fi
fi

# ---- Debian's packages -------------------------------------------------------------------------------------------------

command -v dpkg-query >/dev/null || refuse "no Debian here; install what provides: ${packages[*]}; or run a bundle (recipes/bundle.sh)"
# dpkg-query fails where it knows a package not at all: that is an answer.
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p' || true)
missing=()
for package in "${packages[@]}"; do
  [[ $'\n'$installed$'\n' == *$'\n'$package$'\n'* ]] || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ]; then
    as_root=(env)
  elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root=(sudo)
  else
    refuse "missing Debian packages, and neither root nor sudo to install them: ${missing[*]}"
  fi
  say "installing Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq >&2
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
fi

# ---- LibTorch: fetched beside its place, then moved there in one step --------------------------------------------------

if [ $fetch = yes ]; then
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9 # another set-up may be at it
  if [ ! -d "$target" ]; then
    rm -rf "$target".partial.* # an interrupted one's
    partial=$target.partial.$$
    trap 'rm -rf "$partial"' EXIT
    mkdir "$partial" "$partial/temporary"
    if [ "$kind" = cpu ]; then what=(--no-deps "${cpu_wheels[@]}"); else what=("torch==$version"); fi
    say "fetching LibTorch $version ($kind) into $target"
    python3 -m venv "$partial/venv"
    TMPDIR=$partial/temporary "$partial/venv/bin/python" -m pip install --quiet --no-cache-dir --no-compile --no-warn-conflicts \
      --target "$partial/libtorch" "${what[@]}" >&2
    mv "$partial/libtorch" "$target"
    rm -rf "$partial"
    trap - EXIT
  fi
fi
found=$(libtorch_version "$libtorch")
[ "$found" = "${version%.*}" ] || refuse "$libtorch: got LibTorch ${found:-nothing}, expected ${version%.*}; remove ${libtorch%/torch} and run this again"
echo "$libtorch"
