#include "base/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "base/json_mistake.h"
#include "base/mistakes.h"
#include "base/text.h"
#include "base/utf8.h"

namespace penalmt::config {
namespace {

using nlohmann::json;
using Strings = std::vector<std::string>;
using Numbers = std::vector<double>;

// ---- what a field takes, in words

std::string range_in_words(const Allowed& allowed) {
  const bool from = std::isfinite(allowed.minimum), to = std::isfinite(allowed.maximum);
  if (from && to) return fmt::format("{} to {}", allowed.minimum, allowed.maximum);
  if (from) return fmt::format("at least {}", allowed.minimum);
  if (to) return fmt::format("at most {}", allowed.maximum);
  return "";
}

std::string type_in_words(const Field& field) {
  struct Words {
    std::string operator()(bool*) const { return "true or false"; }
    std::string operator()(int64_t*) const { return "whole number"; }
    std::string operator()(double*) const { return "number"; }
    std::string operator()(std::string*) const { return "text"; }
    std::string operator()(Strings*) const { return "list of texts"; }
    std::string operator()(Numbers*) const { return "list of numbers"; }
  };
  return std::visit(Words{}, field.target);
}

// ---- one value into one field; false where its type or the value is not allowed

bool is_allowed(const Allowed& allowed, double value) {
  return value >= allowed.minimum && value <= allowed.maximum;
}

bool is_allowed(const Allowed& allowed, const std::string& word) {
  return allowed.words.empty() ||
         std::find(allowed.words.begin(), allowed.words.end(), word) != allowed.words.end();
}

struct Assign {
  const json& value;
  const Allowed& allowed;

  bool operator()(bool* target) const {
    if (!value.is_boolean()) return false;
    *target = value.get<bool>();
    return true;
  }
  bool operator()(int64_t* target) const {
    if (!value.is_number_integer()) return false;
    if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX}) return false;
    const auto number = value.get<int64_t>();
    if (!is_allowed(allowed, static_cast<double>(number))) return false;
    *target = number;
    return true;
  }
  bool operator()(double* target) const {
    if (!value.is_number()) return false;
    const auto number = value.get<double>();
    if (!std::isfinite(number) || !is_allowed(allowed, number)) return false;
    *target = number;
    return true;
  }
  bool operator()(std::string* target) const {
    if (!value.is_string() || !is_allowed(allowed, value.get_ref<const std::string&>()))
      return false;
    *target = value.get<std::string>();
    return true;
  }
  bool operator()(Strings* target) const {
    if (!value.is_array()) return false;
    for (const json& word : value) {
      if (!word.is_string() || !is_allowed(allowed, word.get_ref<const std::string&>()))
        return false;
    }
    *target = value.get<Strings>();
    return true;
  }
  bool operator()(Numbers* target) const {
    if (!value.is_array()) return false;
    for (const json& number : value) {
      if (!number.is_number() || !std::isfinite(number.get<double>()) ||
          !is_allowed(allowed, number.get<double>()))
        return false;
    }
    *target = value.get<Numbers>();
    return true;
  }
};

// "got 4.7, expected whole number, at least 0"
std::string refusal(const Field& field, const json& value) {
  std::string got = dump_json(value);
  if (got.size() > 60) got = got.substr(0, 57) + "...";
  std::string line = fmt::format("got {}, expected {}", got, takes(field));
  const bool takes_list = std::holds_alternative<Strings*>(field.target);
  if (takes_list && value.is_string())
    return line + "; did you mean " + dump_json(json::array({value})) + "?";
  for (const json& word : value.is_array() ? value : json::array({value})) {
    if (!word.is_string() || is_allowed(field.allowed, word.get<std::string>())) continue;
    return line + did_you_mean(word.get<std::string>(), field.allowed.words);
  }
  return line;
}

void assign(const Field& field, const json& value, Problems& problems) {
  if (!std::visit(Assign{value, field.allowed}, field.target))
    problems.add(field.path, refusal(field, value));
}

// ---- keys

const Field* find_field(const Fields& fields, std::string_view path) {
  const auto found = std::find_if(fields.fields.begin(), fields.fields.end(),
                                  [&](const Field& f) { return f.path == path; });
  return found == fields.fields.end() ? nullptr : &*found;
}

bool is_group(const Fields& fields, std::string_view path) {
  return std::find(fields.groups.begin(), fields.groups.end(), path) != fields.groups.end();
}

const List* find_list(const Fields& fields, std::string_view path) {
  const auto found = std::find_if(fields.lists.begin(), fields.lists.end(),
                                  [&](const List& list) { return list.path == path; });
  return found == fields.lists.end() ? nullptr : &*found;
}

Strings all_paths(const Fields& fields) {
  Strings paths;
  for (const Field& field : fields.fields) paths.push_back(field.path);
  paths.insert(paths.end(), fields.groups.begin(), fields.groups.end());
  for (const List& list : fields.lists) paths.push_back(list.path);
  return paths;
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('.') + 1); }

// The keys that may stand directly inside the object at `prefix` ("" or "schedule.").
Strings keys_inside(const Fields& fields, const std::string& prefix) {
  Strings keys;
  for (const std::string& path : all_paths(fields)) {
    const bool inside = path.compare(0, prefix.size(), prefix) == 0 &&
                        path.find('.', prefix.size()) == std::string::npos;
    if (inside) keys.push_back(path.substr(prefix.size()));
  }
  return keys;
}

// "learning_rate" → "lr".
std::string initials(const std::string& name) {
  std::string letters;
  for (const std::string_view word : split(name, '_')) letters += word.substr(0, 1);
  return letters;
}

// The name in full; a slip in it; else the same name at another place of the recipe.
std::string suggestion(const Fields& fields, const std::string& prefix, const std::string& key) {
  for (const std::string& path : all_paths(fields)) {
    if (!path.starts_with(prefix) || initials(last_part(path)) != last_part(key)) continue;
    if (last_part(path).find('_') != std::string::npos)
      return "; did you mean '" + path.substr(prefix.size()) + "'?";
  }
  const std::string here = did_you_mean(key, keys_inside(fields, prefix));
  if (!here.empty()) return here;
  const std::string near = did_you_mean(prefix + key, all_paths(fields));
  if (!near.empty()) return near;
  for (const std::string& path : all_paths(fields)) {
    if (last_part(path) == last_part(key)) return "; did you mean '" + path + "'?";
  }
  return "";
}

void read_inside(const Fields& fields, const std::string& prefix, const json& object,
                 Problems& problems);

void read_group(const Fields& fields, const std::string& path, const json& value,
                Problems& problems) {
  if (value.is_object()) return read_inside(fields, path + ".", value, problems);
  problems.add(path,
               fmt::format("got {}, expected an object {{...}}", dump_json(value).substr(0, 60)));
}

void read_list(const Fields& fields, const List& list, const json& value, Problems& problems) {
  if (!value.is_array())
    return problems.add(list.path, fmt::format("got {}, expected a list of objects [{{...}}]",
                                               dump_json(value).substr(0, 60)));
  for (std::size_t i = 0; i < value.size(); ++i)
    read_group(fields, fmt::format("{}.{}", list.path, i), value[i], problems);
}

void read_inside(const Fields& fields, const std::string& prefix, const json& object,
                 Problems& problems) {
  for (const auto& [key, value] : object.items()) {
    const std::string path = prefix + key;
    const bool dotted =
        key.find('.') != std::string::npos;  // "a.b" is a path of an assignment, not a key
    if (const Field* field = dotted ? nullptr : find_field(fields, path)) {
      assign(*field, value, problems);
    } else if (!dotted && is_group(fields, path)) {
      read_group(fields, path, value, problems);
    } else if (const List* list = dotted ? nullptr : find_list(fields, path)) {
      read_list(fields, *list, value, problems);
    } else {
      problems.add(path, "unknown key" + suggestion(fields, prefix, key));
    }
  }
}

// ---- assignments

// "key=value" or "key = value": the key, and the value as it stands.
std::pair<std::string, std::string> parts_of(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  std::string key(assignment.substr(0, equals));
  if (equals == std::string_view::npos) return {key, ""};
  std::string text(assignment.substr(equals + 1));
  if (!key.empty() && key.back() == ' ') {
    key.erase(key.find_last_not_of(' ') + 1);
    text.erase(0, text.find_first_not_of(' '));
  }
  return {key, text};
}

// Discarded where it is no JSON, or nested too deep.
json value_of(const std::string& text) {
  if (first_too_deep(text)) return json(json::value_t::discarded);
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

// ---- JSON with positions

// A byte of the text that knows where the parser stands: `*position` is one past the byte last
// read.
class Reading {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  Reading(const char* begin, const char* at, std::size_t* position)
      : begin_(begin), at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  Reading& operator++() {
    ++at_;
    *position_ = static_cast<std::size_t>(at_ - begin_);
    return *this;
  }
  Reading operator++(int) {
    Reading old = *this;
    ++*this;
    return old;
  }
  bool operator==(const Reading& other) const { return at_ == other.at_; }
  bool operator!=(const Reading& other) const { return at_ != other.at_; }

 private:
  const char *begin_, *at_;
  std::size_t* position_;
};

// "place:line:column" of a byte; both from 1, columns in characters.
std::string at(const std::string& place, std::string_view text, std::size_t offset,
               int64_t first_line) {
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const int64_t line = first_line + std::count(before.begin(), before.end(), '\n');
  const std::string_view in_line = before.substr(before.rfind('\n') + 1);
  return fmt::format("{}:{}:{}", place, line, 1 + count_characters(in_line));
}

// Where the string begins whose closing quote is text[end - 1].
std::size_t opening_quote(std::string_view text, std::size_t end) {
  for (std::size_t i = end - 1; i-- > 0;) {
    if (text[i] != '"') continue;
    std::size_t backslashes = 0;
    while (backslashes < i && text[i - backslashes - 1] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return i;
  }
  return 0;
}

}  // namespace

std::string takes(const Field& field) {
  std::string words;
  if (!field.allowed.words.empty()) {
    words = fmt::format("one of {}", fmt::join(field.allowed.words, ", "));
    return std::holds_alternative<Strings*>(field.target) ? "list of texts, each " + words : words;
  }
  words = type_in_words(field);
  const std::string range = range_in_words(field.allowed);
  return range.empty() ? words : words + ", " + range;
}

std::string value_text(const Field& field) {
  return std::visit([](const auto* target) { return dump_json(json(*target)); }, field.target);
}

void Problems::throw_if_any() const {
  if (!lines_.empty()) throw Mistakes(lines_);
}

json parse(std::string_view text, const std::string& place, int64_t first_line) {
  if (const auto offset = first_invalid_utf8(text))
    throw Error(at(place, text, *offset, first_line) + ": invalid UTF-8");
  if (const auto offset = first_too_deep(text))
    throw Error(fmt::format("{}: nested deeper than {} levels",
                            at(place, text, *offset, first_line), kDeepestJson));
  std::size_t position = 0;
  std::vector<std::set<std::string>> open;  // the keys of the objects that the parser is in
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key &&
        !open.back().insert(parsed.get<std::string>()).second) {
      throw Error(fmt::format("{}: key '{}' stands twice in one object",
                              at(place, text, opening_quote(text, position), first_line),
                              parsed.get<std::string>()));
    }
    return true;
  };
  try {
    return json::parse(Reading(text.data(), text.data(), &position),
                       Reading(text.data(), text.data() + text.size(), &position), watch,
                       /*allow_exceptions=*/true,
                       /*ignore_comments=*/true);
  } catch (const json::exception&) {
    const auto mistake = first_json_mistake(text, /*comments=*/true);
    throw Error(at(place, text, mistake ? mistake->offset : 0, first_line) + ": not JSON" +
                (mistake ? ": " + mistake->words : ""));
  }
}

json parse_file(const std::filesystem::path& path) { return parse(read_file(path), path.string()); }

bool resize_lists(const Fields& fields, const json& object) {
  bool resized = false;
  for (const List& list : fields.lists) {
    const json* place = &object;
    for (const std::string_view part : split(list.path, '.')) {
      const std::string key(part);
      place =
          place != nullptr && place->is_object() && place->contains(key) ? &(*place)[key] : nullptr;
    }
    if (place == nullptr || !place->is_array() || place->size() == list.size) continue;
    list.resize(place->size());
    resized = true;
  }
  return resized;
}

bool resize_lists(const Fields& fields, std::string_view assignment) {
  const auto [key, text] = parts_of(assignment);
  const List* list = find_list(fields, key);
  const json value = value_of(text);
  if (list == nullptr || !value.is_array() || value.size() == list->size) return false;
  list->resize(value.size());
  return true;
}

void fill_lists(const Fields& fields) {
  for (const List& list : fields.lists) list.resize(1);
}

void read(const Fields& fields, const json& object, Problems& problems) {
  if (!object.is_object()) {
    problems.add("the whole text", fmt::format("got {}, expected an object {{...}}",
                                               dump_json(object).substr(0, 60)));
    return;
  }
  read_inside(fields, "", object, problems);
}

void set(const Fields& fields, std::string_view assignment, Problems& problems) {
  const auto [key, text] = parts_of(assignment);
  if (assignment.find('=') == std::string_view::npos || key.empty()) {
    problems.comes_from_set(std::string(assignment));
    problems.add(std::string(assignment), "expected key=value");
    return;
  }
  problems.comes_from_set(key);
  if (first_invalid_utf8(assignment)) {
    problems.add(key, "invalid UTF-8");
    return;
  }
  if (first_too_deep(text)) {
    problems.add(key, fmt::format("nested deeper than {} levels", kDeepestJson));
    return;
  }
  json value = value_of(text);
  if (value.is_discarded()) value = text;
  const auto inside_comes_from_set = [&, &key = key] {
    for (const Field& field : fields.fields)
      if (field.path.starts_with(key + ".")) problems.comes_from_set(field.path);
  };
  if (const Field* field = find_field(fields, key)) {
    const bool takes_text = std::holds_alternative<std::string*>(field->target);
    assign(*field, takes_text && !value.is_string() ? json(text) : value, problems);
  } else if (const List* list = find_list(fields, key)) {
    inside_comes_from_set();
    read_list(fields, *list, value, problems);
  } else if (is_group(fields, key) && value.is_object()) {
    inside_comes_from_set();
    read_inside(fields, key + ".", value, problems);
  } else if (is_group(fields, key)) {
    problems.add(key, fmt::format("a group of keys: set one of them, as {}={}",
                                  key + "." + keys_inside(fields, key + ".").front(), text));
  } else {
    problems.add(key, "unknown key" + suggestion(fields, "", key));
  }
}

nlohmann::ordered_json write(const Fields& fields) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  const auto at = [&](const std::string& path) -> nlohmann::ordered_json& {
    nlohmann::ordered_json* place = &object;
    std::string so_far;
    for (const std::string_view part : split(path, '.')) {
      place = find_list(fields, so_far) == nullptr ? &(*place)[std::string(part)]
                                                   : &(*place)[std::stoul(std::string(part))];
      so_far += (so_far.empty() ? "" : ".") + std::string(part);
    }
    return *place;
  };
  for (const Field& field : fields.fields)
    std::visit([&](const auto* target) { at(field.path) = *target; }, field.target);
  for (const List& list : fields.lists)
    if (list.size == 0) at(list.path) = nlohmann::ordered_json::array();
  return object;
}

std::string help(const Fields& fields) {
  const auto said = [&](std::string path) {
    for (const List& list : fields.lists)
      if (path.starts_with(list.path + ".0.")) path.replace(list.path.size() + 1, 1, "N");
    return path;
  };
  std::size_t width = 0;
  for (const Field& field : fields.fields) width = std::max(width, field.path.size());
  std::string text;
  for (const Field& field : fields.fields) {
    text += fmt::format("{:<{}}  {} ({}; default {})\n", said(field.path), width, field.meaning,
                        takes(field), value_text(field));
  }
  return text;
}

}  // namespace penalmt::config
