// A model folder opened without LibTorch: text in, text out, on the CPU.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "translation/row_search.h"
#include "translation/text_translator.h"

namespace penalmt {

// Whether RowTranslator takes the model: one of text alone in float32 (row_search.h). Throws as
// read_description, MappedFile (base/files.h) and index_safetensors.
bool is_row_model_folder(const std::filesystem::path& folder);

class RowTranslator : public TextTranslator {
 public:
  // Of a folder that holds what is_row_model_folder says. Throws as read_model_files, and Error
  // naming the file and the first tensor that is missing, of another shape (expected and got), or
  // unknown to the model.
  explicit RowTranslator(const std::filesystem::path& path);

  bool on_cpu() const override { return true; }
  // Throws std::logic_error for bfloat16.
  void set_format(ProductFormat format) override;

 protected:
  void prepare() override;
  // Throws std::logic_error for sampling.
  std::vector<std::vector<Hypothesis>> search(const std::vector<Example>& examples,
                                              const std::vector<SentenceSearch>& sentences,
                                              const ImageSet* images, const SearchOptions& search,
                                              const BatchOptions& batches,
                                              ProgressPart progress) override;

 private:
  explicit RowTranslator(ModelFiles files, const std::filesystem::path& path);

  ParameterSource parameters_;
  ProductFormat format_ = ProductFormat::kFloat32;
  std::optional<RowModel> model_;  // in that format; made by prepare()
};

}  // namespace penalmt
