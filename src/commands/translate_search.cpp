#include "commands/translate_search.h"

#include <fmt/format.h>

#include "base/error.h"

namespace penalmt {

SearchOptions search_options(const SearchArguments& arguments, const SearchOptions& defaults,
                             bool scores) {
  SearchOptions search{
      .beam = arguments.sample ? 1 : arguments.beam.value_or(defaults.beam),
      .n_best = arguments.n_best.value_or(1),
      .length_penalty = arguments.length_penalty.value_or(defaults.length_penalty),
      .patience = arguments.patience.value_or(defaults.patience),
      .min_length = arguments.min_length.value_or(defaults.min_length),
      .max_length = arguments.max_length.value_or(defaults.max_length),
      .no_repeat_ngram = arguments.no_repeat_ngram.value_or(defaults.no_repeat_ngram),
      .no_unknown = arguments.no_unknown || defaults.no_unknown,
      .scores = scores};
  if (arguments.sample) search.sampling = arguments.sampling;
  if (!search.sampling && search.n_best > search.beam)
    throw Error(fmt::format("--n-best: got {}; expected at most the beam, {}; give --beam {}",
                            search.n_best, search.beam, search.n_best));
  if (search.max_length > 0 && search.min_length > search.max_length)
    throw Error(fmt::format("--min-length: got {}; expected at most --max-length, {}",
                            search.min_length, search.max_length));
  return search;
}

}  // namespace penalmt
