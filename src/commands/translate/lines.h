// What `penalmt translate` is given, line by line: one sentence, lines of text, JSON objects or the
// rows of a table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "datasets/text/table.h"

namespace penalmt {

struct TranslateArguments;

struct InputLine {
  std::string source, image;  // image: as the list, the object or the row names it, "" for none
  std::string id = {};        // the object's as JSON, answered as it stands there; "" for none
  std::string prefix = {};    // what its translation begins with, "" for nothing
  TableRow row = {};          // of a table
  std::string text = {};      // what the model reads: the source, with --raw normalised
  int64_t number = 0;         // in the input, from 1; a row's: of its first line
  bool is_blank = false;      // an empty line among JSON's: passed over
};

class InputLines {
 public:
  virtual ~InputLines() = default;
  // The next line with its number, source, image, and id or row; nullopt at the end. Throws as
  // LineReader or TableReader, and Error for an object or a row that cannot be translated.
  virtual std::optional<InputLine> next() = 0;
  // As LineReader's.
  virtual bool may_wait() const { return false; }
  virtual bool has_arrived() { return true; }
  virtual void rewind() = 0;
  virtual std::string name() const = 0;  // what they are called in errors
  virtual std::string place(int64_t number) const;
  // What is answered to all of them, first, and to one.
  virtual std::string header() const { return ""; }
  virtual std::string answer(const InputLine& line, const std::string& translation) const;
};

// Throws as LineReader and TableReader.
std::unique_ptr<InputLines> open_lines(const TranslateArguments& arguments);

}  // namespace penalmt
