#include "tokenizers/subword_codes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"

namespace penalmt {
namespace {

constexpr std::string_view kWordEnd = "</w>", kWordGoesOn = "@@",
                           kVersion = "#version:", kVocabularyLine = "#pieces";

std::string_view without_line_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line;
}

// True where the end of a word is a piece of its own at first: version 0.1.
bool ends_apart(std::string_view line, const std::string& place) {
  const std::string_view version = without_line_end(line).substr(kVersion.size());
  if (version == " 0.1") return true;
  if (version == " 0.2") return false;
  throw Error(fmt::format("{}:1: got '{}', expected '#version: 0.2' or 0.1", place,
                          without_line_end(line)));
}

}  // namespace

SubwordCodes::SubwordCodes(std::string_view bytes, const std::string& place) {
  if (first_invalid_utf8(bytes))
    throw Error(place + ": invalid UTF-8; expected subword-nmt's codes");
  size_t number = 0;
  bool in_vocabulary = false;
  for (const std::string_view whole : split(bytes, '\n')) {
    const std::string_view line = without_line_end(whole);
    if (++number == 1) {
      ends_apart_ = ends_apart(line, place);
    } else if (in_vocabulary) {
      if (!whole.empty()) vocabulary_.emplace_back(whole);
    } else if (line == kVocabularyLine) {
      in_vocabulary = true;
    } else if (!line.empty()) {
      if (line.front() == ' ' || std::ranges::count(line, ' ') != 1)
        throw Error(
            fmt::format("{}:{}: got '{}', expected two pieces to merge", place, number, line));
      ranks_.emplace(line, number);  // of the same twice the first counts
    }
  }
  if (ranks_.empty()) throw Error(place + ": no merges; expected subword-nmt's codes");
}

std::string SubwordCodes::with_vocabulary(std::string_view codes,
                                          const std::vector<std::string>& pieces) {
  std::string bytes(codes);
  if (!bytes.ends_with('\n')) bytes += '\n';
  bytes += std::string(kVocabularyLine) + "\n";
  for (const std::string& piece : pieces) bytes += piece + "\n";
  return bytes;
}

std::vector<std::string> SubwordCodes::cut(std::string_view word,
                                           const std::function<bool()>& drops) const {
  std::vector<std::string> parts;
  for_each_character(word,
                     [&](std::string_view character, int32_t) { parts.emplace_back(character); });
  if (parts.size() == 1) return parts;
  if (ends_apart_)
    parts.emplace_back(kWordEnd);
  else
    parts.back() += kWordEnd;
  while (parts.size() > 1) {
    // 1. The merge of the lowest rank that neighbours have, and which of them have it.
    std::optional<size_t> best;
    std::vector<size_t> where;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found =
          drops && drops() ? ranks_.end() : ranks_.find(parts[i] + " " + parts[i + 1]);
      if (found == ranks_.end() || (best && found->second > *best)) continue;
      if (!best || found->second < *best) where.clear();
      best = found->second;
      where.push_back(i);
    }
    if (!best) break;
    // 2. They become one, from left to right.
    std::vector<std::string> merged;
    size_t next = 0;
    for (const size_t i : where) {
      if (i < next) continue;  // its first half is merged already
      for (; next < i; ++next) merged.push_back(std::move(parts[next]));
      merged.push_back(parts[i] + parts[i + 1]);
      next = i + 2;
    }
    for (; next < parts.size(); ++next) merged.push_back(std::move(parts[next]));
    parts = std::move(merged);
  }
  if (parts.back() == kWordEnd)
    parts.pop_back();
  else if (parts.back().ends_with(kWordEnd))
    parts.back().resize(parts.back().size() - kWordEnd.size());
  return parts;
}

std::vector<std::string> SubwordCodes::pieces(std::string_view line,
                                              const std::function<bool()>& drops) const {
  std::vector<std::string> pieces;
  for (const std::string_view word : split(line, ' ')) {
    if (word.empty()) continue;
    for (std::string& piece : cut(word, drops)) {
      piece += kWordGoesOn;
      pieces.push_back(std::move(piece));
    }
    pieces.back().resize(pieces.back().size() - kWordGoesOn.size());
  }
  return pieces;
}

std::string SubwordCodes::join(const std::vector<std::string>& pieces) {
  std::string text;
  bool inside = true;
  for (const std::string& piece : pieces) {
    if (!inside) text += ' ';
    inside = goes_on(piece);
    text += without_mark(piece);
  }
  return text;
}

}  // namespace penalmt
