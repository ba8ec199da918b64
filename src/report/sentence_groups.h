// Parts of a test set whose scores are worth comparing.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace penalmt {

struct SentenceGroup {
  std::string label;                   // "1–8"
  std::vector<std::size_t> sentences;  // from 0
};

// Up to five groups of about as many sentences each, from short to long, called by their lengths in
// words (what stands between white space); sentences of one length are never parted.
std::vector<SentenceGroup> groups_by_length(const std::vector<std::string>& sentences);

// "with image" and "without image"; only those that hold a sentence. `images` as EvaluationReport
// has them.
std::vector<SentenceGroup> groups_by_image(const std::vector<std::filesystem::path>& images);

}  // namespace penalmt
