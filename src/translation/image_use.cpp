#include "translation/image_use.h"

#include "tokenizers/sentencepiece.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

std::vector<double> numbers(const at::Tensor& row) {
  const at::Tensor values = row.to(at::kCPU, at::kDouble).contiguous();
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

}  // namespace

std::vector<ImageUse> Translator::image_use(const std::vector<std::string>& sources,
                                            const std::vector<std::string>& targets,
                                            const ImageSet& images, const BatchOptions& batches) {
  std::vector<Example> examples = written_examples(sources, targets, &images);
  std::erase_if(examples, [](const Example& example) { return !example.has_image(); });
  std::vector<ImageUse> uses(sources.size());
  const c10::Device device = this->device();
  const auto new_worker = [&]() -> BatchJob {
    return [&](const std::vector<int64_t>& which) {
      const Batch batch = collate(examples, which, &images);
      const ImageView view = model_->view_images(batch.source.to(device), batch.images.to(device),
                                                 batch.target_input.to(device));
      for (size_t row = 0; row < which.size(); ++row) {
        const Example& example = examples[which[row]];
        ImageUse& use = uses[example.id];
        use.of_target = view.of_target;
        // A decoder's position looks to write the piece after it.
        const auto first = example.target.begin() + 1;
        const std::vector<int> looked =
            view.of_target ? std::vector<int>(first, example.target.end()) : example.source;
        use.pieces =
            (view.of_target ? target_tokenizer() : source_tokenizer()).marked_pieces(looked);
        const auto count = static_cast<int64_t>(looked.size()), at = static_cast<int64_t>(row);
        use.gate = numbers(view.gate[at].narrow(0, 0, count));
        if (!view.attention.defined()) continue;
        for (int64_t i = 0; i < count; ++i) use.attention.push_back(numbers(view.attention[at][i]));
      }
    };
  };
  run_batches(examples, batches, device, new_worker);
  return uses;
}

}  // namespace penalmt
