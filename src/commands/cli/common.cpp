#include "commands/cli/common.h"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/line_output.h"
#include "base/text.h"
#include "commands/cli/command_line.h"
#include "commands/cli/numbers.h"
#include "evaluation/unicode.h"

namespace penalmt {

namespace fs = std::filesystem;

namespace {

std::string option_name(std::string path) {
  std::replace(path.begin(), path.end(), '_', '-');
  return "--" + path;
}

}  // namespace

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

void expect_output(const std::string& option, const std::string& written,
                   const std::vector<std::string>& read) {
  for (const std::string& file : read)
    if (!file.empty() && is_same_file(file, written))
      throw Error(
          fmt::format("{}: got {}, which is read too; expected another file", option, written));
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

void add_line_stream(CLI::App& command, LineStream& stream) {
  command.add_option("--input", stream.input, "lines to read, plain or .gz; -: standard input")
      ->type_name("FILE")
      ->capture_default_str();
  command.add_option("--output", stream.output, "where to write; -: standard output")
      ->type_name("FILE")
      ->capture_default_str();
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
    output.commit();
  } catch (...) {
    output.keep("the results");
    throw;
  }
}

void add_machine_options(CLI::App& command, MachineOptions& options) {
  command.add_option("--device", options.device, "auto (a GPU where there is one), cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  add_threads_option(command, options.threads);
}

void add_threads_option(CLI::App& command, int& threads) {
  command.add_option("--threads", threads, "processor threads; 0: all cores")
      ->check(whole_number_in(0, 4096))
      ->type_name("N")
      ->capture_default_str();
}

void add_seed_option(CLI::App& command, uint64_t& seed) {
  command
      .add_option("--seed", seed, "where random numbers start: the same seed gives the same result")
      ->check(any_unsigned_number())
      ->type_name("N")
      ->capture_default_str();
}

void add_fields(CLI::App& command, const config::Fields& fields) {
  for (const config::Field& field : fields.fields) {
    const std::string name = option_name(field.path);
    const auto set = [field, name, &command](const std::string& value) {
      config::Problems problems(words_to(command));
      config::Field shown = field;
      shown.path = name;
      config::set({{shown}, {}}, name + "=" + value, problems);
      problems.throw_if_any();
    };
    const std::string help = field.meaning + " (" + config::takes(field) + ")";
    if (auto* const* flag = std::get_if<bool*>(&field.target); flag != nullptr && !**flag) {
      command.add_flag_function(
          name, [set](int64_t) { set("true"); }, field.meaning);
    } else {
      command.add_option_function<std::string>(name, set, help)
          ->type_name("")
          ->default_str(config::value_text(field));
    }
  }
}

}  // namespace penalmt
