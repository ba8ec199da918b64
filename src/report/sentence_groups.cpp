#include "report/sentence_groups.h"

#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace penalmt {
namespace {

constexpr std::size_t kGroups = 5;

std::string range(std::size_t first, std::size_t last) {
  return first == last ? fmt::format("{}", first) : fmt::format("{}–{}", first, last);
}

}  // namespace

std::vector<SentenceGroup> groups_by_length(const std::vector<std::string>& sentences) {
  std::map<std::size_t, std::vector<std::size_t>> of_length;
  for (std::size_t i = 0; i < sentences.size(); ++i)
    of_length[split_whitespace(sentences[i]).size()].push_back(i);
  std::vector<SentenceGroup> groups;
  std::size_t taken = 0,
              first = 0;  // sentences in the groups so far; the shortest length of the open group
  std::size_t fifth = 0;  // the open group ends where so many fifths of the sentences are taken
  for (const auto& [length, some] : of_length) {
    if (taken * kGroups >= fifth * sentences.size()) {
      groups.emplace_back();
      first = length;
      fifth = taken * kGroups / sentences.size() + 1;
    }
    SentenceGroup& group = groups.back();
    group.sentences.insert(group.sentences.end(), some.begin(), some.end());
    group.label = range(first, length);
    taken += some.size();
  }
  return groups;
}

std::vector<SentenceGroup> groups_by_image(const std::vector<std::filesystem::path>& images) {
  SentenceGroup with = {"with image", {}}, without = {"without image", {}};
  for (std::size_t i = 0; i < images.size(); ++i)
    (images[i].empty() ? without : with).sentences.push_back(i);
  std::vector<SentenceGroup> groups;
  for (SentenceGroup* group : {&with, &without})
    if (!group->sentences.empty()) groups.push_back(std::move(*group));
  return groups;
}

}  // namespace penalmt
