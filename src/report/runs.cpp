#include "report/runs.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/expect_folder.h"
#include "base/json.h"
#include "base/json_mistake.h"
#include "base/progress.h"
#include "report/run_lines.h"

namespace penalmt {
namespace {

using nlohmann::json;

// No loss of float32 numbers comes near it, and sums and differences of what is below stay finite.
constexpr double kLargest = 1e100;

// Values that are null: training writes them for numbers that are none, and they cannot be drawn.
struct NullValues {
  int64_t count = 0;
  std::string first;  // "valid_nll in line 3"
};

std::optional<double> number(const json& line, const char* key, const std::string& place,
                             int64_t line_number, NullValues& nulls) {
  const auto found = line.find(key);
  if (found == line.end()) return std::nullopt;
  if (found->is_null()) {
    if (++nulls.count == 1) nulls.first = fmt::format("{} in line {}", key, line_number);
    return std::nullopt;
  }
  if (!found->is_number())
    throw Error(fmt::format("{}: {}: got {}, expected a number", place, key, dump_json(*found)));
  const double number = found->get<double>();
  if (!(std::abs(number) <= kLargest))
    throw Error(fmt::format("{}: {}: got {:g}, expected at most {:g} in size", place, key, number,
                            kLargest));
  return number;
}

json parse_line(const std::string& text, const std::string& place) {
  try {
    return parse_json<json>(text, place);
  } catch (const json::out_of_range&) {
    throw Error(place + ": a number there is not finite");
  } catch (const json::parse_error&) {
    const auto mistake = first_json_mistake(text, /*comments=*/false);
    throw Error(fmt::format(
        "{}: not JSON{}; expected an object as training writes it", place,
        mistake ? fmt::format(", at byte {}: {}", mistake->offset + 1, mistake->words) : ""));
  }
}

RunPoint read_point(const std::string& text, const std::string& place, int64_t line_number,
                    NullValues& nulls) {
  const json line = parse_line(text, place);
  if (!line.is_object())
    throw Error(fmt::format("{}: got {}, expected a JSON object as training writes it", place,
                            line.type_name()));
  const auto update = line.find("update");
  if (update == line.end())
    throw Error(place + ": no 'update' there; expected a JSON object as training writes it");
  if (!update->is_number_integer() || update->get<int64_t>() < 1)
    throw Error(fmt::format("{}: update: got {}, expected an integer of at least 1", place,
                            dump_json(*update)));
  const auto value = [&](const char* key) { return number(line, key, place, line_number, nulls); };
  return {update->get<int64_t>(), value("nll"), value("valid_nll"), value("valid_bleu"),
          value("seconds")};
}

std::vector<RunPoint> read_points(const std::filesystem::path& path) {
  std::vector<RunPoint> points;
  NullValues nulls;
  for_each_run_line(path, [&](const RunLine& line) {
    points.push_back(read_point(line.text, line.place, line.number, nulls));
    if (points.size() < 2) return;
    const int64_t before = points[points.size() - 2].update, update = points.back().update;
    if (update <= before)
      throw Error(
          fmt::format("{}: update: got {}, expected more than {}", line.place, update, before));
  });
  if (nulls.count > 0)
    warning(fmt::format("{}: {} of its values {} null, first {}; what is no number is left out",
                        path.string(), nulls.count, nulls.count == 1 ? "is" : "are", nulls.first));
  if (points.empty())
    throw Error(path.string() +
                ": got no lines, expected at least one; the run has not been validated yet");
  return points;
}

// "runs/text/" → "text"
std::string last_part(const std::filesystem::path& folder) {
  const std::filesystem::path normal = (folder / "").lexically_normal();  // ends in a separator
  return normal.parent_path().filename().string();
}

}  // namespace

const RunPoint* best_point(const Run& run, std::optional<double> RunPoint::*number,
                           bool lower_is_better) {
  const RunPoint* found = nullptr;
  for (const RunPoint& point : run.points) {
    const auto& value = point.*number;
    if (!value || !std::isfinite(*value)) continue;
    if (!found || (lower_is_better ? *value < *(found->*number) : *value > *(found->*number)))
      found = &point;
  }
  return found;
}

std::vector<Run> read_runs(const std::vector<std::filesystem::path>& folders) {
  std::vector<Run> runs;
  for (const auto& folder : folders) {
    expect_folder(folder, "a run folder");
    const std::string name = last_part(folder);
    const bool alone = std::count_if(folders.begin(), folders.end(), [&](const auto& other) {
                         return last_part(other) == name;
                       }) == 1;
    runs.push_back(
        {alone && !name.empty() ? name : folder.string(), read_points(folder / "metrics.jsonl")});
  }
  return runs;
}

}  // namespace penalmt
