#include <algorithm>

#include "base/files.h"
#include "commands/probe/steps.h"
#include "datasets/features/exported_encoder.h"
#include "datasets/image_set.h"
#include "datasets/images/image_header.h"
#include "datasets/images/preprocessing.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

// Of the encoder that made a model's features; nullopt where there is none that says.
std::optional<Preprocessing> preprocessing_of(const ProbeOptions& options,
                                              const Translator& translator) {
  const fs::path folder = options.images.encoder.empty() ? translator.carried_encoder()
                                                         : fs::path(options.images.encoder);
  if (folder.empty()) return std::nullopt;
  return read_encoder_description(folder).preprocessing;
}

// All of the file's image where it cannot be told.
ProbeSeen seen_of(const fs::path& file, const Preprocessing& preprocessing) {
  if (file.empty()) return {};
  const MappedFile bytes(file);
  const auto header =
      read_image_header({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!header) return {};
  const ImagePart part =
      seen_part(preprocessing, header->upright_width(), header->upright_height());
  return {part.left, part.top, part.width, part.height};
}

// A model's own image encoder sees the whole image.
void find_seen_parts(const ProbeOptions& options, const ProbeText& text,
                     const Translator& translator, ProbeResults& results) {
  results.seen.resize(text.source.size());
  const bool is_drawn = !options.report.empty() &&
                        std::any_of(results.image_use.begin(), results.image_use.end(),
                                    [](const ImageUse& use) { return !use.attention.empty(); });
  if (!is_drawn || !translator.description().model.takes_features()) return;
  const auto preprocessing = preprocessing_of(options, translator);
  if (!preprocessing) {
    results.notes.push_back(
        "the regions of attention are drawn over the whole image, as nothing says what part of it "
        "their encoder saw; a run with data.image_encoder carries its encoder");
    return;
  }
  for (std::size_t i = 0; i < results.seen.size(); ++i)
    results.seen[i] = seen_of(text.image_files[i], *preprocessing);
}

}  // namespace

void probe_image_use(const ProbeOptions& options, const ProbeText& text, Translator& translator,
                     ProbeResults& results) {
  if (!text.images) return;
  results.image_use = translator.image_use(text.source, results.answers.front().translations,
                                           *text.images, {.threads = options.machine.threads});
  std::vector<Lines> pieces;
  std::vector<std::vector<double>> gates, attention;
  for (const ImageUse& use : results.image_use) {
    pieces.push_back(use.pieces);
    gates.push_back(use.gate);
    attention.insert(attention.end(), use.attention.begin(), use.attention.end());
  }
  results.gates = gate_statistics(pieces, gates);
  results.attention = attention_statistics(attention);
  find_seen_parts(options, text, translator, results);
}

}  // namespace penalmt
