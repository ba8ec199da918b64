#include "commands/translate/search.h"

#include <fmt/format.h>

#include "base/error.h"

namespace penalmt {

SearchOptions search_options(const SearchArguments& arguments, const SearchOptions& defaults,
                             bool scores) {
  SearchOptions search = defaults;
  const auto take = [](const auto& given, auto& option) { option = given.value_or(option); };
  take(arguments.beam, search.beam);
  take(arguments.n_best, search.n_best);
  take(arguments.length_penalty, search.length_penalty);
  take(arguments.patience, search.patience);
  take(arguments.min_length, search.min_length);
  take(arguments.max_length, search.max_length);
  take(arguments.no_repeat_ngram, search.no_repeat_ngram);
  search.refill |= arguments.refill;
  search.guess_end |= arguments.guess_end;
  search.no_unknown |= arguments.no_unknown;
  search.scores = scores;
  if (arguments.sample) {
    search.beam = 1;
    search.sampling = arguments.sampling;
  }
  if (!search.sampling && search.n_best > search.beam)
    throw Error(fmt::format("--n-best: got {}; expected at most the beam, {}; give --beam {}",
                            search.n_best, search.beam, search.n_best));
  if (search.max_length > 0 && search.min_length > search.max_length)
    throw Error(fmt::format("--min-length: got {}; expected at most --max-length, {}",
                            search.min_length, search.max_length));
  return search;
}

}  // namespace penalmt
