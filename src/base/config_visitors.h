// The bodies of config.h's templates: a visitor turns a struct into a flat list of fields, and
// everything else works on that list.
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <variant>

#include "base/config.h"

namespace penalmt::config {

using Target = std::variant<bool*, int64_t*, double*, std::string*, std::vector<std::string>*,
                            std::vector<double>*>;

// One field of a struct or of the structs inside it: "schedule.peak" and where its value lives.
struct Field {
  std::string path;
  std::string meaning;
  Target target;
  Allowed allowed;
};

// A vector of structs inside: "parts". The structs that it has are groups "parts.0", "parts.1" ...
struct List {
  std::string path;
  std::size_t size = 0;
  std::function<void(std::size_t)> resize;  // after it the fields are to be collected anew
};

struct Fields {
  std::vector<Field> fields;        // in the order of the lists
  std::vector<std::string> groups;  // paths of the structs inside: "schedule"
  std::vector<List> lists;
};

class Collector {
 public:
  Collector(Fields& found, std::string prefix) : found_(found), prefix_(std::move(prefix)) {}

  template <class T>
  void operator()(const char* name, T& field, const char* meaning, Allowed allowed = {}) {
    static_assert(std::is_constructible_v<Target, T*>,
                  "bool, int64_t, double, std::string or a vector of strings or doubles");
    found_.fields.push_back({prefix_ + name, meaning, &field, std::move(allowed)});
  }

  template <class Options>
  void group(const char* name, Options& options, const char* /*meaning*/) {
    found_.groups.push_back(prefix_ + name);
    Collector inner(found_, prefix_ + name + ".");
    options.visit(inner);
  }

  template <class Options>
  void list(const char* name, std::vector<Options>& items, const char* meaning) {
    found_.lists.push_back(
        {prefix_ + name, items.size(), [&items](std::size_t size) { items.resize(size); }});
    Collector inner(found_, prefix_ + name + ".");
    for (std::size_t i = 0; i < items.size(); ++i)
      inner.group(std::to_string(i).c_str(), items[i], meaning);
  }

 private:
  Fields& found_;
  std::string prefix_;
};

template <class Options>
Fields fields_of(Options& options) {
  Fields found;
  Collector collector(found, "");
  options.visit(collector);
  return found;
}

// The same as the templates of config.h, on lists.
// The lists as long as the object's, or the assignment's, arrays are: true where one was resized.
bool resize_lists(const Fields& fields, const nlohmann::json& object);
bool resize_lists(const Fields& fields, std::string_view assignment);
// One struct in each list, for what is told about its keys.
void fill_lists(const Fields& fields);
void read(const Fields& fields, const nlohmann::json& object, Problems& problems);
void set(const Fields& fields, std::string_view assignment, Problems& problems);
nlohmann::ordered_json write(const Fields& fields);
std::string help(const Fields& fields);

// What a field takes: "whole number, at least 0", "one of bpe, unigram". And its present value as
// JSON.
std::string takes(const Field& field);
std::string value_text(const Field& field);

// With the lists as long as they will be.
template <class Options, class Given>
Fields fields_for(Options& options, const Given& given) {
  const Fields fields = fields_of(options);
  return resize_lists(fields, given) ? fields_of(options) : fields;
}

template <class Options>
void read(Options& options, const nlohmann::json& object, Problems& problems) {
  const Fields fields = fields_for(options, object);
  read(fields, object, problems);
}

template <class Options>
void set(Options& options, std::string_view assignment, Problems& problems) {
  const Fields fields = fields_for(options, assignment);
  set(fields, assignment, problems);
}

template <class Options>
Options load(const std::filesystem::path& path, const std::vector<std::string>& assignments,
             Problems& problems) {
  Options options;
  read(options, parse_file(path), problems);
  for (const std::string& assignment : assignments) set(options, assignment, problems);
  problems.throw_if_any();
  return options;
}

template <class Options>
nlohmann::ordered_json write(const Options& options) {
  Options copy = options;  // visit() takes references that may be written to
  const Fields fields = fields_of(copy);
  return write(fields);
}

template <class Options>
std::string help(const Options& defaults) {
  Options copy = defaults;
  fill_lists(fields_of(copy));
  const Fields fields = fields_of(copy);
  return help(fields);
}

}  // namespace penalmt::config
