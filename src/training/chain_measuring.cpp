#include "training/chain_measuring.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/interrupt.h"
#include "base/progress.h"
#include "translation/batch_workers.h"

namespace penalmt {
namespace {

constexpr int64_t kBatchTokens = 2048, kBatchImages = 128;

std::vector<ChainStatistics> empty_statistics(const std::vector<Chain>& chains) {
  std::vector<ChainStatistics> all;
  for (const Chain& chain : chains) {
    all.push_back({chain.stack, {}, {}, {}});
    for (const ChainNode& node : chain.nodes)
      all.back().nodes.push_back({.layer = node.layer, .sublayer = node.sublayer});
  }
  return all;
}

void add(std::vector<ChainStatistics>& chains, const std::vector<ChainValues>& values) {
  for (size_t c = 0; c < chains.size(); ++c) {
    for (size_t n = 0; n < chains[c].nodes.size(); ++n) {
      NodeStatistics& node = chains[c].nodes[n];
      const NodeValues& of_node = values[c].nodes[n];
      node.step.add(of_node.step);
      node.state.add(of_node.state);
      node.ratio.add(of_node.ratio);
      node.alignment.add(of_node.alignment);
      node.turning.add(of_node.turning);
    }
    chains[c].straightness.add(values[c].straightness);
    chains[c].evenness.add(values[c].evenness);
  }
}

// Calls use(loss, tokens) with the loss of one batch after the other.
template <class Use>
void pass_batches(TranslationModelImpl& model, const std::vector<Example>& examples,
                  const ImageSet* images, const Use& use) {
  model.eval();
  const c10::Device device = model.output_embedding().device();
  for (const std::vector<int64_t>& which : make_batches(examples, kBatchTokens, std::nullopt)) {
    throw_if_interrupted();
    const Batch batch = collate(examples, which, images);
    use(model.loss(sentences_of(batch, device), /*smoothing=*/0), batch.target_tokens);
  }
}

}  // namespace

MeasuredChains measure_chains(TranslationModelImpl& model, const std::vector<Example>& examples,
                              const ImageSet* images) {
  const at::AutoGradMode with_gradients(true);
  ChainRecorder recorder(chains_of(model));
  MeasuredChains found;
  found.chains = empty_statistics(recorder.chains());
  pass_batches(model, examples, images, [&](const TokenLoss& loss, int64_t tokens) {
    found.nll += loss.nll.item<double>();
    found.counted += tokens;
    add(found.chains, recorder.values(loss.total));
  });
  found.nll /= static_cast<double>(found.counted);
  return found;
}

MeasuredChains measure_chains(ClassifierImpl& model, const LabelledImages& images) {
  const at::AutoGradMode with_gradients(true);
  model.eval();
  const c10::Device device = model.head->weight.device();
  ChainRecorder recorder(chains_of(model));
  MeasuredChains found;
  found.chains = empty_statistics(recorder.chains());
  for (int64_t begin = 0; begin < images.count(); begin += kBatchImages) {
    throw_if_interrupted();
    const int64_t count = std::min(kBatchImages, images.count() - begin);
    const at::Tensor loss = at::cross_entropy_loss(
        model.logits(images.pixels.narrow(0, begin, count).to(device)),
        images.labels.narrow(0, begin, count).to(device), {}, at::Reduction::Sum);
    found.nll += loss.item<double>();
    found.counted += count;
    add(found.chains, recorder.values(loss));
  }
  found.nll /= static_cast<double>(found.counted);
  return found;
}

double mean_nll(TranslationModelImpl& model, const std::vector<Example>& examples,
                const ImageSet* images) {
  torch::NoGradGuard no_grad;
  double nll = 0;
  int64_t tokens = 0;
  pass_batches(model, examples, images, [&](const TokenLoss& loss, int64_t of_batch) {
    nll += loss.nll.item<double>();
    tokens += of_batch;
  });
  return nll / static_cast<double>(tokens);
}

void score_without_each(const std::vector<Chain>& chains, std::vector<ChainStatistics>& statistics,
                        const std::function<TaskScore()>& score) {
  int64_t all = 0, done = 0;
  for (const Chain& chain : chains) all += static_cast<int64_t>(chain.nodes.size());
  Progress progress("chain", "residuals", all);
  for (size_t c = 0; c < chains.size(); ++c)
    for (size_t n = 0; n < chains[c].nodes.size(); ++n) {
      throw_if_interrupted();
      const RemovedResidual removed(*chains[c].nodes[n].connection);
      statistics[c].nodes[n].removed = score();
      progress.show(++done);
    }
}

}  // namespace penalmt
