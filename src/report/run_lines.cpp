#include "report/run_lines.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/line_reader.h"
#include "base/progress.h"

namespace penalmt {
namespace {

// Whether more bytes could make it a JSON object.
bool is_beginning_of_object(const std::string& text) {
  if (!text.starts_with('{')) return false;
  try {
    parse_json<nlohmann::json>(text, "a line");
    return false;
  } catch (const nlohmann::json::parse_error& error) {
    return error.byte > text.size();  // what does not fit is the end
  } catch (const std::exception&) {   // too deep, or a number that no double holds
    return false;
  }
}

}  // namespace

void for_each_run_line(const std::filesystem::path& path,
                       const std::function<void(const RunLine&)>& use) {
  LineReader reader(path);
  std::string text;
  for (bool more = reader.next(text); more;) {
    const RunLine line{text, fmt::format("{}:{}", reader.name(), reader.line_number()),
                       reader.line_number()};
    more = reader.next(text);
    if (!more && is_beginning_of_object(line.text)) {
      warning(line.place + ": the line is not whole, as a run leaves it that is killed; left out");
      return;
    }
    use(line);
  }
}

}  // namespace penalmt
