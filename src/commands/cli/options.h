// What a command can be told. Its options are the fields of a struct, named once in `visit` as the
// keys of a recipe are (base/config.h):
//
//   struct CompareOptions {
//     std::vector<std::string> runs;
//     int64_t trials = 10000;
//     bool json = false;
//     template <class Visitor>
//     void visit(Visitor& v) {
//       v("RUN", runs, "run folders", option().positional().required());
//       v("trials", trials, "trials of the test", config::between(1, 1e8));
//       v("json", json, "print JSON", option().excludes("html"));
//     }
//   };
//
// A field "byte_fallback" is --byte-fallback; a bool that is false is a flag, one that is true
// takes true or false; a list takes several values. Numbers are read strictly (base/numbers.h).
// Field types: bool, int, int64_t, uint64_t, double, std::string, std::vector<std::string>, and
// std::optional of int64_t, double and std::string (nullopt: not given). A struct that several
// commands have is visited inside: `machine.visit(v)`; one that recipes have, by
// `v.recipe_keys(options)`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/config.h"

namespace penalmt {

// How an option is given, and what it may hold. A recipe's config::Allowed is one, too.
class OptionRules {
 public:
  OptionRules() = default;
  OptionRules(config::Allowed values)  // NOLINT: as in a recipe
      : allowed(std::move(values)), word(allowed.is_file ? "FILE" : "") {}

  // Each gives the rules with one thing changed: option().positional().required().
  OptionRules required() const { return with(&OptionRules::is_required, true); }
  // Told from the others by its place; its name is for the help.
  OptionRules positional() const { return with(&OptionRules::is_positional, true); }
  // What stands for the value in the help: "FILE".
  OptionRules value(const char* shown) const { return with(&OptionRules::word, shown); }
  // A positional one that names no file.
  OptionRules words() const { return with(&OptionRules::is_words, true); }
  // A list's option stands before each of its values: --set a=1 --set b=2.
  OptionRules one_by_one() const { return with(&OptionRules::is_one_by_one, true); }
  // Has a meaning with another option alone; has none with it.
  OptionRules needs(const char* other) const { return with_name(&OptionRules::needed, other); }
  OptionRules excludes(const char* other) const { return with_name(&OptionRules::excluded, other); }

  config::Allowed allowed;
  bool is_required = false, is_positional = false, is_one_by_one = false;
  bool is_words = false;
  bool is_recipe_key = false;  // refused in the words of recipes
  std::string word;            // "": by the field's type
  std::vector<std::string> needed, excluded;

 private:
  template <class Member, class Value>
  OptionRules with(Member OptionRules::*member, const Value& value) const {
    OptionRules rules = *this;
    rules.*member = value;
    return rules;
  }
  OptionRules with_name(std::vector<std::string> OptionRules::*names, const char* name) const {
    OptionRules rules = *this;
    (rules.*names).emplace_back(name);
    return rules;
  }
};
OptionRules option(config::Allowed values = {});

using OptionTarget =
    std::variant<bool*, int*, int64_t*, uint64_t*, double*, std::string*, std::vector<std::string>*,
                 std::optional<int64_t>*, std::optional<double>*, std::optional<std::string>*>;

// One field of a command's struct.
struct Option {
  std::string name;  // "--byte-fallback", or "RUN" of a positional one
  std::string meaning;
  OptionTarget target;  // lives as long as the command
  OptionRules rules;

  bool is_flag() const;  // takes no value
  bool is_path() const;  // its values name files or folders
  bool is_list() const { return std::holds_alternative<std::vector<std::string>*>(target); }
};

// "byte_fallback" → "--byte-fallback".
std::string option_name(std::string field);

class OptionCollector {
 public:
  explicit OptionCollector(std::vector<Option>& found) : found_(found) {}

  template <class T>
  void operator()(const char* name, T& field, const char* meaning, const OptionRules& rules = {}) {
    add(name, &field, meaning, rules);
  }

  template <class Options>
  void recipe_keys(Options& options) {
    in_recipe_ = true;
    options.visit(*this);
    in_recipe_ = false;
  }

 private:
  void add(const char* name, OptionTarget field, const char* meaning, const OptionRules& rules);

  std::vector<Option>& found_;
  bool in_recipe_ = false;
};

template <class Options>
std::vector<Option> options_of(Options& options) {
  std::vector<Option> found;
  OptionCollector collector(found);
  options.visit(collector);
  return found;
}

// What is wrong with a value: "got '010', expected a whole number from 1 to 1000"; "" where nothing
// is.
std::string problem_of(const Option& option, const std::string& value);

// Writes what was given, and has no problem, to the field; one value but for a list, none for a
// flag.
void assign(const Option& option, const std::vector<std::string>& values);

// For the help: "N", "FILE"; the range or words in brackets, such as " (1 to 1000)"; the present
// value, "" for none.
std::string value_word(const Option& option);
std::string allowed_in_words(const Option& option);
std::string default_text(const Option& option);

}  // namespace penalmt
