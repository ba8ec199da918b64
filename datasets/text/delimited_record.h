// One record of a CSV (RFC 4180) or TSV file, which may span several lines. Free of torch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penalmt {

// What parts the fields, and whether quotes may surround them: then a field may hold separators and
// line breaks, and a quote in it is written twice. Without quotes every character stands for
// itself.
struct DelimitedForm {
  char separator = ',';
  bool has_quotes = true;
};

class DelimitedRecord {
 public:
  explicit DelimitedRecord(DelimitedForm form) : form_(form) {}

  // Takes the next line, without its "\n", numbered `number` in `place`; true where the record ends
  // with it. Throws Error where something stands between a closing quote and the separator, and for
  // a quoted field that is longer than any text.
  bool add(std::string_view line, const std::string& place, int64_t number);
  // The record is not complete and the file has ended: throws Error "a.csv:3: a quote opens here
  // and never closes".
  [[noreturn]] void refuse_end(const std::string& place) const;

  // Of a complete record.
  std::size_t size() const { return fields_.size(); }    // fields
  std::string field(std::size_t index) const;            // without its quotes
  const std::string& text() const { return text_; }      // as it stands there
  const std::string& ending() const { return ending_; }  // of its last line: "\n" or "\r\n"
  std::size_t begin_of(std::size_t index) const { return fields_[index].begin; }  // in text()
  std::size_t end_of(std::size_t index) const { return fields_[index].end; }

 private:
  struct Field {
    std::size_t begin, end;
  };
  bool scan(const std::string& place, int64_t number);

  DelimitedForm form_;
  std::string text_, ending_;
  std::vector<Field> fields_;
  std::size_t begin_ = 0, at_ = 0;  // of the field that is read; what is read next
  bool is_open_ = false;            // inside of quotes
  int64_t opened_ = 0;              // the line of the quote
};

// The text as a field of its own: in quotes where it must be. Where there are none, white space
// stands for separators and line breaks.
std::string as_field(std::string_view text, DelimitedForm form);

}  // namespace penalmt
