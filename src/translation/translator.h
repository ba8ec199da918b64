// A model folder opened: sentences in, sentences out.
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "models/model_folder.h"
#include "tokenizers/sentencepiece.h"
#include "tokenizers/shortlist.h"
#include "tokenizers/source_signs.h"
#include "translation/image_use.h"
#include "translation/search_examples.h"

namespace penalmt {

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

class Translator {
 public:
  // Throws Error where the folder, its model or its tokenizers are missing, damaged or do not
  // belong together.
  static Translator open(const std::filesystem::path& path, c10::Device device);
  // A model at hand, on `device` already.
  Translator(TranslationModel model, ModelDescription description, Tokenizer source,
             Tokenizer target);

  const ModelDescription& description() const { return description_; }
  const Tokenizer& source_tokenizer() const { return source_; }
  const Tokenizer& target_tokenizer() const { return target_; }
  TranslationModelImpl& model() { return *model_; }
  bool uses_images() const { return description_.model.uses_images(); }
  const std::string& place() const {
    return place_;
  }  // where it was opened, "" for a model at hand
  const std::filesystem::path& carried_encoder() const {
    return carried_encoder_;
  }  // an exported encoder's folder, "" where there is none
  c10::Device device() const { return model_->output_embedding().device(); }

  // As the model's folder says, for one translation a line.
  SearchOptions default_search() const;
  // From now on translate() takes the mean of this model's probabilities and the other's, too.
  // Throws Error for a model with other tokenizers or another form of text, for images of another
  // kind, and for one that looks at images where this one does not.
  void join(Translator other);

  // The target languages that a model of several tells apart, as ">>deu<<"; a source says which it
  // wants by beginning with one.
  const std::vector<std::string>& target_languages() const { return source_.language_codes(); }
  // From now on a source that names no target language wants this one: "deu" or ">>deu<<". Throws
  // Error where the model does not know it.
  void set_target_language(const std::string& language);
  // Sources of translate() and score() so far that named no target language of several, where none
  // was set either.
  int64_t without_language() const { return without_language_; }

  // From now on translate() writes the list's pieces alone (and a prefix's). A score is then the
  // probability among these.
  void set_shortlist(Shortlist shortlist) { shortlist_ = std::move(shortlist); }

  // One translation a line, in order. A line of white space alone stays empty and never reaches the
  // model. A sampled line draws by its number in its file. Throws Error "file:3: ..." for a line
  // longer than learned positions serve or than the tokenizer takes (text_limits.h), unless
  // cut_lines() cuts it, for a prefix as long as the longest translation, and where the model's
  // scores are not numbers; as search_examples.
  std::vector<Translation> translate(const SourceLines& lines, const SearchOptions& search,
                                     const BatchOptions& batches, ProgressPart progress = {});
  std::vector<Translation> translate(const std::vector<std::string>& lines, const ImageSet* images,
                                     const SearchOptions& search, const BatchOptions& batches,
                                     const LinesPlace& place = {}, ProgressPart progress = {});

  // The log probability of each target given its source, end token included; 0 where both lines are
  // empty. Throws Error for a target without a source and lines that are too long, as above; as
  // score_examples. `sources` and `targets` are as long.
  std::vector<double> score(const std::vector<std::string>& sources,
                            const std::vector<std::string>& targets, const ImageSet* images,
                            const BatchOptions& batches, const std::string& source_place,
                            const std::string& target_place);
  // Examples of the lines with their translations; their id is the line's place. Lines that are
  // both empty have none. Throws the Errors of score().
  std::vector<Example> paired_examples(const std::vector<std::string>& sources,
                                       const std::vector<std::string>& targets,
                                       const ImageSet* images, const std::string& source_place,
                                       const std::string& target_place) const;
  // The images as this model's own encoder sees them, each encoded once, in their place for further
  // calls; null where it has none, or others were joined that see them in their own way.
  std::unique_ptr<ImageSet> seen(const ImageSet& images, const BatchOptions& batches) const;
  // What the model did with each sentence's image when it wrote the target. Throws Error for a
  // source longer than learned positions serve; as run_batches and ImageSet::rows.
  std::vector<ImageUse> image_use(const std::vector<std::string>& sources,
                                  const std::vector<std::string>& targets, const ImageSet& images,
                                  const BatchOptions& batches);
  // Which words belong together, by where this model looks when it writes the target's: each
  // target word with the source word that it looks at most. Words are what white space parts in
  // the lines as_trained(). `images` may be null. Throws as image_use.
  std::vector<std::vector<WordPair>> alignment(const std::vector<std::string>& sources,
                                               const std::vector<std::string>& targets,
                                               const ImageSet* images, const BatchOptions& batches);
  // Pieces that the model reads or writes for a line, the end counted; cut_lines() aside. Of a line
  // that is too long for the tokenizer, those of its beginning.
  int64_t source_length(const std::string& line) const;
  int64_t target_length(const std::string& line) const;
  // Pieces of a given translation that score() counts: the same, cut.
  int64_t scored_length(const std::string& target) const;
  // From now on a longer source, or target that is given, is cut to so many pieces, the end
  // counted, in place of an error or a long wait.
  void cut_lines(int64_t longest) { longest_line_ = longest; }
  // The line as the model's own text has it: clean (base/text.h), and, where it was trained on
  // tokenised text, with one space for every run of white space, a no-break space's too.
  std::string as_trained(const std::string& line) const;

  // What the products of translate() are in from now on, on the CPU; float32 at first.
  void set_format(ProductFormat format) {
    format_ = format;
    model_changed();
  }
  // To be called when model() is no longer what it was at the last translation.
  void model_changed() { searched_.clear(); }

  // Of all calls of translate() and score() so far.
  const SearchTiming& timing() const { return timing_; }
  const PieceCount& source_pieces() const { return source_pieces_; }

 private:
  // Adds the sources of translate() and score() to what is counted.
  void count_sources(const std::vector<Example>& examples);
  // The source's pieces, as below, behind the target language's.
  std::vector<int> source_pieces_of(const std::string& line, const std::string& place,
                                    int64_t number) const;
  // The line's pieces, without the end, cut as cut_lines() says. `place`, `number`: of the line.
  std::vector<int> pieces_of(const std::string& line, const Tokenizer& tokenizer,
                             const std::string& place, int64_t number) const;
  // Examples for the lines that hold a word; their id is the line's place.
  std::vector<Example> encode_lines(const std::vector<std::string>& lines, const ImageSet* images,
                                    const std::string& place, int64_t first_line) const;
  static void set_target(Example& example, std::vector<int> pieces);
  // The same with what the model wrote for the lines; every line that has an example has one here.
  std::vector<Example> written_examples(const std::vector<std::string>& sources,
                                        const std::vector<std::string>& targets,
                                        const ImageSet* images) const;
  std::vector<SentenceSearch> sentence_searches(const std::vector<Example>& examples,
                                                const SourceLines& lines,
                                                const SearchOptions& search) const;
  void check_length(int64_t tokens, const std::string& place, int64_t line) const;
  ScoredText as_text(const Hypothesis& hypothesis) const;

  TranslationModel model_;
  ModelDescription description_;
  Tokenizer source_, target_;
  std::string place_;
  std::filesystem::path carried_encoder_;
  std::optional<int64_t> longest_line_;
  std::optional<int> language_;  // the piece of set_target_language()
  int64_t without_language_ = 0;
  ProductFormat format_ = ProductFormat::float32;
  std::optional<Shortlist> shortlist_;
  std::vector<TranslationModel> others_;  // that were joined
  std::vector<SearchedModel> searched_;   // this one and the others; empty until translate()
  SearchTiming timing_;
  PieceCount source_pieces_;
};

}  // namespace penalmt
