#include "commands/evaluate/sacrebleu_words.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "base/ascii.h"
#include "base/error.h"

namespace penalmt {
namespace {

using Words = std::vector<std::string>;

const std::map<std::string_view, const char*> kOurs = {
    {"-i", "--hypotheses"},         {"--input", "--hypotheses"},
    {"-nr", "--num-refs"},          {"-m", "--metrics"},
    {"-sl", "--sentence-level"},    {"-s", "--smooth-method"},
    {"-sv", "--smooth-value"},      {"-tok", "--tokenize"},
    {"-lc", "--lowercase"},         {"-cc", "--chrf-char-order"},
    {"-cw", "--chrf-word-order"},   {"-ci", "--confidence"},
    {"-cin", "--confidence-n"},     {"-par", "--paired-ar"},
    {"-parn", "--paired-ar-n"},     {"-pbs", "--paired-bs"},
    {"-pbsn", "--paired-bs-n"},     {"-j", "--threads"},
    {"--paired-jobs", "--threads"}, {"-sh", "--short"},
    {"-b", "--score-only"},         {"-w", "--width"}};

// They change nothing here.
constexpr std::string_view kLeftOut[] = {"-q", "--quiet", "-nc", "--no-color"};

constexpr const char* kTestSet =
    "a test set of sacreBLEU's; expected the references' files (sacrebleu -t SET -l PAIR --echo "
    "ref prints one)";
const std::map<std::string_view, const char*> kRefused = {
    {"-t", kTestSet},
    {"--test-set", kTestSet},
    {"-l", kTestSet},
    {"--language-pair", kTestSet},
    {"-ol", kTestSet},
    {"--origlang", kTestSet},
    {"--subset", kTestSet},
    {"--download", kTestSet},
    {"--echo", kTestSet},
    {"--list", kTestSet},
    {"--cite", kTestSet},
    {"--citation", kTestSet},
    {"-d",
     "details by a test set's origin are sacreBLEU's alone; groups of sentences are in the "
     "page of --report"},
    {"--detail",
     "details by a test set's origin are sacreBLEU's alone; groups of sentences are in "
     "the page of --report"}};

// One word of the command line that begins with a dash.
struct Named {
  std::string name;
  std::string value;  // behind an equals sign
  bool has_value = false;
};

Named parted(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) return {word, "", false};
  return {word.substr(0, equals), word.substr(equals + 1), true};
}

class Rewriting {
 public:
  Rewriting(const Words& words, const std::vector<Option>& options)
      : words_(words), options_(options) {}

  Words done() {
    while (next_ < words_.size()) {
      const std::string& word = words_[next_++];
      if (word.size() > 1 && word[0] == '-')
        take(parted(word));
      else if (values_ > 0)
        put(word), --values_;
      else
        alone_.push_back(word), in_place_.push_back(word);
    }
    if (alone_.empty()) return put_;
    if (given("--references")) return in_place_;  // then they are none
    Words all = {"--references"};
    all.insert(all.end(), alone_.begin(), alone_.end());
    if (!given("--hypotheses") && isatty(STDIN_FILENO) == 0)
      all.insert(all.end(), {"--hypotheses", "-"});
    all.insert(all.end(), put_.begin(), put_.end());
    return all;
  }

 private:
  void take(Named word) {
    values_ = 0;
    if (const auto refused = kRefused.find(word.name); refused != kRefused.end())
      throw Error(fmt::format("evaluate: {}: {}", word.name, refused->second));
    if (std::find(std::begin(kLeftOut), std::end(kLeftOut), word.name) != std::end(kLeftOut))
      return;
    if (word.name == "-e" || word.name == "--encoding") return expect_utf8(word);
    if (word.name == "-f" || (word.name == "--format" && !is_form_of_table(word)))
      return take_format(word);
    if (const auto ours = kOurs.find(word.name); ours != kOurs.end()) word.name = ours->second;
    put(word.has_value ? word.name + "=" + word.value : word.name);
    values_ = values_of(word.name) - (word.has_value ? 1 : 0);
  }

  void put(const std::string& word) {
    put_.push_back(word);
    in_place_.push_back(word);
  }

  // The value of an option that takes one.
  std::string value_of(const Named& word) {
    if (word.has_value) return word.value;
    if (next_ == words_.size())
      throw Error(fmt::format("evaluate: {}: got no value, expected TEXT", word.name));
    return words_[next_++];
  }

  void take_format(const Named& word) {
    const std::string format = value_of(word);
    if (format == "json") put("--json");
    if (format != "json" && format != "text")
      throw Error(fmt::format("evaluate: {}: got '{}', expected json or text", word.name, format));
  }

  void expect_utf8(const Named& word) {
    const std::string encoding = lowercase_ascii(value_of(word));
    if (encoding != "utf-8" && encoding != "utf8")
      throw Error(fmt::format("evaluate: {}: got '{}', expected utf-8; iconv converts others",
                              word.name, encoding));
  }

  // Our own option of this name.
  bool is_form_of_table(const Named& word) const {
    const std::string& value =
        word.has_value || next_ == words_.size() ? word.value : words_[next_];
    return value != "json" && value != "text" && value != "latex";
  }

  bool given(const std::string& name) const {
    return std::any_of(put_.begin(), put_.end(),
                       [&](const std::string& word) { return parted(word).name == name; });
  }

  // How many of the words behind it are an option's.
  int64_t values_of(const std::string& name) const {
    for (const Option& option : options_)
      if (option.name == name)
        return option.is_flag()                                  ? 0
               : option.is_list() && !option.rules.is_one_by_one ? INT64_MAX
                                                                 : 1;
    return 0;
  }

  const Words& words_;
  const std::vector<Option>& options_;
  std::size_t next_ = 0;
  int64_t values_ = 0;            // words to come that the last option takes
  Words put_, alone_, in_place_;  // options and their values, references, all of them
};

}  // namespace

Words from_sacrebleu(const Words& words, const std::vector<Option>& options) {
  return Rewriting(words, options).done();
}

}  // namespace penalmt
