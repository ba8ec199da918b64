#!/usr/bin/env bash
# Packs penalmt with the libraries it needs into build/penalmt-<version>-linux-x86_64.tar.xz: for machines whose user is not root. Text is translated
# and scored with no more; all else wants a Python environment with torch 2.11. LibTorch and glibc are the machine's own; the rest comes along,
# libstdc++ too (any newer one would do, an older one would not). Unpack it anywhere and run its `penalmt`; share/ has its manual page and
# completions for bash, zsh and fish.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

limit=60000000 # bytes
recipes/build.sh release penalmt >&2
libtorch=$(recipes/setup.sh)
name=penalmt-$(build/release/penalmt --version)-linux-x86_64
archive=build/$name.tar.xz
work=$(mktemp -d build/bundle.XXXXXX)
trap 'rm -rf "$work"' EXIT
folder=$work/$name
mkdir -p "$folder/lib"

# 1. The program, stripped, and what starts it.
cmake --install build/release --component program --prefix "$folder" --strip >/dev/null
cp recipes/launcher.sh "$folder/penalmt"

# 2. The libraries of penalmt-engine, which has all that penalmt has, with theirs, but for LibTorch's (which brings libgomp) and glibc's.
glibc='^(linux-vdso|ld-linux-x86-64|libc|libm|libmvec|libdl|librt|libpthread|libresolv|libutil|libanl|libnss_.*|libthread_db)\.so'
listing=$(LD_LIBRARY_PATH=$libtorch/lib ldd build/release/penalmt-engine)
! grep 'not found' <<<"$listing" >&2 || { echo "bundle: libraries are missing" >&2; exit 1; }
packages=()
while read -r library _ path _; do
  [[ $library =~ $glibc || ! $path == /* || $path == "$(dirname "$libtorch")"/* ]] && continue
  cp -L "$path" "$folder/lib/$library"
  packages+=("$(dpkg -S "*/$(basename "$(readlink -f "$path")")" 2>/dev/null | sed -n 1p | cut -d: -f1)")
done <<<"$listing"

# 3. The manual page and the shells' completions, as the program itself says them.
share=$folder/share
mkdir -p "$share"/{man/man1,bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
build/release/penalmt manual man >"$share/man/man1/penalmt.1"
build/release/penalmt manual bash >"$share/bash-completion/completions/penalmt"
build/release/penalmt manual zsh >"$share/zsh/site-functions/_penalmt"
build/release/penalmt manual fish >"$share/fish/vendor_completions.d/penalmt.fish"

# 4. The licences of what comes along.
mkdir "$folder/licences"
for package in $(printf '%s\n' "${packages[@]}" | sort -u); do
  [ ! -f "/usr/share/doc/$package/copyright" ] || cp -L "/usr/share/doc/$package/copyright" "$folder/licences/$package"
done

# 5. The oldest glibc that serves.
objdump -T "$folder"/bin/* "$folder"/lib/* | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -V | tail -n 1 >"$folder/glibc"

# 6. One archive, the same bytes for the same files.
date=$(git log -1 --format=%cI 2>/dev/null || echo 2000-01-01)
XZ_OPT='-9e -T0' tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="$date" -cJf "$archive.partial" "$name"
size=$(stat -c %s "$archive.partial")
[ "$size" -le $limit ] || { echo "bundle: $archive.partial: got $size bytes, expected at most $limit" >&2; exit 1; }
mv "$archive.partial" "$archive"
echo "bundle: $archive, $((size / 1000000)) MB; needs glibc $(cat "$folder/glibc") and torch 2.11" >&2
echo "$archive"
