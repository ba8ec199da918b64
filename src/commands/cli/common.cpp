#include "commands/cli/common.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "base/files_read.h"
#include "base/interrupt.h"
#include "base/line_output.h"
#include "base/line_reader.h"
#include "base/printable.h"
#include "base/text.h"
#include "base/utf8.h"
#include "evaluation/unicode.h"

namespace penalmt {

namespace fs = std::filesystem;

TableFormat format_of(const std::string& table, const std::string& format) {
  if (!format.empty()) return table_format_named(format);
  if (const auto found = table_format_of(table)) return *found;
  throw Error(fmt::format(
      "--table: got {}, whose name does not say what it is; expected an ending .tsv, .csv or "
      ".jsonl, or --format",
      table == "-" ? "standard input" : table));
}

std::vector<std::string> read_scored_lines(const std::string& path) {
  std::vector<std::string> lines = read_lines(path, LineForm::kAsItIs);
  for (std::string& line : lines) line.resize(trim_end(line).size());
  return lines;
}

std::vector<std::string> read_as_many(const std::string& path, std::size_t expected,
                                      const std::string& like) {
  std::vector<std::string> lines = read_scored_lines(path);
  if (lines.size() != expected)
    throw Error(
        fmt::format("{}: got {} lines, expected {} as in {}", path, lines.size(), expected, like));
  return lines;
}

namespace {

// A word as a shell reads it back.
std::string shell_word(const std::string& word) {
  const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c < 0 ||
           std::string_view("-_./=,:+@%").find(c) != std::string_view::npos;
  });
  if (is_plain) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

PageOrigin page_origin() {
  constexpr std::size_t kLongest = 4000;  // characters that are shown of a command
  std::string command = "penalmt";
  std::ifstream words("/proc/self/cmdline");
  std::string word;
  for (bool is_program = true; std::getline(words, word, '\0'); is_program = false)
    if (!is_program) command += " " + printable(shell_word(word));
  if (command.size() > kLongest) {
    std::size_t end = kLongest;
    while (continues_character(command[end])) --end;
    command = command.substr(0, end) + " …";
  }
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  gmtime_r(&now, &parts);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &parts);
  return {date, command};
}

std::string name_of_scores(const std::string& option, const std::string& scores) {
  const std::size_t equals = scores.find('=');
  const std::string name = scores.substr(0, std::min(equals, scores.size()));
  const bool is_name = !name.empty() && std::none_of(name.begin(), name.end(), [](char c) {
    return (c >= 0 && c < ' ') || c == '|' || c == 0x7F;
  }) && !first_invalid_utf8(name);
  if (equals == std::string::npos || equals + 1 == scores.size() || !is_name)
    throw Error(fmt::format(
        "{}: got '{}', expected NAME=FILE, as COMET=out.comet: a name and a file of one number a "
        "line",
        option, scores));
  return name;
}

namespace {

// "a run", "a checkpoint", "an encoder": what the file belongs to; "" where to none.
std::string owner_of(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return "";
  const fs::path path = fs::weakly_canonical(file, ignored), folder = path.parent_path();
  if (fs::exists(folder / "model.json", ignored)) return "a checkpoint";
  if (fs::exists(folder / "encoder.json", ignored)) return "an encoder";
  const std::string name = path.filename().string(), ending = path.extension().string();
  const bool is_of_run = name == "recipe.json" || name == ".lock" || ending == ".jsonl" ||
                         ending == ".model" || name.starts_with("events.out.tfevents.");
  return is_of_run && fs::exists(folder / "recipe.json", ignored) ? "a run" : "";
}

}  // namespace

void expect_not_read(const std::string& option, const std::string& written) {
  const std::string owner = written == "-" ? "" : owner_of(written);
  if (!owner.empty())
    throw Error(fmt::format("{}: got {}, which is a file of {}; expected another file", option,
                            written, owner));
  if (written != "-" && was_read(written))
    throw Error(
        fmt::format("{}: got {}, which is read too; expected another file", option, written));
}

void write_output(const std::string& option, const std::string& path, std::string_view bytes) {
  expect_not_read(option, path);
  write_file(path, bytes);
}

void expect_output(const std::string& option, const std::string& written,
                   const std::vector<std::string>& read) {
  for (const std::string& file : read)
    if (!file.empty() && is_same_file(file, written))
      throw Error(
          fmt::format("{}: got {}, which is read too; expected another file", option, written));
  expect_not_read(option, written);
  expect_writable(written);
}

void expect_output_folder(const std::string& option, const fs::path& folder) {
  std::error_code problem;
  if (fs::exists(folder, problem) && !fs::is_directory(folder, problem))
    throw Error(fmt::format("{}: {} is no folder", option, folder.string()));
  std::vector<fs::path> made;  // the innermost first
  for (fs::path part = folder; !part.empty() && !fs::exists(part, problem);
       part = part.parent_path())
    made.push_back(part);
  fs::create_directories(folder, problem);
  if (!problem && ::access(folder.c_str(), W_OK | X_OK) != 0)
    problem.assign(errno, std::generic_category());
  std::error_code ignored;
  for (const fs::path& part : made) fs::remove(part, ignored);
  if (problem) throw_file_error(folder, "write", problem.value());
}

void change_lines(
    const LineStream& stream,
    const std::function<std::string(const std::string& line, const LineReader& reader)>& change) {
  expect_output("--output", stream.output, {stream.input});
  LineReader reader(stream.input);
  LineOutput output(stream.output);
  try {
    for (std::string line; reader.next(line);) {
      throw_if_interrupted();
      output.write(change(line, reader) + "\n");
    }
    expect_not_read("--output", stream.output);
    output.commit();
  } catch (...) {
    output.keep("the results of lines");
    throw;
  }
}

}  // namespace penalmt
