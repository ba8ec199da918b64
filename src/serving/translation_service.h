// A model that translates for many at once: what they ask waits in one queue, and one thread
// translates all that waits there together.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "decoding/search_options.h"

namespace penalmt {

class ImageReader;
class RawText;
class Translator;
struct GivenImage;

struct ServiceOptions {
  SearchOptions search;  // n_best aside, which each line says
  std::optional<int64_t> batch_tokens;
  int threads = 0;                   // 0: one a core
  int64_t longest = 512;             // pieces of a line, the end counted
  int64_t most_waiting = 1000;       // lines
  int64_t most_pixels = 50'000'000;  // of an image
};

struct ServedLine {
  std::string text;
  std::shared_ptr<const GivenImage> image = nullptr;  // null: none
  int64_t n_best = 0;  // translations listed, at most the beam; 0: the best one alone
};

// Too much waits already.
class BusyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// For many threads at once.
class TranslationService {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  using Answers = std::vector<nlohmann::ordered_json>;  // one a line

  // All live longer than the service. `raw` is null where lines are the model's own text, `images`
  // where it looks at none.
  TranslationService(Translator& translator, const RawText* raw, const ImageReader* images,
                     const ServiceOptions& options);
  ~TranslationService();  // what waits is answered first

  const std::string& source_language() const;  // "" where the model does not say
  const std::string& target_language() const;
  bool uses_images() const { return images_ != nullptr; }
  int64_t beam() const { return options_.search.beam; }
  int64_t most_lines() const { return options_.most_waiting; }
  int64_t waiting() const;  // lines

  // Throws Error "got a sentence of 600 pieces, expected at most 512".
  void expect_short(const std::string& line) const;
  // As many at a time as there are cores. Throws as ImageReader::read.
  std::shared_ptr<const GivenImage> read_image(std::string_view bytes) const;
  // Objects as `penalmt translate` prints them: source, translation, score, tokens; n_best where
  // asked for; with an image image_use, and image_seen where the model saw a part of it alone.
  // nullopt where the deadline came first. Throws BusyError, and what translating these lines
  // throws: other requests do not suffer from it.
  std::optional<Answers> translate(std::vector<ServedLine> lines, Deadline deadline);

 private:
  struct Job;
  struct State;
  using Jobs = std::vector<std::unique_ptr<Job>>;
  void work();
  Jobs next_jobs();
  void answer(Jobs jobs);
  std::vector<Answers> translated(const Jobs& jobs);

  Translator& translator_;
  const RawText* raw_;
  const ImageReader* images_;
  const ServiceOptions options_;
  std::unique_ptr<State> state_;
};

}  // namespace penalmt
