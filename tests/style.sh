#!/usr/bin/env bash
# How the sources look: all of them as clang-format 14 writes them, and names and the number of parameters as .clang-tidy says in the files without
# torch.
#
#   tests/style.sh [--required]      exit 1 where something differs. Where the two tools are missing (tests/setup.sh) it says so and checks
#                                    nothing, or with --required fails
#
# What passed once is remembered by its content in the cache folder, outside the checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_tool() { command -v "$1-14" || { command -v "$1" >/dev/null && "$1" --version | grep 'version 14\.' >/dev/null && command -v "$1"; }; }
clang_format=$(find_tool clang-format) && clang_tidy=$(find_tool clang-tidy) || {
  echo "style: no clang-format 14 or no clang-tidy 14 here: not checked"
  [ "${1:-}" != --required ] || exit 1
  exit 0
}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/penalmt/style
mkdir -p "$cache"
began=$SECONDS

mapfile -t sources < <(find src models tokenizers datasets recipes tests -name '*.cpp' -o -name '*.h' -o -name '*.inc' -o -name '*.cu' | sort)
"$clang_format" --dry-run -Werror "${sources[@]}" || { echo "style: FAILED: clang-format -i the files above"; exit 1; }

# Names: each source file by itself, all headers at once in one source that includes them.
without_torch=(src/base src/evaluation src/report tokenizers datasets/text datasets/scenes/left_out_marks.cpp datasets/scenes/left_out_marks.h
  src/main.cpp src/commands/registry.cpp src/commands/registry.h src/commands/{compare,normalize,tokenizer}.cpp src/commands/evaluate
  src/commands/cli/{command_line,common,foreign_errors,image_options,options,source_length,table_options,text_warnings}.{cpp,h}
  src/commands/cli/{command,engine,shared_options}.h src/commands/translate/{backend,lines,precision_check,search,steps}.h
  src/commands/translate/{input,lines,precision_check,search,text_backend,translate}.cpp datasets/examples.{cpp,h}
  models/{kinds.h,position_vectors.cpp,position_vectors.h,model_description.cpp,model_description.h,model_size.cpp,model_size.h,options.cpp,options.h} models/incremental/row_*
  src/decoding/{beam_search,token_rules}.{cpp,h} src/decoding/{search_options,step}.h
  src/tensors/{candidate_scan,number_type,packed_matrix,safetensors_index}.{cpp,h} src/tensors/{instruction_set,shared_floats,stored_tensor}.h
  src/translation/{example_feed,image_count,image_source,model_location,raw_text,row_search,row_translator,text_translator,workers}.{cpp,h})
mapfile -t units < <(find "${without_torch[@]}" -name '*.cpp' | sort)
mapfile -t headers < <(find "${without_torch[@]}" -name '*.h' | sort)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf '#include "%s"\n' "${headers[@]#src/}" >"$scratch/headers.cpp"

# $1: a source, the other arguments: what its result depends on.
check_names() {
  local unit=$1 key
  key=$(cat .clang-tidy "$@" | sha256sum | cut -c1-32)
  [ ! -e "$cache/$key" ] || return 0
  if "$clang_tidy" --quiet --checks='-*,readability-identifier-naming,readability-function-size' --warnings-as-errors='*' --header-filter="$header_filter" "$unit" -- \
    -x c++ -std=c++20 -I. -Isrc -DPENALMT_VERSION='""' >"$scratch/${unit//\//-}.log" 2>/dev/null; then
    touch "$cache/$key"
  else
    cat "$scratch/${unit//\//-}.log"
    return 1
  fi
}
export -f check_names
export cache scratch clang_tidy
failed=0
header_filter='.*' check_names "$scratch/headers.cpp" "${headers[@]}" &
printf '%s\n' "${units[@]}" | header_filter='^$' xargs -P "$(nproc)" -I {} bash -c 'check_names "$1"' _ {} || failed=1
wait $! || failed=1
[ $failed = 0 ] || { echo "style: FAILED: what .clang-tidy forbids, above"; exit 1; }
echo "style: ${#sources[@]} files formatted, names of $((${#units[@]} + ${#headers[@]})) checked, $((SECONDS - began)) s"
