#include "models/chain.h"

#include <torch/torch.h>

#include <algorithm>

#include "models/resnet.h"
#include "models/vision_transformer.h"

namespace penalmt {
namespace {

Chain chain_of(const std::string& stack, EncoderImpl& encoder) {
  Chain chain{stack, {}};
  int64_t number = 0;
  for (const auto& module : *encoder.layers) {
    const auto& layer = *module->as<EncoderLayerImpl>();
    ++number;
    chain.nodes.push_back(
        {number, "self_attention", layer.self_attention_residual->connection.ptr().get()});
    chain.nodes.push_back(
        {number, "feed_forward", layer.feed_forward_residual->connection.ptr().get()});
  }
  return chain;
}

Chain chain_of(const std::string& stack, DecoderImpl& decoder) {
  Chain chain{stack, {}};
  int64_t number = 0;
  for (const auto& module : *decoder.layers) {
    const auto& layer = *module->as<DecoderLayerImpl>();
    ++number;
    const auto add = [&](const char* sublayer, const Residual& residual) {
      chain.nodes.push_back({number, sublayer, residual->connection.ptr().get()});
    };
    add("self_attention", layer.self_attention_residual);
    add("cross_attention", layer.cross_attention_residual);
    if (layer.image_attention) add("image_attention", layer.image_attention_residual);
    add("feed_forward", layer.feed_forward_residual);
  }
  return chain;
}

void add_chains(const std::string& stack, ImageEncoder& encoder, std::vector<Chain>& chains) {
  if (auto* transformer = dynamic_cast<VisionTransformerImpl*>(&encoder)) {
    chains.push_back(chain_of(stack, *transformer->encoder));
    return;
  }
  auto& network = dynamic_cast<ResNetImpl&>(encoder);
  int64_t stages = 0, number = 0;
  for (const auto& module : *network.blocks) {
    const auto& block = *module->as<ResidualBlockImpl>();
    if (stages == 0 || block.projection) {
      chains.push_back({stack + ".stage" + std::to_string(++stages), {}});
      number = 0;
    }
    chains.back().nodes.push_back({++number, "block", block.connection.ptr().get()});
  }
}

// The positions of x, those of feature maps row by row: [B, T, C] or [B, C, h, w] → [N, C] double.
at::Tensor positions_of(const at::Tensor& x) {
  const at::Tensor rows = x.dim() == 4 ? x.flatten(2).transpose(1, 2) : x;
  return rows.detach().reshape({-1, rows.size(-1)}).to(at::kDouble);
}

at::Tensor length_of(const at::Tensor& x) {
  return at::linalg_vector_norm(x, 2, at::IntArrayRef{-1});
}

// a / b of the positions where `real` holds and b is not 0.
std::vector<double> quotients(const at::Tensor& a, const at::Tensor& b, const at::Tensor& real) {
  const at::Tensor which = real.logical_and(b.ne(0));
  const at::Tensor numbers = (a.masked_select(which) / b.masked_select(which)).cpu().contiguous();
  return {numbers.const_data_ptr<double>(), numbers.const_data_ptr<double>() + numbers.numel()};
}

}  // namespace

std::vector<Chain> chains_of(TranslationModelImpl& model) {
  std::vector<Chain> chains = {chain_of("encoder", *model.encoder)};
  if (model.image_encoder) add_chains("image_encoder", *model.image_encoder, chains);
  if (auto* fusion = dynamic_cast<AdditiveFusion*>(model.fusion.get()))
    chains.push_back({"fusion", {{1, "fusion", fusion->connection.ptr().get()}}});
  chains.push_back(chain_of("decoder", *model.decoder));
  return chains;
}

std::vector<Chain> chains_of(ClassifierImpl& model) {
  std::vector<Chain> chains;
  add_chains("image_encoder", *model.image_encoder, chains);
  return chains;
}

ChainRecorder::ChainRecorder(std::vector<Chain> chains) : chains_(std::move(chains)) {
  for (const Chain& chain : chains_)
    for (const ChainNode& node : chain.nodes) node.connection->observe(this);
}

ChainRecorder::~ChainRecorder() {
  for (const Chain& chain : chains_)
    for (const ChainNode& node : chain.nodes) node.connection->observe(nullptr);
}

void ChainRecorder::see(const PenalConnectionImpl& connection, const at::Tensor& x,
                        const at::Tensor& z, const Rows& rows) {
  seen_.emplace_back(&connection, Seen{x, z, rows.real, {}});
}

std::vector<ChainValues> ChainRecorder::values(const at::Tensor& loss) {
  std::vector<at::Tensor> states;
  for (const auto& [connection, seen] : seen_) states.push_back(seen.x);
  const auto gradients = torch::autograd::grad({loss}, states);
  for (size_t i = 0; i < seen_.size(); ++i) seen_[i].second.gradient = gradients[i];

  std::vector<ChainValues> all;
  for (const Chain& chain : chains_) {
    std::vector<const Seen*> of_nodes;
    for (const ChainNode& node : chain.nodes) {
      const auto found =
          std::ranges::find(seen_, node.connection, [](const auto& entry) { return entry.first; });
      of_nodes.push_back(found == seen_.end() ? nullptr : &found->second);
    }
    all.push_back(of_chain(chain, of_nodes));
  }
  seen_.clear();
  return all;
}

ChainValues ChainRecorder::of_chain(const Chain& chain,
                                    const std::vector<const Seen*>& seen) const {
  ChainValues values;
  values.nodes.resize(chain.nodes.size());
  // Of each residual that the batch passed through: z [N, C], ||z|| [N], real [N].
  std::vector<at::Tensor> steps, lengths, reals;
  size_t before = 0;  // the number of the last one
  for (size_t l = 0; l < seen.size(); ++l) {
    if (!seen[l]) continue;
    NodeValues& node = values.nodes[l];
    const at::Tensor x = positions_of(seen[l]->x), z = positions_of(seen[l]->z),
                     uphill = positions_of(seen[l]->gradient);
    const at::Tensor state = length_of(x), step = length_of(z), ones = at::ones_like(step);
    const at::Tensor real = seen[l]->real.defined() ? seen[l]->real.flatten() : ones.to(at::kBool);
    node.step = quotients(step, ones, real);
    node.state = quotients(state, ones, real);
    node.ratio = quotients(step, state, real);
    node.alignment = quotients(-(z * uphill).sum(-1), step * length_of(uphill), real);
    if (!steps.empty())
      values.nodes[before].turning = quotients((steps.back() * z).sum(-1), lengths.back() * step,
                                               reals.back().logical_and(real));
    before = l;
    steps.push_back(z);
    lengths.push_back(step);
    reals.push_back(real);
  }
  if (steps.size() < 2) return values;
  // A position where a residual adds nothing, as that of an image that is missing, stays.
  at::Tensor end = at::zeros_like(steps[0]);  // sum z_l
  std::vector<at::Tensor> moves;              // ||z_l||
  for (size_t l = 0; l < steps.size(); ++l) {
    end.add_(steps[l] * reals[l].unsqueeze(-1));
    moves.push_back(lengths[l] * reals[l]);
  }
  const at::Tensor along = at::stack(moves);  // [residuals, N]
  values.straightness = quotients(length_of(end), along.sum(0), reals[0]);
  values.evenness =
      quotients((along - along.mean(0)).square().mean(0).sqrt(), along.mean(0), reals[0]);
  return values;
}

}  // namespace penalmt
