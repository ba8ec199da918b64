#include "serving/translation_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <semaphore>
#include <thread>
#include <utility>

#include "base/error.h"
#include "serving/given_images.h"
#include "tokenizers/text_limits.h"
#include "translation/raw_text.h"
#include "translation/translation_json.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

// Whoever comes while a batch is translated waits for its end.
constexpr int64_t kLinesABatch = 256;

int cores(int threads) {
  return threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

struct TranslationService::Job {
  std::vector<ServedLine> lines;
  Deadline deadline;
  std::promise<std::optional<Answers>> promise = {};
};

struct TranslationService::State {
  explicit State(int at_a_time) : decoders(at_a_time) {}
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::unique_ptr<Job>> jobs;
  int64_t lines = 0;  // of the jobs
  bool is_ending = false;
  std::counting_semaphore<> decoders;  // that may still begin
  std::thread thread;
};

TranslationService::TranslationService(Translator& translator, const RawText* raw,
                                       const ImageReader* images, const ServiceOptions& options)
    : translator_(translator),
      raw_(raw),
      images_(images),
      options_(options),
      state_(std::make_unique<State>(cores(options.threads))) {
  state_->thread = std::thread([this] { work(); });
}

TranslationService::~TranslationService() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->is_ending = true;
  }
  state_->changed.notify_one();
  state_->thread.join();
}

const std::string& TranslationService::source_language() const {
  return translator_.description().source_language;
}
const std::string& TranslationService::target_language() const {
  return translator_.description().target_language;
}

int64_t TranslationService::waiting() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->lines;
}

void TranslationService::expect_short(const std::string& line) const {
  const std::string text = raw_ != nullptr ? raw_->for_model(line) : line;
  // A piece is at least a byte; there may be one for the space in front, and there is the end's.
  if (static_cast<int64_t>(text.size()) + 2 <= options_.longest) return;
  if (const auto problem = too_long(translator_.as_trained(text))) throw Error("got " + *problem);
  const int64_t length = translator_.source_length(text);
  if (length > options_.longest)
    throw Error(
        fmt::format("got a sentence of {} pieces, expected at most {}", length, options_.longest));
}

std::shared_ptr<const GivenImage> TranslationService::read_image(std::string_view bytes) const {
  state_->decoders.acquire();
  const auto release = [this](const int*) { state_->decoders.release(); };
  const int turn = 0;
  const std::unique_ptr<const int, decltype(release)> at_the_end(&turn, release);
  return std::make_shared<const GivenImage>(images_->read(bytes, options_.most_pixels));
}

std::optional<TranslationService::Answers> TranslationService::translate(
    std::vector<ServedLine> lines, Deadline deadline) {
  const auto count = static_cast<int64_t>(lines.size());
  auto job = std::make_unique<Job>(Job{std::move(lines), deadline});
  std::future<std::optional<Answers>> answers = job->promise.get_future();
  {
    const std::scoped_lock lock(state_->mutex);
    if (state_->lines + count > options_.most_waiting)
      throw BusyError(fmt::format("{} lines wait already, of {} at most; try again", state_->lines,
                                  options_.most_waiting));
    state_->lines += count;
    state_->jobs.push_back(std::move(job));
  }
  state_->changed.notify_one();
  if (answers.wait_until(deadline) != std::future_status::ready) return std::nullopt;
  return answers.get();
}

void TranslationService::work() {
  for (Jobs jobs; !(jobs = next_jobs()).empty();) answer(std::move(jobs));
}

TranslationService::Jobs TranslationService::next_jobs() {
  std::unique_lock lock(state_->mutex);
  for (Jobs jobs; true;) {
    state_->changed.wait(lock, [this] { return !state_->jobs.empty() || state_->is_ending; });
    if (state_->jobs.empty()) return jobs;
    for (int64_t lines = 0; !state_->jobs.empty() && lines < kLinesABatch;) {
      std::unique_ptr<Job> job = std::move(state_->jobs.front());
      state_->jobs.pop_front();
      state_->lines -= static_cast<int64_t>(job->lines.size());
      if (job->deadline < std::chrono::steady_clock::now()) {  // nobody waits for it any more
        job->promise.set_value(std::nullopt);
        continue;
      }
      lines += static_cast<int64_t>(job->lines.size());
      jobs.push_back(std::move(job));
    }
    if (!jobs.empty()) return jobs;
  }
}

// Where it fails with several jobs, each is tried by itself: one may be at fault for all.
void TranslationService::answer(Jobs jobs) {
  try {
    std::vector<Answers> answers = translated(jobs);
    for (size_t i = 0; i < jobs.size(); ++i) jobs[i]->promise.set_value(std::move(answers[i]));
  } catch (...) {
    if (jobs.size() == 1) return jobs.front()->promise.set_exception(std::current_exception());
    for (std::unique_ptr<Job>& job : jobs) {
      Jobs alone;
      alone.push_back(std::move(job));
      answer(std::move(alone));
    }
  }
}

std::vector<TranslationService::Answers> TranslationService::translated(const Jobs& jobs) {
  SearchOptions search = options_.search;
  search.n_best = 1;
  std::vector<const ServedLine*> lines;
  std::vector<std::string> texts;
  std::vector<std::shared_ptr<const GivenImage>> images;
  for (const std::unique_ptr<Job>& job : jobs)
    for (const ServedLine& line : job->lines) {
      lines.push_back(&line);
      texts.push_back(raw_ != nullptr ? raw_->for_model(line.text) : line.text);
      images.push_back(line.image);
      search.n_best = std::max(search.n_best, line.n_best);
    }

  const BatchOptions batches{options_.batch_tokens, options_.threads};
  std::unique_ptr<ImageSet> set;
  if (std::any_of(images.begin(), images.end(),
                  [](const auto& image) { return image != nullptr; })) {
    set = std::make_unique<GivenImages>(images);
    if (auto seen = translator_.seen(*set, batches)) set = std::move(seen);
  }
  std::vector<Translation> translations = translator_.translate(
      {.texts = texts, .images = set.get(), .place = {"the request", 1}}, search, batches);
  std::vector<ImageUse> uses(texts.size());
  if (set) {
    std::vector<std::string> best;
    for (const Translation& translation : translations)
      best.push_back(translation.n_best.front().text);
    uses = translator_.image_use(texts, best, *set, batches);
  }

  std::vector<Answers> answers(jobs.size());
  size_t i = 0;
  for (size_t j = 0; j < jobs.size(); ++j)
    for (size_t k = 0; k < jobs[j]->lines.size(); ++k, ++i) {
      std::vector<ScoredText>& n_best = translations[i].n_best;
      if (raw_ != nullptr)
        for (ScoredText& text : n_best) text.text = raw_->for_people(text.text);
      nlohmann::ordered_json object = {{"source", lines[i]->text}};
      object.update(scored_text_json(n_best.front(), /*token_scores=*/false));
      for (size_t n = 0; n < n_best.size() && n < static_cast<size_t>(lines[i]->n_best); ++n)
        object["n_best"].push_back(scored_text_json(n_best[n], /*token_scores=*/false));
      if (!uses[i].pieces.empty()) object["image_use"] = image_use_json(uses[i]);
      if (const ImagePart part = images[i] ? images[i]->seen : ImagePart{};
          part.width < 1 || part.height < 1)
        object["image_seen"] = {
            {"left", part.left}, {"top", part.top}, {"width", part.width}, {"height", part.height}};
      answers[j].push_back(std::move(object));
    }
  return answers;
}

}  // namespace penalmt
