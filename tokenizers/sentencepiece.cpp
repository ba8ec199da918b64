#include "tokenizers/sentencepiece.h"

#include <fmt/format.h>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <mutex>
#include <regex>
#include <system_error>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "base/thread_count.h"
#include "tokenizers/piece_model.h"
#include "tokenizers/text_limits.h"

namespace penalmt {
namespace {

namespace spm = sentencepiece;
using Settings = std::unordered_map<std::string, std::string>;

constexpr int kTrainingThreads = 16;  // unigram's sums depend on it: the same on every machine

class Lines : public spm::SentenceIterator {
 public:
  explicit Lines(const std::vector<std::string>& lines) : lines_(lines) {}
  bool done() const override { return next_ >= lines_.size(); }
  void Next() override { ++next_; }
  const std::string& value() const override { return lines_[next_]; }
  spm::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& lines_;
  std::size_t next_ = 0;
};

std::string yes_or_no(bool yes) { return yes ? "true" : "false"; }

Settings trainer_settings(const TokenizerOptions& options) {
  return {{"model_type", options.kind},
          {"vocab_size", std::to_string(options.vocabulary)},
          {"character_coverage", fmt::format("{}", options.coverage)},
          {"normalization_rule_name", options.normalizer},
          {"remove_extra_whitespaces",
           "false"},  // the default folds double spaces and cuts those at the ends
          {"byte_fallback", yes_or_no(options.byte_fallback)},
          {"hard_vocab_limit", yes_or_no(options.exact_vocabulary)},
          {"pad_id", std::to_string(kPad)},
          {"bos_id", std::to_string(kBos)},
          {"eos_id", std::to_string(kEos)},
          {"unk_id", std::to_string(kUnknown)},
          {"max_sentence_length", "1000000"},  // bytes; the default skips lines longer than 4192
          {"minloglevel", "2"}};               // errors come back as a status
}

// SentencePiece names files and conditions of its own sources; what a user can act on is a number
// in it.
std::string training_refusal(const std::string& said, const TokenizerOptions& options) {
  std::smatch number;
  const std::string got =
      fmt::format("tokenizer: vocabulary: got {}, expected ", options.vocabulary);
  if (std::regex_search(said, number, std::regex("value <= ([0-9]+)"))) {
    return got + "at most " + number[1].str() +
           " for this text; or allow fewer pieces (exact_vocabulary false)";
  }
  if (std::regex_search(said, number, std::regex("required_chars\\. [0-9]+ vs ([0-9]+)"))) {
    return got + "at least " + number[1].str() +
           ": this text has that many characters and special pieces";
  }
  if (said.find("sentences_.empty()") != std::string::npos)
    return "tokenizer: the training text is empty";
  return "tokenizer: SentencePiece cannot train on this text: " +
         std::regex_replace(said, std::regex("^\\w+: .*?\\] *"), "");
}

// SentencePiece makes threads of its own; where the system has no more to give, fewer do. The
// pieces of bpe stay the same, the sums of unigram may differ in their last digits.
spm::util::Status train_with_threads(Settings settings, const std::vector<std::string>& lines,
                                     std::string& bytes) {
  const int threads = std::max(1, threads_to_be_had(kTrainingThreads + 1) - 1);
  settings["num_threads"] = std::to_string(threads);
  Lines iterator(lines);
  try {
    return spm::SentencePieceTrainer::Train(settings, &iterator, &bytes);
  } catch (const std::system_error&) {
    throw MachineError("tokenizer: cannot train: the system has no thread to give, expected one");
  }
}

}  // namespace

Tokenizer::Tokenizer(std::shared_ptr<const spm::SentencePieceProcessor> processor,
                     std::string serialized)
    : processor_(std::move(processor)),
      serialized_(std::make_shared<const std::string>(std::move(serialized))) {}

Tokenizer Tokenizer::open(const std::filesystem::path& model_file) {
  return from_serialized(read_file(model_file), model_file.string());
}

Tokenizer Tokenizer::from_serialized(std::string bytes, const std::string& place) {
  auto processor = load_piece_model(bytes, place);
  const spm::SentencePieceProcessor& p = *processor;
  if (p.pad_id() != kPad || p.bos_id() != kBos || p.eos_id() != kEos || p.unk_id() != kUnknown) {
    throw Error(fmt::format(
        "{}: ids of pad, bos, eos, unknown: got {}, {}, {}, {}, expected {}, {}, {}, {}; train it "
        "with "
        "'penalmt tokenizer train'",
        place, p.pad_id(), p.bos_id(), p.eos_id(), p.unk_id(), kPad, kBos, kEos, kUnknown));
  }
  return {std::move(processor), std::move(bytes)};
}

Tokenizer Tokenizer::train(const std::vector<std::string>& lines, const TokenizerOptions& options) {
  for (std::size_t i = 0; i < lines.size(); ++i)
    expect_within_limits(lines[i], fmt::format("tokenizer: line {} of the training text", i + 1));
  std::string bytes;
  const spm::util::Status status = train_with_threads(trainer_settings(options), lines, bytes);
  if (!status.ok()) throw Error(training_refusal(status.ToString(), options));
  return from_serialized(std::move(bytes), "tokenizer");
}

std::vector<int> Tokenizer::encode(std::string_view line) const {
  expect_within_limits(line, "tokenizer");
  return processor_->EncodeAsIds({line.data(), line.size()});
}

std::vector<std::string> Tokenizer::pieces(std::string_view line) const {
  expect_within_limits(line, "tokenizer");
  return processor_->EncodeAsPieces({line.data(), line.size()});
}

std::vector<std::vector<int>> Tokenizer::sample(const std::vector<std::string>& lines,
                                                double dropout, uint64_t seed) const {
  for (const std::string& line : lines) expect_within_limits(line, "tokenizer");
  // SentencePiece seeds a thread's generator once, when it first draws: so each call draws in a
  // thread of its own, one at a time.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  constexpr uint32_t kMost = 0xFFFFFFFEu;  // the largest number asks for a random seed
  spm::SetRandomGeneratorSeed(static_cast<uint32_t>(seed % kMost));
  std::vector<std::vector<int>> sampled(lines.size());
  const auto draw = [&] {
    constexpr int kSample = -1;  // 0 and 1 would ask for the plain pieces
    for (std::size_t i = 0; i < lines.size(); ++i)
      sampled[i] = processor_->SampleEncodeAsIds(lines[i], kSample, static_cast<float>(dropout));
  };
  if (!run_in_thread(draw))
    throw MachineError("tokenizer: cannot cut words at random: the system has no thread to give");
  return sampled;
}

std::string Tokenizer::decode(const std::vector<int>& ids) const {
  for (const int id : ids) {
    if (id < 0 || id >= vocabulary_size())
      throw Error(fmt::format("piece id: got {}, expected 0 to {}", id, vocabulary_size() - 1));
  }
  return processor_->DecodeIds(ids);
}

std::string Tokenizer::decode(const std::vector<std::string>& pieces) const {
  return processor_->DecodePieces(pieces);
}

int64_t Tokenizer::vocabulary_size() const { return processor_->GetPieceSize(); }

const std::string& Tokenizer::piece(int id) const { return processor_->IdToPiece(id); }

}  // namespace penalmt
