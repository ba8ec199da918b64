// Options that several commands share, each named once.
#pragma once

#include <cstdint>

#include "commands/cli/common.h"
#include "commands/cli/options.h"

namespace penalmt {

// --threads N.
template <class Visitor>
void visit_threads(Visitor& v, int& threads) {
  v("threads", threads, "processor threads; 0: all cores", config::between(0, 4096));
}

// --seed N.
template <class Visitor>
void visit_seed(Visitor& v, uint64_t& seed) {
  v("seed", seed, "where random numbers start: the same seed gives the same result");
}

// --input FILE and --output FILE.
template <class Visitor>
void visit_lines(Visitor& v, LineStream& stream) {
  v("input", stream.input, "lines to read, plain or .gz; -: standard input",
    option().value("FILE"));
  v("output", stream.output, "where to write; -: standard output", option().value("FILE"));
}

}  // namespace penalmt
