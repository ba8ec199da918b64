#include "tokenizers/sentencepiece.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <regex>
#include <system_error>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "base/thread_count.h"
#include "tokenizers/piece_model.h"
#include "tokenizers/text_limits.h"

namespace penalmt {
namespace {

namespace spm = sentencepiece;
using Settings = std::unordered_map<std::string, std::string>;

constexpr std::string_view kSpace = "\u2581";
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

Settings trainer_settings(const TokenizerOptions& options,
                          const std::vector<std::string>& language_codes) {
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
          {"control_symbols", fmt::format("{}", fmt::join(language_codes, ","))},
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

// Those of the lines, the most frequent first.
std::vector<std::string> pieces_of_lines(const SubwordCodes& codes,
                                         const std::vector<std::string>& lines,
                                         const std::string& place) {
  std::map<std::string, int64_t> counts;
  for (const std::string& line : lines)
    for (const std::string& piece : codes.pieces(line)) ++counts[piece];
  for (const std::string& special : special_pieces()) counts.erase(special);
  std::vector<std::pair<int64_t, std::string>> ranked;
  for (const auto& [piece, count] : counts) ranked.emplace_back(-count, piece);
  std::ranges::sort(ranked);
  std::vector<std::string> pieces;
  for (auto& [count, piece] : ranked) pieces.push_back(std::move(piece));
  if (pieces.empty()) throw Error(place + ": the training text gives no pieces");
  return pieces;
}

bool has_our_ids(const spm::SentencePieceProcessor& p) {
  return p.pad_id() == kPad && p.bos_id() == kBos && p.eos_id() == kEos && p.unk_id() == kUnknown;
}

}  // namespace

Tokenizer::Tokenizer(Cutter cutter, std::shared_ptr<const PieceVocabulary> vocabulary,
                     std::string serialized)
    : cutter_(std::move(cutter)),
      vocabulary_(std::move(vocabulary)),
      serialized_(std::make_shared<const std::string>(std::move(serialized))) {
  std::vector<std::string> codes;
  for (int id = 0; id < vocabulary_size(); ++id)
    if (is_language_code(piece(id))) codes.push_back(piece(id));
  language_codes_ = std::make_shared<const std::vector<std::string>>(std::move(codes));
}

Tokenizer Tokenizer::open(const std::filesystem::path& model_file) {
  return from_serialized(read_file(model_file), model_file.string());
}

Tokenizer Tokenizer::of_codes(std::string bytes, const std::string& place) {
  auto codes = std::make_shared<const SubwordCodes>(bytes, place);
  if (codes->vocabulary().empty())
    throw Error(
        place +
        ": codes of subword-nmt, without a vocabulary; a recipe's tokenizer.files takes them");
  std::vector<std::string> pieces = special_pieces();
  pieces.insert(pieces.end(), codes->vocabulary().begin(), codes->vocabulary().end());
  auto vocabulary = std::make_shared<const PieceVocabulary>(std::move(pieces), place);
  return {{nullptr, std::move(codes)}, std::move(vocabulary), std::move(bytes)};
}

Tokenizer Tokenizer::from_serialized(std::string bytes, const std::string& place) {
  if (SubwordCodes::is_codes(bytes)) return of_codes(std::move(bytes), place);
  auto processor = load_piece_model(bytes, place);
  if (std::vector<std::string> pieces = vocabulary_of(bytes); !pieces.empty()) {
    auto vocabulary = std::make_shared<const PieceVocabulary>(std::move(pieces), place);
    return {{std::move(processor), nullptr}, std::move(vocabulary), std::move(bytes)};
  }
  const spm::SentencePieceProcessor& p = *processor;
  if (!has_our_ids(p)) {
    throw Error(fmt::format(
        "{}: ids of pad, bos, eos, unknown: got {}, {}, {}, {}, expected {}, {}, {}, {}; train it "
        "with "
        "'penalmt tokenizer train'",
        place, p.pad_id(), p.bos_id(), p.eos_id(), p.unk_id(), kPad, kBos, kEos, kUnknown));
  }
  return {{std::move(processor), nullptr}, nullptr, std::move(bytes)};
}

Tokenizer Tokenizer::adopt(const std::filesystem::path& model_file,
                           const std::vector<std::string>& lines) {
  const std::string bytes = read_file(model_file), place = model_file.string();
  if (SubwordCodes::is_codes(bytes)) {
    const SubwordCodes codes(bytes, place);
    return of_codes(codes.vocabulary().empty()
                        ? SubwordCodes::with_vocabulary(bytes, pieces_of_lines(codes, lines, place))
                        : bytes,
                    place);
  }
  const auto processor = load_piece_model(bytes, place);
  const spm::SentencePieceProcessor& p = *processor;
  if (has_our_ids(p) || !vocabulary_of(bytes).empty()) return from_serialized(bytes, place);
  std::vector<std::string> pieces = special_pieces();
  for (int id = 0; id < p.GetPieceSize(); ++id)
    if (!p.IsControl(id) && !p.IsUnknown(id) && !p.IsUnused(id)) pieces.push_back(p.IdToPiece(id));
  return from_serialized(with_vocabulary(bytes, pieces), place);
}

Tokenizer Tokenizer::train(const std::vector<std::string>& lines, const TokenizerOptions& options,
                           const std::vector<std::string>& language_codes) {
  for (std::size_t i = 0; i < lines.size(); ++i)
    expect_within_limits(lines[i], fmt::format("tokenizer: line {} of the training text", i + 1));
  std::string bytes;
  const spm::util::Status status =
      train_with_threads(trainer_settings(options, language_codes), lines, bytes);
  if (!status.ok()) throw Error(training_refusal(status.ToString(), options));
  return from_serialized(std::move(bytes), "tokenizer");
}

std::vector<int> Tokenizer::encode(std::string_view line) const {
  if (vocabulary_) return ids_of(pieces(line));
  expect_within_limits(line, "tokenizer");
  const auto [code, text] = coded(line);
  std::vector<int> ids = cutter_.processor->EncodeAsIds({text.data(), text.size()});
  if (!code.empty()) ids.insert(ids.begin(), *find(std::string(code)));
  return ids;
}

std::vector<std::string> Tokenizer::pieces(std::string_view line) const {
  expect_within_limits(line, "tokenizer");
  const auto [code, text] = coded(line);
  std::vector<std::string> found =
      cutter_.codes ? cutter_.codes->pieces(text)
                    : cutter_.processor->EncodeAsPieces({text.data(), text.size()});
  if (!code.empty()) found.emplace(found.begin(), code);
  return found;
}

Tokenizer::CodedLine Tokenizer::coded(std::string_view line) const {
  const std::size_t end = line.starts_with(">>") ? line.find("<<") : std::string_view::npos;
  if (end == std::string_view::npos) return {{}, line};
  const std::string_view code = line.substr(0, end + 2);
  if (!find(std::string(code))) return {{}, line};
  std::string_view text = line.substr(code.size());
  // A vocabulary's text loses the spaces in front; ours keeps every one but that behind the code.
  if (!vocabulary_ && text.starts_with(' ')) text.remove_prefix(1);
  return {code, text};
}

std::vector<int> Tokenizer::ids_of(const std::vector<std::string>& pieces) const {
  std::vector<int> ids;
  for (const std::string& piece : pieces) ids.push_back(vocabulary_->id(piece));
  return ids;
}

std::vector<std::vector<int>> Tokenizer::sample_codes(const std::vector<std::string>& lines,
                                                      double dropout, uint64_t seed) const {
  std::vector<std::vector<int>> sampled;
  for (const std::string& line : lines) {
    SplitMix64 random(seed, sampled.size());
    sampled.push_back(
        ids_of(cutter_.codes->pieces(line, [&] { return random.uniform() < dropout; })));
  }
  return sampled;
}

std::vector<std::vector<int>> Tokenizer::sample(const std::vector<std::string>& lines,
                                                double dropout, uint64_t seed) const {
  for (const std::string& line : lines) expect_within_limits(line, "tokenizer");
  if (cutter_.codes) return sample_codes(lines, dropout, seed);
  // SentencePiece seeds a thread's generator once, when it first draws: so each call draws in a
  // thread of its own, one at a time.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  constexpr uint32_t kMost = 0xFFFFFFFEu;  // the largest number asks for a random seed
  spm::SetRandomGeneratorSeed(static_cast<uint32_t>(seed % kMost));
  std::vector<std::vector<int>> sampled(lines.size());
  const auto draw = [&] {
    constexpr int kSample = -1;  // 0 and 1 would ask for the plain pieces
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const CodedLine line = coded(lines[i]);
      const std::string text(line.text);
      sampled[i] = vocabulary_ ? ids_of(cutter_.processor->SampleEncodeAsPieces(
                                     text, kSample, static_cast<float>(dropout)))
                               : cutter_.processor->SampleEncodeAsIds(text, kSample,
                                                                      static_cast<float>(dropout));
      if (!line.code.empty()) sampled[i].insert(sampled[i].begin(), *find(std::string(line.code)));
    }
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
  if (!vocabulary_) return cutter_.processor->DecodeIds(ids);
  std::vector<std::string> pieces;
  for (const int id : ids) pieces.push_back(vocabulary_->pieces()[id]);
  return decode(pieces);
}

std::string Tokenizer::decode(const std::vector<std::string>& pieces) const {
  if (!vocabulary_) return cutter_.processor->DecodePieces(pieces);
  std::vector<std::string> said;
  const auto& special = special_pieces();
  for (const std::string& piece : pieces)
    if (std::ranges::find(special, piece) == special.end()) said.push_back(piece);
  if (cutter_.codes) return SubwordCodes::join(said);
  // A piece that the model itself does not know keeps its "▁".
  std::string text = cutter_.processor->DecodePieces(said);
  for (std::size_t at = 0; (at = text.find(kSpace, at)) != std::string::npos; ++at)
    text.replace(at, kSpace.size(), " ");
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

int64_t Tokenizer::vocabulary_size() const {
  return vocabulary_ ? static_cast<int64_t>(vocabulary_->pieces().size())
                     : cutter_.processor->GetPieceSize();
}

const std::string& Tokenizer::piece(int id) const {
  return vocabulary_ ? vocabulary_->pieces()[id] : cutter_.processor->IdToPiece(id);
}

std::vector<std::string> Tokenizer::marked_pieces(const std::vector<int>& ids) const {
  std::vector<std::string> pieces;
  bool inside = false;
  for (const int id : ids) {
    pieces.push_back(piece(id));
    if (cutter_.codes == nullptr) continue;
    const bool begins = !inside && id > kUnknown;
    inside = id > kUnknown && SubwordCodes::goes_on(pieces.back());
    pieces.back() = (begins ? std::string(kSpace) : "") + SubwordCodes::without_mark(pieces.back());
  }
  return pieces;
}

std::optional<int> Tokenizer::find(const std::string& piece) const {
  const int id = vocabulary_ ? vocabulary_->id(piece) : cutter_.processor->PieceToId(piece);
  return id == kUnknown ? std::nullopt : std::optional(id);
}

}  // namespace penalmt
