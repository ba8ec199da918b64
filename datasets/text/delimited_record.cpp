#include "datasets/text/delimited_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace penalmt {
namespace {

constexpr std::size_t kLongestQuoted = std::size_t{1}
                                       << 20;  // bytes of a record with an open quote
constexpr char kQuote = '"';

// The character that begins at `at`.
std::string character(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && continues_character(text[end])) ++end;
  return std::string(text.substr(at, end - at));
}

}  // namespace

bool DelimitedRecord::add(std::string_view line, const std::string& place, int64_t number) {
  if (is_open_) text_ += '\n';
  const bool has_return = line.ends_with('\r');
  text_ += line.substr(0, line.size() - (has_return ? 1 : 0));
  const bool is_complete = scan(place, number);
  if (!is_complete && has_return) text_ += '\r', ++at_;  // inside of quotes: part of the text
  ending_ = has_return ? "\r\n" : "\n";
  if (text_.size() > kLongestQuoted && !is_complete)
    throw Error(fmt::format("{}:{}: a quote opens here and does not close within {} bytes", place,
                            opened_, kLongestQuoted));
  return is_complete;
}

// Reads the fields of what was added; false where a quote is open at its end.
bool DelimitedRecord::scan(const std::string& place, int64_t number) {
  while (true) {
    if (!is_open_ && at_ == begin_ && form_.has_quotes && at_ < text_.size() &&
        text_[at_] == kQuote) {
      is_open_ = true;
      opened_ = number;
      ++at_;
    }
    while (is_open_) {
      at_ = text_.find(kQuote, at_);
      if (at_ == std::string::npos) {
        at_ = text_.size();
        return false;
      }
      const bool is_doubled = at_ + 1 < text_.size() && text_[at_ + 1] == kQuote;
      is_open_ = is_doubled;
      at_ += is_doubled ? 2 : 1;
      if (!is_open_ && at_ < text_.size() && text_[at_] != form_.separator)
        throw Error(fmt::format(
            "{}:{}: got '{}' after a closing quote, expected '{}' or the end of the line; a quote "
            "in a quoted field is written twice",
            place, number, character(text_, at_), form_.separator));
    }
    const std::size_t end = std::min(text_.find(form_.separator, at_), text_.size());
    fields_.push_back({begin_, end});
    if (end == text_.size()) return true;
    begin_ = at_ = end + 1;
  }
}

void DelimitedRecord::refuse_end(const std::string& place) const {
  throw Error(fmt::format("{}:{}: a quote opens here and never closes", place, opened_));
}

std::string DelimitedRecord::field(std::size_t index) const {
  const auto [begin, end] = fields_[index];
  if (!form_.has_quotes || begin == end || text_[begin] != kQuote)
    return text_.substr(begin, end - begin);
  std::string text;
  for (std::size_t i = begin + 1; i + 1 < end; ++i) {
    text += text_[i];
    if (text_[i] == kQuote) ++i;  // the second of two
  }
  return text;
}

std::string as_field(std::string_view text, DelimitedForm form) {
  std::string field(text);
  const auto parts = [&](char c) { return c == form.separator || c == '\n' || c == '\r'; };
  if (!form.has_quotes) {
    std::replace_if(field.begin(), field.end(), parts, ' ');
    return field;
  }
  if (std::none_of(field.begin(), field.end(), [&](char c) { return c == kQuote || parts(c); }))
    return field;
  std::string quoted(1, kQuote);
  for (const char c : field) quoted.append(c == kQuote ? 2 : 1, c);
  return quoted + kQuote;
}

}  // namespace penalmt
