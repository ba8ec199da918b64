// Sentences in, sentences out: all of translating but the search, which is the model's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "datasets/examples.h"
#include "decoding/search_options.h"
#include "models/model_description.h"
#include "tensors/packed_matrix.h"
#include "tokenizers/sentencepiece.h"
#include "tokenizers/shortlist.h"
#include "tokenizers/source_signs.h"
#include "translation/model_location.h"
#include "translation/workers.h"

namespace penalmt {

class ImageSet;

// A sentence in the other language.
struct ScoredText {
  std::string text;
  std::vector<std::string> pieces;  // what the model wrote, the end left out
  double score = 0, log_probability = 0;
  std::vector<float> piece_log_probabilities = {};  // of each piece, then of the end
};

struct Translation {
  std::vector<ScoredText> n_best;  // best first; one empty text for an empty line
};

// What the model itself did, tokenising and joining left out.
struct SearchTiming {
  int64_t sentences = 0, target_tokens = 0;  // of the best translations, the end counted
  double seconds = 0;
};

// Where lines stand: they are called "file:first", "file:first + 1" and so on in errors.
struct LinesPlace {
  std::string file = "input";
  int64_t first = 1;
};

// Lines and what belongs to each.
struct SourceLines {
  const std::vector<std::string>& texts;
  const ImageSet* images = nullptr;  // its index has an entry a line; null: no line has one
  LinesPlace place = {};
  // What the translations begin with, one a line, "" for nothing; empty: none does.
  std::vector<std::string> prefixes = {};
};

// A word of the source and one of the translation, from 0, that belong together.
using WordPair = std::pair<int64_t, int64_t>;

// A model's folder without the weights.
struct ModelFiles {
  ModelLocation location;
  ModelDescription description;
  Tokenizer source, target;
};

// Throws Error where the folder, its description or its tokenizers are missing, damaged or do not
// belong together.
ModelFiles read_model_files(const std::filesystem::path& path);

// What the search is told of a source of so many tokens whose translation begins with `prefix`: at
// most so many tokens as the options say or longest_translation() more than the prefix, within the
// positions that the model has; and more than the prefix and the options' least all the same.
SentenceSearch sentence_search(const ModelOptions& model, const SearchOptions& options,
                               int64_t source_length, std::vector<int> prefix);

class TextTranslator {
 public:
  virtual ~TextTranslator() = default;

  const ModelDescription& description() const { return description_; }
  const Tokenizer& source_tokenizer() const { return source_; }
  const Tokenizer& target_tokenizer() const { return target_; }
  bool uses_images() const { return description_.model.uses_images(); }
  const std::string& place() const {
    return place_;
  }  // where it was opened, "" for a model at hand
  virtual bool on_cpu() const = 0;

  // As the model's folder says, for one translation a line.
  SearchOptions default_search() const;

  // The target languages that a model of several tells apart, as ">>deu<<"; a source says which it
  // wants by beginning with one.
  const std::vector<std::string>& target_languages() const { return source_.language_codes(); }
  // From now on a source that names no target language wants this one: "deu" or ">>deu<<". Throws
  // Error where the model does not know it.
  void set_target_language(const std::string& language);
  // Sources that were translated or scored so far and named no target language of several, where
  // none was set either.
  int64_t without_language() const { return without_language_; }

  // From now on translate() writes the list's pieces alone (and a prefix's). A score is then the
  // probability among these.
  void set_shortlist(Shortlist shortlist) { shortlist_ = std::move(shortlist); }
  // What the products of translate() are in from now on, on the CPU; float32 at first.
  virtual void set_format(ProductFormat format) = 0;

  // One translation a line, in order. A line of white space alone stays empty and never reaches the
  // model. A sampled line draws by its number in its file. Throws Error "file:3: ..." for a line
  // longer than learned positions serve or than the tokenizer takes (text_limits.h), unless
  // cut_lines() cuts it, for a prefix as long as the longest translation, and where the model's
  // scores are not numbers; as search().
  std::vector<Translation> translate(const SourceLines& lines, const SearchOptions& search,
                                     const BatchOptions& batches, ProgressPart progress = {});
  std::vector<Translation> translate(const std::vector<std::string>& lines, const ImageSet* images,
                                     const SearchOptions& search, const BatchOptions& batches,
                                     const LinesPlace& place = {}, ProgressPart progress = {});

  // Pieces that the model reads or writes for a line, the end counted; cut_lines() aside. Of a line
  // that is too long for the tokenizer, those of its beginning.
  int64_t source_length(const std::string& line) const;
  int64_t target_length(const std::string& line) const;
  // Pieces of a given translation that are scored: the same, cut.
  int64_t scored_length(const std::string& target) const;
  // From now on a longer source, or target that is given, is cut to so many pieces, the end
  // counted, in place of an error or a long wait.
  void cut_lines(int64_t longest) { longest_line_ = longest; }
  // The line as the model's own text has it: clean (base/text.h), and, where it was trained on
  // tokenised text, with one space for every run of white space, a no-break space's too.
  std::string as_trained(const std::string& line) const;

  // Of all that was translated or scored so far.
  const SearchTiming& timing() const { return timing_; }
  const PieceCount& source_pieces() const { return source_pieces_; }

 protected:
  TextTranslator(ModelDescription description, Tokenizer source, Tokenizer target,
                 std::string place);
  TextTranslator(TextTranslator&&) = default;

  // Lays the weights out for search(), where they are not.
  virtual void prepare() = 0;
  // The n_best hypotheses of each example, in the order of the examples; none where the model's
  // scores are not numbers. `sentences`: what the search is told of each. `images` may be null.
  // Throws Interrupted after Ctrl-C.
  virtual std::vector<std::vector<Hypothesis>> search(const std::vector<Example>& examples,
                                                      const std::vector<SentenceSearch>& sentences,
                                                      const ImageSet* images,
                                                      const SearchOptions& search,
                                                      const BatchOptions& batches,
                                                      ProgressPart progress) = 0;

  // The piece of set_target_language().
  const std::optional<int>& language() const { return language_; }
  // Adds the sources to what is counted.
  void count_sources(const std::vector<Example>& examples);
  // The line's pieces, without the end, cut as cut_lines() says. `place`, `number`: of the line.
  std::vector<int> pieces_of(const std::string& line, const Tokenizer& tokenizer,
                             const std::string& place, int64_t number) const;
  // Examples for the lines that hold a word; their id is the line's place.
  std::vector<Example> encode_lines(const std::vector<std::string>& lines, const ImageSet* images,
                                    const std::string& place, int64_t first_line) const;
  // Throws Error for a line of more tokens than learned positions serve.
  void check_length(int64_t tokens, const std::string& place, int64_t line) const;

 private:
  // The source's pieces, as pieces_of(), behind the target language's.
  std::vector<int> source_pieces_of(const std::string& line, const std::string& place,
                                    int64_t number) const;
  std::vector<SentenceSearch> sentence_searches(const std::vector<Example>& examples,
                                                const SourceLines& lines,
                                                const SearchOptions& search) const;
  ScoredText as_text(const Hypothesis& hypothesis) const;

  ModelDescription description_;
  Tokenizer source_, target_;
  std::string place_;
  std::optional<int64_t> longest_line_;
  std::optional<int> language_;
  int64_t without_language_ = 0;
  std::optional<Shortlist> shortlist_;
  SearchTiming timing_;
  PieceCount source_pieces_;
};

}  // namespace penalmt
