#include <fmt/format.h>

#include "base/error.h"
#include "commands/cli/common.h"
#include "commands/evaluate/steps.h"
#include "datasets/text/parallel_text.h"
#include "evaluation/unicode.h"

namespace penalmt {

EvaluatedTexts::EvaluatedTexts(const EvaluateOptions& options) : table_(options.table) {
  if (table_.empty()) return;
  std::vector<TableColumn> columns;
  const auto want = [&](const std::string& name, bool may_lack) {
    if (name.empty() || !cells_.try_emplace(name).second) return;
    columns.push_back({name, may_lack});
  };
  for (const Lines& names : {options.hypotheses, options.references})
    for (const std::string& name : names) want(name, false);
  for (const std::string& scores : options.scores) want(file_of_scores(scores), false);
  want(options.source, false);
  want(options.images, true);
  TableReader table(table_, format_of(table_, options.format), columns);
  while (std::optional<TableRow> row = table.next()) {
    lines_.push_back(row->line);
    for (std::size_t i = 0; i < columns.size(); ++i)
      cells_[columns[i].name].push_back(std::move(row->texts[i]));
  }
}

Lines EvaluatedTexts::read(const std::string& name) const {
  if (table_.empty()) return read_scored_lines(name);
  Lines lines = cells_.at(name);
  for (std::string& line : lines) line.resize(trim_end(line).size());
  return lines;
}

Lines EvaluatedTexts::read_as_many(const std::string& name, std::size_t expected,
                                   const std::string& like) const {
  return table_.empty() ? penalmt::read_as_many(name, expected, like) : read(name);
}

Lines EvaluatedTexts::read_images(const std::string& name) const {
  if (table_.empty()) return read_image_list(name);
  Lines names = cells_.at(name);
  for (std::string& each : names) each = image_name(std::move(each));
  return names;
}

}  // namespace penalmt
