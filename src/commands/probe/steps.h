// The steps of `penalmt probe`, in their order: options checked, texts and images read, everything
// translated and scored under each condition, conditions compared, results printed and reported.
// probe.cpp puts them together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands/cli/common.h"
#include "commands/cli/image_options.h"
#include "commands/cli/source_length.h"
#include "datasets/changed_images.h"
#include "datasets/scenes/left_out_marks.h"
#include "datasets/text/masking.h"
#include "evaluation/answer_signs.h"
#include "evaluation/contrastive_accuracy.h"
#include "evaluation/image_use_statistics.h"
#include "evaluation/masked_accuracy.h"
#include "evaluation/metrics.h"
#include "evaluation/probe_measures.h"
#include "evaluation/score_format.h"
#include "report/probe_report.h"
#include "translation/image_use.h"

namespace penalmt {

class ImageSet;
class Translator;

using Lines = std::vector<std::string>;

struct ProbeOptions {
  std::string model, source, references;
  LengthOptions length;
  ImageArguments images;   // with features, image_root is for the report alone
  bool all_lines = false;  // those without an image too
  Lines incongruent = image_changes();
  std::string mask, lexicon;
  std::optional<std::string> given_kind, given_mask_token;
  std::string left_out;
  std::string contrastive, contrastive_image_root, contrastive_scores;
  std::string ties = "half";
  bool raw = false;  // the contrastive pairs are text as people write it
  Lines metrics = {"bleu"};
  std::optional<std::string> tokenize;  // nullopt: none for models of tokenised text, else 13a
  std::optional<int64_t> beam;          // nullopt: the model's
  uint64_t seed = 12345;                // of the images' changes and of resampling
  bool json = false;
  std::string report, translations;
  int64_t samples = 20;
  MachineOptions machine;

  bool has_text() const { return !source.empty(); }
  std::string kind() const { return given_kind.value_or("color"); }
  std::string mask_token() const { return given_mask_token.value_or(kMaskToken); }

  template <class Visitor>
  void visit(Visitor& v) {
    visit_texts(v);
    visit_probes(v);
    visit_output(v);
  }

 private:
  template <class Visitor>
  void visit_texts(Visitor& v) {
    visit_model(v, model);
    v("source", source, "sentences, one a line, plain or .gz", option().value("FILE"));
    v("references", references, "their right translations", option().value("FILE"));
    length.visit(v);
    images.visit(v);
    v("all_lines", all_lines, "lines without an image count too");
  }
  template <class Visitor>
  void visit_probes(Visitor& v) {
    v("incongruent", incongruent,
      "what stands in the place of the right images: shuffled (other lines' images), zeroed, "
      "noise");
    v("mask", mask,
      "mask words of the source: which, a line of positions from 0 for each line (Multi30k's "
      "masking/)",
      option().value("FILE"));
    v("kind", given_kind,
      "which lexicon finds the masked words in translations: color (the default) or people");
    v("lexicon", lexicon, "another lexicon: lines of a word, a tab, the forms of its translations",
      option().value("FILE"));
    v("mask_token", given_mask_token, "what stands in the place of a masked word; default: <mask>");
    v("left_out", left_out,
      "count the words right that the source leaves out: the marks' file of a generated corpus",
      option().value("FILE"));
    v("contrastive", contrastive,
      "contrastive pairs: a folder with src.*, correct.*, incorrect.* and img.order, as CoMMuTE's",
      option().value("DIR"));
    v("contrastive_image_root", contrastive_image_root,
      "the folder of their images; default: the store of --features, else images in that folder or "
      "beside it",
      option().value("DIR"));
    v("contrastive_scores", contrastive_scores,
      "a folder for their perplexities under each condition, CONDITION.correct.txt and "
      "CONDITION.incorrect.txt: CoMMuTE's evaluate.py reads two such files",
      option().value("DIR").needs("contrastive"));
    v("ties", ties,
      "what a pair counts whose translations are equally likely: half, or wrong, as evaluate.py "
      "has it",
      option(config::one_of({"half", "wrong"})).needs("contrastive"));
    v("raw", raw,
      "the contrastive pairs are text as people write it (CoMMuTE's are): normalise it for a model "
      "of tokenised lower-cased text");
  }
  template <class Visitor>
  void visit_output(Visitor& v) {
    v("metrics", metrics, ("what scores translations: " + metric_names_in_words()).c_str());
    v("tokenize", tokenize,
      "BLEU: how words are told apart; default: none for a model of tokenised text, else 13a");
    visit_beam(v, beam);
    visit_seed(v, seed);
    v("json", json, "one JSON object");
    v("translations", translations,
      "a folder for the translations of each condition, for example to evaluate them otherwise",
      option().value("DIR"));
    v("report", report,
      "write a page (HTML, needs no network): conditions, gates, attention over images",
      option().value("FILE"));
    v("samples", samples, "sentences shown in the report",
      option(config::between(0, 100000)).needs("report"));
    machine.visit(v);
  }
};

// The lines that count, and their numbers in the files. Without --images all do.
struct ProbeText {
  Lines source, references;
  std::vector<std::size_t> lines;
  std::size_t all_lines = 0;        // of the files
  Lines masked_source;              // empty without --mask
  std::vector<Lines> masked_words;  // a line: the words that were taken away
  std::vector<LeftOutMark> marks;   // empty without --left-out
  std::unique_ptr<ImageSet> all_images,
      images;  // of all lines, of these; null: the model gets none
  std::vector<std::filesystem::path> image_files;  // a line: its file, "" where there is none
};

// What a model made of the text under a condition.
struct Answers {
  std::string condition;
  Lines translations, masked_translations;
  std::vector<double> log_probabilities;  // of the references
  // A line: that whose image it was translated with; -1 where it was none of the text's.
  std::vector<int64_t> image_lines = {};
};

// The perplexities of the contrastive pairs.
struct PairScores {
  std::string condition;
  Perplexities perplexities;
};

struct ProbeResults {
  Lines conditions;                      // their names
  std::size_t lines = 0, all_lines = 0;  // that count, of the files
  std::vector<SystemScores> scores;      // one a condition; empty without text
  std::vector<Answers> answers;          // one a condition
  std::size_t pairs = 0, pairs_without_image = 0;
  std::vector<SystemScores> contrastive;  // one a condition; empty without --contrastive
  std::vector<PairScores> pair_scores;    // the same
  std::shared_ptr<const MaskedAccuracy> restricted, relaxed;  // null without --mask
  std::optional<double> left_out_chance;                      // percent
  std::vector<ImageUse> image_use;  // a line, with its own image; empty: none looked at
  std::vector<ProbeSeen> seen;      // a line: the part of its image that the attention is over
  GateStatistics gates;
  AttentionStatistics attention;
  AnswerSigns signs;  // of the first condition's translations
  Lines notes;        // what was not probed, and why
};

// Throws Error where options do not fit each other, and as expect_output.
void check_options(const ProbeOptions& options);

// Throws Error where a text-only model is given images, unless --ignore-images says that this is
// meant: its list of images chooses the lines that count.
void check_model(const ProbeOptions& options, const Translator& translator);

// Throws Error where texts, masks, marks and images do not fit each other or not one line counts;
// as the readers of each and as probe_images.
ProbeText read_probe_text(const ProbeOptions& options, Translator& translator);

// The images that a list names, for all its lines; null for a text-only model and without a list.
// The one place that knows how images reach a model. Lines that name an image which is not there
// are noted in `notes`, where given. Throws as open_line_images, ImageSource::expect_lines and
// load.
std::unique_ptr<ImageSet> probe_images(const ProbeOptions& options, const Translator& translator,
                                       const ImageArguments& images, std::size_t lines,
                                       const std::string& place, Lines* notes);

// "right", those of --incongruent and "none"; "none" alone where there are no images. "shuffled" is
// left out, with a warning, where there are not two different ones to shuffle. Throws as
// noise_images.
std::vector<ImageCondition> conditions_of(const ImageSet* right, const ProbeOptions& options);

// Translates and scores the text under each condition: fills `scores`, `answers` and what belongs
// to them. Throws Error where not one masked word counts or there is no lexicon; as
// Translator::translate and score, and as the metrics.
void probe_text(const ProbeOptions& options, const ProbeText& text, Translator& translator,
                ProbeResults& results);

// --contrastive. Throws as read_contrastive, probe_images and Translator::score, and Error for no
// pairs.
void probe_contrastive(const ProbeOptions& options, Translator& translator, ProbeResults& results);

// Gates and attention with the right images. Throws as Translator::image_use; for --report as
// read_encoder_description and read_file, too.
void probe_image_use(const ProbeOptions& options, const ProbeText& text, Translator& translator,
                     ProbeResults& results);

// Throws as expect_not_read where --report or a file of --translations would take the place of what
// was read. To be called when the text was.
void expect_outputs_of_their_own(const ProbeOptions& options);

// To standard output, as text or JSON; the pairs' perplexities to --contrastive-scores; the
// translations to --translations; the page to --report. The last three throw as write_file, the
// last as probe_report too.
void print_probe(const ProbeOptions& options, const ProbeResults& results);
void write_pair_scores(const ProbeOptions& options, const ProbeResults& results);
void write_probe_translations(const ProbeOptions& options, const ProbeResults& results);
void write_probe_report(const ProbeOptions& options, const ProbeText& text,
                        const ProbeResults& results);

}  // namespace penalmt
