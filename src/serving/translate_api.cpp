#include "serving/translate_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/error.h"
#include "base/text.h"
#include "serving/language_names.h"

namespace penalmt {
namespace {

constexpr int kBadRequest = 400, kTooLarge = 413, kUnavailable = 503;

// `model`: the language that it knows, "" where it does not say.
void expect_language(const std::string& field, const std::string& asked, const std::string& model,
                     const std::string& verb) {
  if (asked.empty() || model.empty() || lowercase_ascii(asked) == lowercase_ascii(model)) return;
  throw RequestError(kBadRequest,
                     fmt::format("{}: got '{}', expected '{}', the language that this model {}",
                                 field, asked, model, verb));
}

void expect_fitting(const TranslateRequest& request, const TranslationService& service) {
  if (request.source != "auto")
    expect_language("source", request.source, service.source_language(), "translates from");
  expect_language("target", request.target, service.target_language(), "translates into");
  if (request.n_best > service.beam())
    throw RequestError(kBadRequest, fmt::format("n_best: got {}, expected at most the beam, {}",
                                                request.n_best, service.beam()));
  if (!request.image.empty() && !service.uses_images())
    throw RequestError(kBadRequest,
                       "image: got one for a text-only model, which would not look at it; expected "
                       "none");
}

std::shared_ptr<const GivenImage> image_of(const TranslateRequest& request,
                                           const TranslationService& service) {
  if (request.image.empty()) return nullptr;
  try {
    return service.read_image(request.image);
  } catch (const Error& error) {
    throw RequestError(kBadRequest, error.what());
  }
}

// A text's lines, and how many each has.
struct TextLines {
  std::vector<ServedLine> lines;
  std::vector<std::size_t> counts;
};

TextLines lines_of(const TranslateRequest& request, const TranslationService& service) {
  const auto most = static_cast<std::size_t>(service.most_lines());
  TextLines all;
  const int64_t wanted =
      std::max(request.n_best,
               request.alternatives > 0 ? std::min(request.alternatives + 1, service.beam()) : 0);
  for (const std::string& text : request.texts) {
    const auto lines = split(text, '\n');
    all.counts.push_back(lines.size());
    if (all.lines.size() + lines.size() > most)
      throw RequestError(kTooLarge, fmt::format("q: more than {} lines", most));
    for (const std::string_view line : lines) {
      all.lines.push_back({std::string(line), nullptr, wanted});
      clean_line(all.lines.back().text);
    }
  }
  for (std::size_t i = 0; i < all.lines.size(); ++i) try {
      service.expect_short(all.lines[i].text);
    } catch (const Error& error) {
      throw RequestError(kTooLarge,
                         all.lines.size() == 1
                             ? fmt::format("q: {}; split it", error.what())
                             : fmt::format("q: line {}: {}; split it", i + 1, error.what()));
    }
  return all;
}

TranslationService::Answers translations_of(std::vector<ServedLine> lines,
                                            TranslationService& service,
                                            std::chrono::seconds time) {
  try {
    auto answers = service.translate(std::move(lines), std::chrono::steady_clock::now() + time);
    if (answers) return std::move(*answers);
  } catch (const BusyError& error) {
    throw RequestError(kUnavailable, error.what());
  }
  throw RequestError(kUnavailable,
                     fmt::format("not translated within {} s; try again", time.count()));
}

// Texts of the lines' field, those of one text joined by line breaks.
std::vector<std::string> joined(const std::vector<std::string>& lines,
                                const std::vector<std::size_t>& counts) {
  std::vector<std::string> texts;
  std::size_t line = 0;
  for (const std::size_t count : counts) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : "\n") + lines[line++];
    texts.push_back(std::move(text));
  }
  return texts;
}

std::string nth_translation(const nlohmann::ordered_json& answer, std::size_t n) {
  const auto found = answer.find("n_best");
  if (n == 0 || found == answer.end()) return answer.at("translation");
  return found->at(std::min(n, found->size() - 1)).at("translation");
}

nlohmann::ordered_json in_shape(const TranslateRequest& request,
                                const std::vector<std::string>& texts) {
  if (request.is_list) return texts;
  return texts.front();
}

}  // namespace

nlohmann::ordered_json answer_translate(const TranslateRequest& request,
                                        TranslationService& service, std::chrono::seconds time) {
  expect_fitting(request, service);
  TextLines lines = lines_of(request, service);
  const auto image = image_of(request, service);
  for (ServedLine& line : lines.lines) line.image = image;
  TranslationService::Answers answers = translations_of(std::move(lines.lines), service, time);

  const auto nth_texts = [&](std::size_t n) {
    std::vector<std::string> texts;
    for (const auto& answer : answers) texts.push_back(nth_translation(answer, n));
    return joined(texts, lines.counts);
  };
  nlohmann::ordered_json object = {{"translatedText", in_shape(request, nth_texts(0))}};
  if (request.alternatives > 0) {
    std::size_t most = 0;  // of a line
    for (const auto& answer : answers) most = std::max(most, answer.at("n_best").size() - 1);
    const auto wanted = static_cast<std::size_t>(request.alternatives);
    std::vector<nlohmann::ordered_json> others(request.texts.size(),
                                               nlohmann::ordered_json::array());
    for (std::size_t n = 1; n <= std::min(most, wanted); ++n) {
      const std::vector<std::string> texts = nth_texts(n);
      for (std::size_t i = 0; i < texts.size(); ++i) others[i].push_back(texts[i]);
    }
    object["alternatives"] = request.is_list ? nlohmann::ordered_json(others) : others.front();
  }
  if (request.n_best == 0)
    for (auto& answer : answers) answer.erase("n_best");
  if (!request.is_list && answers.size() == 1)
    object.update(answers.front());
  else
    object["translations"] = std::move(answers);
  return object;
}

nlohmann::ordered_json answer_languages(const TranslationService& service) {
  nlohmann::ordered_json languages = nlohmann::ordered_json::array();
  const auto add = [&](const std::string& code, const std::vector<std::string>& targets) {
    if (!code.empty())
      languages.push_back({{"code", code}, {"name", name_of_language(code)}, {"targets", targets}});
  };
  const std::string &source = service.source_language(), &target = service.target_language();
  if (source.empty() || target.empty()) return languages;
  add(source, {target});
  if (target != source) add(target, {});
  return languages;
}

}  // namespace penalmt
