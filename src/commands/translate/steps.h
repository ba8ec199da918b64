// The steps of `penalmt translate`: options checked, lines read with their images. translate.cpp
// puts them together.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/line_reader.h"
#include "commands/cli/image_options.h"
#include "commands/cli/shared_options.h"
#include "commands/cli/source_length.h"
#include "commands/cli/table_options.h"
#include "commands/translate/lines.h"
#include "commands/translate/search.h"
#include "tokenizers/source_signs.h"
#include "translation/raw_text.h"
#include "translation/workers.h"

namespace penalmt {

class TranslateBackend;

struct TranslateArguments {
  std::string model, input = "-", output = "-";
  std::vector<std::string> sentence;  // one; what stood after the model without quotes is several
  ImageArguments images;
  std::optional<std::string> image;
  SearchArguments search;
  LengthOptions length;
  std::vector<std::string> ensemble;
  std::optional<std::string> precision, prefix, target_language;
  std::string prefixes, shortlist;
  int64_t shortlist_frequent = 100, shortlist_best = 100;
  TableArguments table;
  std::string target_column = "translation";
  bool replace = false;
  bool json = false, json_input = false, raw = false, timing = false;
  bool token_scores = false, alignment = false;
  std::optional<int64_t> batch_tokens, check;
  std::string references;
  MachineOptions machine;

  bool one_sentence() const { return !sentence.empty(); }
  bool lines_name_images() const { return json_input || !table.image_column.empty(); }
  BatchOptions batches() const { return {batch_tokens, machine.threads}; }

  template <class Visitor>
  void visit(Visitor& v) {
    visit_model(v, model);
    v("sentence", sentence, "one sentence to translate, in quotes, instead of --input",
      option().positional().words());
    v("input", input, "lines to translate, plain or .gz; - is standard input",
      option().value("FILE"));
    v("output", output,
      "where translations go, as FILE.partial until all is done; - is standard output",
      option().value("FILE"));
    table.visit(v, option()
                       .excludes("input")
                       .excludes("images")
                       .excludes("image")
                       .excludes("json")
                       .excludes("json-input")
                       .excludes("n-best"));
    v("target_column", target_column,
      "--table: the column that gets the translations; where the table has none of that name, it "
      "stands last",
      option().value("COLUMN").needs("table"));
    v("replace", replace,
      "--table: texts that the target column holds already are replaced; without it they are an "
      "error",
      option().needs("table"));
    length.visit(v);
    images.visit(v);
    v("image", image, "the image of the one sentence", option().value("PHOTO"));
    search.visit(v);
    v("prefix", prefix, "what every translation begins with", option().value("TEXT"));
    v("prefixes", prefixes, "what each line's translation begins with, a line each; may be empty",
      option().value("FILE").excludes("prefix").excludes("json-input").excludes("table"));
    visit_target_language(v, target_language);
    v("ensemble", ensemble,
      "one more model of the same tokenizer; probabilities are the mean of all models'",
      option().value("MODEL").one_by_one());
    v("raw", raw,
      "text as people write it, for a model of tokenised lower-cased text (data.text tok): lines "
      "are normalised before, translations joined and capitalised after");
    v("json", json,
      "one JSON object a line: source, translation, score, tokens; with --n-best n_best; with an "
      "image and image_use (side, tokens, gate, attention), or image_missing: true where it is not "
      "there or broken");
    v("token_scores", token_scores,
      "with --json: token_scores, the log probability of each token, then of the end",
      option().needs("json"));
    v("alignment", alignment,
      "with --json: alignment, pairs [source word, target word] from 0, by what the decoder looks "
      "at; words are what spaces part in the model's text",
      option().needs("json"));
    v("json_input", json_input,
      "the input is a JSON object a line: {\"source\": \"a dog .\", \"image\": \"dog.jpg\", "
      "\"id\": 7}; image is optional, a path (below --image-root, where given) or a name in "
      "--features; prefix is optional, what the translation begins with; id is optional, anything, "
      "and answered; empty lines are passed over");
    v("shortlist", shortlist,
      "write the pieces alone that it gives for the source's (penalmt shortlist makes one, Marian "
      "reads the same): faster",
      option().value("FILE"));
    v("shortlist_frequent", shortlist_frequent, "with --shortlist: and the N most frequent pieces",
      option(config::between(0, 1e9)).value("N").needs("shortlist"));
    v("shortlist_best", shortlist_best, "with --shortlist: so many pieces for one of the source",
      option(config::between(1, 1e9)).value("N").needs("shortlist"));
    visit_product_format(v, precision, "the best pieces are compared in float32 all the same; ");
    v("check", check,
      "translate the first N lines in float32, too, and say how many come out the same",
      option(config::at_least(1)).value("N"));
    v("references", references, "with --check: translations of the input, for the BLEU of both",
      option().value("FILE"));
    v("batch_tokens", batch_tokens,
      "longest source x sentences in work at a time, a thread, at most; default: 256, on a GPU "
      "2048",
      config::between(1, 10000000));
    v("timing", timing, "print speed and memory as a JSON object to standard error");
    machine.visit(v);
  }
};

// Throws Error where options do not fit each other, and as expect_output.
void check(const TranslateArguments& arguments);

struct InputChunk {
  std::vector<InputLine> lines;      // none at the end
  std::unique_ptr<ImageSet> images;  // null: none of the lines has one
  std::vector<std::string> texts() const;
  std::vector<std::string> prefixes() const;  // none where no line has one
  bool has_image(std::size_t line) const { return images && images->index()[line] >= 0; }
};

// The input, chunk after chunk. A file is checked to its end before its first line is returned: a
// bad line late in it costs no work. From a pipe or a terminal a chunk is what has arrived, so that
// each line is answered at once; what stood before a bad line is returned before the line's Error
// is thrown.
class TranslationInput {
 public:
  // `raw` is there where text is normalised first. Throws Error for a bad line of a file; as
  // InputLines and TranslateBackend::open_images.
  TranslationInput(const TranslateArguments& arguments, TranslateBackend& backend,
                   std::unique_ptr<InputLines> lines, const RawText* raw);
  // Throws a line's Error, as above; as ImageSource::load; and Interrupted after Ctrl-C while it
  // waits.
  InputChunk next();
  // Then next() takes long, and waits for nobody.
  bool reads_images_of_a_file() const { return source_ && !lines_->may_wait(); }
  const InputLines& lines() const { return *lines_; }
  std::string name() const { return lines_->name(); }
  std::string image_place() const;          // where the names of its images stand
  int64_t total() const { return total_; }  // its lines; 0: they are not counted
  // Of the lines so far.
  ImageCount& images() { return count_; }  // of none where no line has an image
  const SourceSigns& signs() const { return signs_; }
  const LengthCheck& lengths() const { return lengths_; }

 private:
  void check_file();
  std::optional<InputLine> read();
  void read_prefix(InputLine& line);

  const TranslateArguments& arguments_;
  const ImageArguments images_;  // with the folder of a table's images
  std::unique_ptr<InputLines> lines_;
  std::optional<LineReader> prefixes_;  // of --prefixes
  const RawText* raw_;
  int64_t number_ = 0, total_ = 0;             // of the line that was read last; of a file's lines
  std::unique_ptr<const ImageSource> source_;  // null: images are not looked at
  int64_t chunk_, next_chunk_;                 // lines at a time at most; the next time, of a pipe
  ImageCount count_;
  SourceSigns signs_;
  LengthCheck lengths_;
  std::exception_ptr failure_;  // of a line after those of the last chunk
};

}  // namespace penalmt
