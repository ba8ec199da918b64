// Options that several commands share, each named once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

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

// MODEL, the first word.
template <class Visitor>
void visit_model(Visitor& v, std::string& model) {
  v("model", model, "a run folder (its averaged/, else its best/) or a checkpoint folder",
    option().positional().required());
}

// --beam K, a number or an optional one.
template <class Visitor, class Number>
void visit_beam(
    Visitor& v, Number& beam,
    const char* meaning = "hypotheses kept open a sentence; 1: greedy; default: the model's") {
  v("beam", beam, meaning, option(config::between(1, 1000)).value("K"));
}

// --precision of the products, on the CPU; `meaning` may say more of what becomes of it.
template <class Visitor>
void visit_product_format(Visitor& v, std::optional<std::string>& precision,
                          const std::string& meaning = "") {
  v("precision", precision,
    ("numbers of the matrix products on the CPU: auto, float32, bfloat16 or int8; auto takes int8 "
     "where the processor is faster in it (VNNI, AVX2), else float32; " +
     meaning + "default: the model's")
        .c_str(),
    option(config::one_of({"auto", "float32", "bfloat16", "int8"})));
}

// --target-language CODE.
template <class Visitor>
void visit_target_language(Visitor& v, std::optional<std::string>& language) {
  v("target_language", language,
    "of a model that translates into several: sources begin with its code, as \">>deu<<\"; a line "
    "that begins with one itself keeps that",
    option().value("CODE"));
}

// --trust-encoder, for commands that open an exported encoder: where it is given, they call
// trust_all_scripts() (datasets/features/script_trust.h) first.
template <class Visitor>
void visit_trust(Visitor& v, bool& trust_encoder) {
  v("trust_encoder", trust_encoder,
    "run an exported encoder whatever it calls: it may read and write any file of yours; without "
    "it, the operators of image networks alone");
}

struct MachineOptions {
  std::string device = "auto";  // auto: a GPU where there is one
  int threads = 0;              // 0: all cores

  template <class Visitor>
  void visit(Visitor& v) {
    v("device", device, "auto: a GPU where there is one", config::one_of({"auto", "cpu", "cuda"}));
    visit_threads(v, threads);
  }
};

// Where a command that changes line by line reads and writes; "-": standard input, standard output.
struct LineStream {
  std::string input = "-", output = "-";

  template <class Visitor>
  void visit(Visitor& v) {
    v("input", input, "lines to read, plain or .gz; -: standard input", option().value("FILE"));
    v("output", output, "where to write; -: standard output", option().value("FILE"));
  }
};

}  // namespace penalmt
