#include "commands/cli/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/numbers.h"
#include "base/text.h"

namespace penalmt {
namespace {

using Strings = std::vector<std::string>;

template <class T>
constexpr bool kIsWhole = std::is_same_v<T, int> || std::is_same_v<T, int64_t>;

// The field's values are of this type, be it optional or not.
template <class T>
struct Held {
  using type = T;
};
template <class T>
struct Held<std::optional<T>> {
  using type = T;
};
template <>
struct Held<Strings> {
  using type = std::string;
};

// The bounds of a field, which its type has where nothing narrower was said.
template <class T>
std::pair<int64_t, int64_t> whole_bounds(const config::Allowed& allowed) {
  const auto bound = [](double number, T otherwise) {
    return std::isfinite(number) ? static_cast<int64_t>(number) : int64_t{otherwise};
  };
  return {bound(allowed.minimum, std::numeric_limits<T>::min()),
          bound(allowed.maximum, std::numeric_limits<T>::max())};
}

template <class T>
std::string problem(const std::string& text, const config::Allowed& allowed) {
  if constexpr (kIsWhole<T>) {
    const auto [minimum, maximum] = whole_bounds<T>(allowed);
    const auto number = whole_number(text);
    if (number && *number >= minimum && *number <= maximum) return "";
    return fmt::format("got '{}', expected a whole number from {} to {}", text, minimum, maximum);
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    if (unsigned_number(text)) return "";
    return fmt::format("got '{}', expected a whole number from 0 to 2^64 - 1", text);
  } else if constexpr (std::is_same_v<T, double>) {
    const auto number = finite_number(text);
    if (number && *number >= allowed.minimum && *number <= allowed.maximum) return "";
    return fmt::format("got '{}', expected a number from {} to {}", text, allowed.minimum,
                       allowed.maximum);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (text == "true" || text == "false") return "";
    return fmt::format("got \"{}\", expected true or false", text);
  } else {
    const Strings& words = allowed.words;
    if (words.empty() || std::find(words.begin(), words.end(), text) != words.end()) return "";
    return fmt::format("got \"{}\", expected one of {}{}", text, fmt::join(words, ", "),
                       did_you_mean(text, words));
  }
}

// As a recipe's --set would say it.
template <class T>
std::string recipe_problem(const Option& option, const std::string& text) {
  T unused{};
  config::Problems problems("");
  config::set({{{option.name, option.meaning, &unused, option.rules.allowed}}, {}},
              option.name + "=" + text, problems);
  const std::size_t before = std::string("set: " + option.name + ": ").size();
  return problems.empty() ? "" : problems.lines().front().substr(before);
}

struct Problem {
  const Option& option;
  const std::string& text;

  template <class T>
  std::string operator()(T* /*target*/) const {
    using Value = typename Held<T>::type;
    if constexpr (std::is_constructible_v<config::Target, Value*>)
      if (option.rules.is_recipe_key) return recipe_problem<Value>(option, text);
    return problem<Value>(text, option.rules.allowed);
  }
};

template <class T>
T value_of(const std::string& text) {
  if constexpr (kIsWhole<T>)
    return static_cast<T>(whole_number(text).value());
  else if constexpr (std::is_same_v<T, uint64_t>)
    return unsigned_number(text).value();
  else if constexpr (std::is_same_v<T, double>)
    return finite_number(text).value();
  else if constexpr (std::is_same_v<T, bool>)
    return text == "true";
  else
    return text;
}

struct Assign {
  const Strings& values;

  void operator()(bool* target) const { *target = values.empty() || values.front() == "true"; }
  void operator()(Strings* target) const { *target = values; }
  template <class T>
  void operator()(T* target) const {
    *target = value_of<typename Held<T>::type>(values.front());
  }
};

struct Default {
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(const std::string* value) const { return *value; }
  std::string operator()(const Strings* value) const {
    return fmt::format("{}", fmt::join(*value, " "));
  }
  template <class T>
  std::string operator()(const std::optional<T>* value) const {
    return value->has_value() ? (*this)(&**value) : "";
  }
  template <class Number>
  std::string operator()(const Number* value) const {
    return fmt::format("{}", *value);
  }
};

bool takes_text(const Option& option) {
  return std::holds_alternative<std::string*>(option.target) ||
         std::holds_alternative<std::optional<std::string>*>(option.target) || option.is_list();
}

}  // namespace

OptionRules option(config::Allowed values) { return {std::move(values)}; }

void OptionCollector::add(const char* name, OptionTarget field, const char* meaning,
                          const OptionRules& rules) {
  const std::string shown = rules.is_positional ? std::string(name) : option_name(name);
  found_.push_back({shown, meaning, field, rules});
  found_.back().rules.is_recipe_key = in_recipe_;
}

bool Option::is_flag() const {
  const auto* const* flag = std::get_if<bool*>(&target);
  return flag != nullptr && !**flag;
}

bool Option::is_path() const {
  static const Strings words = {"FILE", "DIR", "RUN", "MODEL", "STORE", "LIST", "PHOTO"};
  if (!takes_text(*this) || rules.is_words) return false;
  return rules.is_positional || std::find(words.begin(), words.end(), rules.word) != words.end();
}

std::string option_name(std::string field) {
  std::replace(field.begin(), field.end(), '_', '-');
  return "--" + field;
}

std::string problem_of(const Option& option, const std::string& value) {
  return std::visit(Problem{option, value}, option.target);
}

void assign(const Option& option, const Strings& values) {
  std::visit(Assign{values}, option.target);
}

std::string value_word(const Option& option) {
  if (!option.rules.word.empty()) return option.rules.word;
  if (std::holds_alternative<bool*>(option.target)) return "BOOL";
  return takes_text(option) ? "TEXT" : "N";
}

std::string allowed_in_words(const Option& option) {
  const config::Allowed& allowed = option.rules.allowed;
  if (std::holds_alternative<bool*>(option.target) && !option.is_flag()) return " (true or false)";
  if (!allowed.words.empty()) return fmt::format(" ({})", fmt::join(allowed.words, ", "));
  const bool from = std::isfinite(allowed.minimum), to = std::isfinite(allowed.maximum);
  const auto number = [](double bound) {
    return bound == std::floor(bound) ? fmt::format("{:.0f}", bound) : fmt::format("{}", bound);
  };
  if (from && to)
    return fmt::format(" ({} to {})", number(allowed.minimum), number(allowed.maximum));
  if (from) return fmt::format(" (at least {})", number(allowed.minimum));
  return to ? fmt::format(" (at most {})", number(allowed.maximum)) : "";
}

std::string default_text(const Option& option) {
  return option.rules.is_required || option.is_flag() ? "" : std::visit(Default{}, option.target);
}

}  // namespace penalmt
