// Options that several commands share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/config_visitors.h"

namespace CLI {
class App;
}

namespace penalmt {

class LineReader;

// The file's lines without white space at their ends (as sacreBLEU reads files). Throws Error where
// they are not `expected`, the number of lines of `like`.
std::vector<std::string> read_scored_lines(const std::string& path);
std::vector<std::string> read_as_many(const std::string& path, std::size_t expected,
                                      const std::string& like);

// Throws Error "--output: got in.en, which is read too; expected another file" where `written` is
// one of the files that are read ("" is none), and as write_file would where no file can be written
// there. To be called before any work.
void expect_output(const std::string& option, const std::string& written,
                   const std::vector<std::string>& read);

// The same of a folder that files are to be written into: throws Error "--translations: in.en is no
// folder", "a/out: cannot write: Not a directory". What is missing is made, and removed again.
void expect_output_folder(const std::string& option, const std::filesystem::path& folder);

// Where a command that changes line by line reads and writes; "-": standard input, standard output.
struct LineStream {
  std::string input = "-", output = "-";
};

// --input FILE and --output FILE.
void add_line_stream(CLI::App& command, LineStream& stream);

// Writes change(line, reader) for each line, at once where the output is a pipe; `reader` names the
// line in errors. Where that ends with an error, the lines before are kept (base/line_output.h).
void change_lines(
    const LineStream& stream,
    const std::function<std::string(const std::string& line, const LineReader& reader)>& change);

struct MachineOptions {
  std::string device = "auto";  // auto: a GPU where there is one
  int threads = 0;              // 0: all cores
};

// --device auto|cpu|cuda and --threads N.
void add_machine_options(CLI::App& command, MachineOptions& options);

// --threads N alone.
void add_threads_option(CLI::App& command, int& threads);

// --seed N.
void add_seed_option(CLI::App& command, uint64_t& seed);

// One option a field of a struct with visit(): a field "byte_fallback" becomes --byte-fallback,
// with the field's meaning, range and default; a wrong value is refused in config's words.
// `options` must live as long as `command`.
void add_fields(CLI::App& command, const config::Fields& fields);

template <class Options>
void add_options_of(CLI::App& command, Options& options) {
  add_fields(command, config::fields_of(options));
}

}  // namespace penalmt
