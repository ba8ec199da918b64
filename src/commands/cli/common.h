// Steps that several commands share.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/line_reader.h"
#include "commands/cli/shared_options.h"
#include "datasets/text/table.h"
#include "report/downloads.h"

namespace penalmt {

class LineReader;

// The form of the table that --table names. Throws Error where neither --format nor the name's
// ending says it.
TableFormat format_of(const std::string& table, const std::string& format);

// The file's lines without white space at their ends (as sacreBLEU reads files). Throws as
// read_lines; the second throws Error where they are not `expected`, the number of lines of `like`.
std::vector<std::string> read_scored_lines(const std::string& path);
std::vector<std::string> read_as_many(const std::string& path, std::size_t expected,
                                      const std::string& like);

// The name in "COMET=base.comet", what --scores gets. Throws Error "--scores: got 'base.comet',
// expected NAME=FILE, ..." where there is none, or one with control characters or bars.
std::string name_of_scores(const std::string& option, const std::string& scores);

// Now, and the command line as it was typed, for a page to tell.
PageOrigin page_origin();

// No output takes the place of what a command reads. Throws Error "--output: got in.en, which is
// read too; expected another file" where `written` was read so far (base/files_read.h), and
// "--output: got runs/a/recipe.json, which is a file of a run; expected another file" where it is
// one of a run, a checkpoint or an encoder, whichever is read. To be called when everything was
// opened, and before writing.
void expect_not_read(const std::string& option, const std::string& written);

// The same before any work, also where `written` is one of the files that will be read ("" is
// none); throws as write_file where no file can be written there.
void expect_output(const std::string& option, const std::string& written,
                   const std::vector<std::string>& read);

// write_file, after expect_not_read.
void write_output(const std::string& option, const std::string& path, std::string_view bytes);

// The same of a folder that files are to be written into: throws Error "--translations: in.en is no
// folder", "a/out: cannot write: Not a directory". What is missing is made, and removed again.
void expect_output_folder(const std::string& option, const std::filesystem::path& folder);

// Writes change(line, reader) for each line, at once where the output is a pipe; `reader` names the
// line in errors. Where that ends with an error, the lines before are kept (base/line_output.h).
// Throws as expect_output, LineReader and LineOutput, what `change` throws, and Interrupted after
// Ctrl-C.
void change_lines(
    const LineStream& stream,
    const std::function<std::string(const std::string& line, const LineReader& reader)>& change);

}  // namespace penalmt
