#include "tokenizers/lexicon.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/line_reader.h"
#include "base/numbers.h"
#include "base/text.h"

namespace penalmt {
namespace {

constexpr std::string_view kNothing = "NULL";
constexpr double kMostForeign = 0.1;  // share of a list's lines

bool before(const PieceWeight& a, const PieceWeight& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.piece < b.piece;
}

std::unordered_map<std::string_view, int> ids_of(const Tokenizer& tokenizer) {
  std::unordered_map<std::string_view, int> ids;
  for (int id = 0; id < static_cast<int>(tokenizer.vocabulary_size()); ++id)
    ids.emplace(tokenizer.piece(id), id);
  return ids;
}

// t(target | source) as a table a source piece; the last one is nothing's.
using Table = std::vector<std::unordered_map<int, double>>;

// One step of EM: each target piece is shared out among the source pieces of its sentence.
void improve(Table& table, const std::vector<PiecePair>& pairs, bool is_first) {
  Table counts(table.size());
  std::vector<int> sources;
  std::vector<double> shares;
  for (const PiecePair& pair : pairs) {
    throw_if_interrupted();
    sources = pair.source;
    sources.push_back(static_cast<int>(table.size()) - 1);
    for (const int target : pair.target) {
      shares.assign(sources.size(), 1.0);  // at first all are as probable
      double sum = is_first ? static_cast<double>(sources.size()) : 0;
      if (!is_first)
        for (size_t s = 0; s < sources.size(); ++s) sum += shares[s] = table[sources[s]].at(target);
      for (size_t s = 0; s < sources.size(); ++s) counts[sources[s]][target] += shares[s] / sum;
    }
  }
  for (auto& of_source : counts) {
    double sum = 0;
    for (const auto& [target, count] : of_source) sum += count;
    for (auto& [target, count] : of_source) count /= sum;
  }
  table = std::move(counts);
}

}  // namespace

Lexicon learn_lexicon(const std::vector<PiecePair>& pairs, int64_t source_vocabulary,
                      int64_t target_vocabulary, int64_t iterations, int64_t kept) {
  Table table(source_vocabulary + 1);
  for (int64_t i = 0; i < iterations; ++i) improve(table, pairs, i == 0);
  Lexicon lexicon;
  for (int64_t source = 0; source < source_vocabulary; ++source) {
    std::vector<PieceWeight> all;
    for (const auto& [target, weight] : table[source])
      all.push_back({target, static_cast<float>(weight)});
    std::sort(all.begin(), all.end(), before);
    if (static_cast<int64_t>(all.size()) > kept) all.resize(kept);
    lexicon.translations.push_back(std::move(all));
  }
  std::vector<int64_t> counts(target_vocabulary, 0);
  int64_t whole = 0;
  for (const PiecePair& pair : pairs)
    for (const int target : pair.target) ++counts[target], ++whole;
  for (int target = 0; target < static_cast<int>(target_vocabulary); ++target)
    if (counts[target] > 0)
      lexicon.frequent.push_back(
          {target, static_cast<float>(counts[target]) / static_cast<float>(whole)});
  std::sort(lexicon.frequent.begin(), lexicon.frequent.end(), before);
  return lexicon;
}

std::string as_text(const Lexicon& lexicon, const Tokenizer& source, const Tokenizer& target) {
  std::string text;
  const auto add = [&](const PieceWeight& each, std::string_view of) {
    text += fmt::format("{} {} {:.6g}\n", target.piece(each.piece), of, each.weight);
  };
  for (const PieceWeight& each : lexicon.frequent) add(each, kNothing);
  for (int piece = 0; piece < static_cast<int>(lexicon.translations.size()); ++piece)
    for (const PieceWeight& each : lexicon.translations[piece]) add(each, source.piece(piece));
  return text;
}

Lexicon read_lexicon(const std::filesystem::path& file, const Tokenizer& source,
                     const Tokenizer& target) {
  const auto source_ids = ids_of(source), target_ids = ids_of(target);
  Lexicon lexicon;
  lexicon.translations.resize(source.vocabulary_size());
  int64_t lines = 0, foreign = 0;
  LineReader reader(file);
  for (std::string line; reader.next(line);) {
    const std::vector<std::string_view> words = split(line, ' ');
    std::optional<double> weight;
    if (words.size() == 3) weight = finite_number(words[2]);
    if (!weight || !(*weight >= 0))
      throw Error(fmt::format(
          "{}:{}: got '{}', expected three words: a target piece, a source piece, a probability",
          reader.name(), reader.line_number(), line));
    const auto to = target_ids.find(words[0]), from = source_ids.find(words[1]);
    const bool is_count = words[1] == kNothing;
    ++lines;
    if (to == target_ids.end() || (from == source_ids.end() && !is_count)) {
      ++foreign;
      continue;
    }
    const PieceWeight each{to->second, static_cast<float>(*weight)};
    (is_count ? lexicon.frequent : lexicon.translations[from->second]).push_back(each);
  }
  if (static_cast<double>(foreign) > kMostForeign * static_cast<double>(lines) || lines == 0)
    throw Error(
        fmt::format("{}: {} of {} lines name pieces that the model does not have; expected at most "
                    "1 in {:.0f}; "
                    "is it another model's?",
                    reader.name(), foreign, lines, 1 / kMostForeign));
  for (auto& of_source : lexicon.translations)
    std::sort(of_source.begin(), of_source.end(), before);
  std::sort(lexicon.frequent.begin(), lexicon.frequent.end(), before);
  return lexicon;
}

}  // namespace penalmt
