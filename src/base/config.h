// Strict configuration. A struct of options names each field once; reading, writing, `--set
// key=value`, help and "did you mean" all come from that one list:
//
//   struct ScheduleOptions {
//     double peak = 5e-3;
//     int64_t warmup = 2000;
//     std::string kind = "inverse_sqrt";
//     template <class Visitor>
//     void visit(Visitor& v) {
//       v("peak", peak, "highest learning rate", config::between(1e-9, 10));
//       v("warmup", warmup, "updates until the peak", config::at_least(0));
//       v("kind", kind, "shape of the curve", config::one_of({"inverse_sqrt", "constant"}));
//     }
//   };
//   struct Recipe {
//     ScheduleOptions schedule;
//     template <class Visitor>
//     void visit(Visitor& v) { v.group("schedule", schedule, "learning rate"); }
//   };
//
// `v.list("parts", parts, "...")` takes a std::vector of such structs: in JSON an array of objects.
// Their keys are called "parts.0.key" in messages and assignments, "parts.N.key" in help.
//
// Field types: bool, int64_t, double, std::string, std::vector<std::string>, std::vector<double>. A
// whole number may be given for a double, never a fraction for an int64_t; NaN and infinities are
// refused. Problems are collected, so that a user sees all at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace penalmt::config {

// What values a field may take: numbers between two bounds (inclusive), or one of some words.
// Empty: anything.
struct Allowed {
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  std::vector<std::string> words = {};
  bool is_file = false;  // a text is a file's name
};
inline Allowed between(double minimum, double maximum) {
  return {.minimum = minimum, .maximum = maximum};
}
inline Allowed at_least(double minimum) { return {.minimum = minimum}; }
inline Allowed one_of(std::initializer_list<const char*> words) {
  return {.words = {words.begin(), words.end()}};
}
inline Allowed file() { return {.is_file = true}; }
inline Allowed anything() { return {}; }

// The problems found so far, one line each: "recipe.json: training.updatse: unknown key; did you
// mean 'updates'?"
class Problems {
 public:
  explicit Problems(std::string place) : place_(std::move(place)) {}
  void add(const std::string& key, const std::string& what) {
    lines_.push_back((set_.count(key) != 0 ? "set" : place_) + ": " + key + ": " + what);
  }
  // From now on what is wrong with the key is not the place's fault, but that of an assignment.
  void comes_from_set(const std::string& key) { set_.insert(key); }
  bool empty() const { return lines_.empty(); }
  const std::vector<std::string>& lines() const { return lines_; }
  // Throws one Error whose message is all lines, joined by newlines; does nothing when there are
  // none.
  void throw_if_any() const;

 private:
  std::string place_;
  std::set<std::string> set_;  // keys that an assignment gave
  std::vector<std::string> lines_;
};

// JSON with // and /* */ comments. Throws Error "place:line:column: ..." where it is not UTF-8,
// does not parse, is nested deeper than 100 levels, or a key stands twice in one object.
// `first_line`: the number of the text's first line at that place.
nlohmann::json parse(std::string_view text, const std::string& place, int64_t first_line = 1);
// The same of a file. Throws as parse() and read_file (base/files.h).
nlohmann::json parse_file(const std::filesystem::path& path);

// Overwrites the fields of `options` that `object` names. Unknown keys, wrong types and values that
// are not allowed go to `problems`.
template <class Options>
void read(Options& options, const nlohmann::json& object, Problems& problems);

// `assignment` is "group.key=value"; the value is read as JSON where it parses, else as a bare
// string (a string field takes any text).
template <class Options>
void set(Options& options, std::string_view assignment, Problems& problems);

// The options of a JSON file, `assignments` applied in their order. What the fields forbid is
// thrown as one Error with every problem; a file that cannot be read or parsed, as parse_file()
// does it; `problems` has then the place for what concerns several fields.
template <class Options>
Options load(const std::filesystem::path& path, const std::vector<std::string>& assignments,
             Problems& problems);

// All fields with their present values, in the order of the list; lists of structs that have none
// stand last.
template <class Options>
nlohmann::ordered_json write(const Options& options);

// One line a field: "schedule.peak   highest learning rate (number, 1e-09 to 10; default 0.005)".
template <class Options>
std::string help(const Options& defaults);

}  // namespace penalmt::config

#include "base/config_visitors.h"  // the templates' definitions
