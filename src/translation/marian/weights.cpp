#include "translation/marian/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include <set>

#include "models/model_size.h"
#include "tensors/safetensors.h"

namespace penalmt::marian {
namespace {

namespace fs = std::filesystem;

// Tensors by their names; knows which of them nobody asked for.
class Stored {
 public:
  explicit Stored(const fs::path& file) : file_(file), tensors_(load_safetensors(file)) {
    for (const auto& [name, tensor] : tensors_.tensors) left_.insert(name);
  }

  const std::string& place() const { return file_; }
  double numbers() const {
    double numbers = 0;
    for (const auto& [name, tensor] : tensors_.tensors)
      numbers += static_cast<double>(tensor.numel());
    return numbers;
  }
  const at::Tensor* find(const std::string& name) {
    left_.erase(name);
    return penalmt::find(tensors_, name);
  }
  // In float32.
  at::Tensor get(const std::string& name, at::IntArrayRef shape) {
    const at::Tensor* tensor = find(name);
    if (!tensor) throw Error(fmt::format("{}: no tensor '{}', which the model needs", file_, name));
    if (tensor->sizes() != shape)
      throw Error(fmt::format("{}: tensor '{}': got shape [{}], expected [{}], as config.json says",
                              file_, name, fmt::join(tensor->sizes(), ", "),
                              fmt::join(shape, ", ")));
    const at::Tensor numbers = tensor->to(at::kFloat);
    if (!numbers.isfinite().all().item<bool>())
      throw Error(
          fmt::format("{}: tensor '{}': holds what is no number, or is infinite; expected "
                      "finite numbers; is the file damaged, or was its training so?",
                      file_, name));
    return numbers;
  }
  // One matrix under several names, of which one at least is there. [expected V, C]
  at::Tensor shared(const std::vector<std::string>& names, at::IntArrayRef shape) {
    at::Tensor found;
    std::string first;
    for (const std::string& name : names) {
      if (find(name) == nullptr) continue;
      const at::Tensor tensor = get(name, shape);
      if (found.defined() && !at::equal(found, tensor))
        throw Error(fmt::format("{}: tensors '{}' and '{}' differ; config.json has them as one",
                                file_, first, name));
      if (found.defined()) continue;
      found = tensor;
      first = name;
    }
    if (found.defined()) return found;
    throw Error(fmt::format("{}: no tensor '{}', which the model needs", file_, names.front()));
  }
  void expect_none_left() const {
    if (left_.empty()) return;
    throw Error(fmt::format("{}: tensor '{}' is of a kind of layer that is unknown here", file_,
                            *left_.begin()));
  }

 private:
  std::string file_;
  NamedTensors tensors_;
  std::set<std::string> left_;
};

// Which of theirs one of ours is made of, one below the other.
struct Parts {
  std::string ours;
  std::vector<std::string> theirs;
};

const std::vector<Parts>& parts_of_layer() {
  static const std::vector<Parts> kParts = {
      {"self_attention.in_projection",
       {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}},
      {"self_attention.out_projection", {"self_attn.out_proj"}},
      {"self_attention_residual.norm", {"self_attn_layer_norm"}},
      {"cross_attention.query_projection", {"encoder_attn.q_proj"}},
      {"cross_attention.memory_projection", {"encoder_attn.k_proj", "encoder_attn.v_proj"}},
      {"cross_attention.out_projection", {"encoder_attn.out_proj"}},
      {"cross_attention_residual.norm", {"encoder_attn_layer_norm"}},
      {"feed_forward.up", {"fc1"}},
      {"feed_forward.down", {"fc2"}},
      {"feed_forward_residual.norm", {"final_layer_norm"}}};
  return kParts;
}

// A layer's parameter: "encoder.layers.3.feed_forward.up.weight" is "model.encoder.layers.3.fc1
// .weight".
std::vector<std::string> their_names(const std::string& ours) {
  for (const Parts& parts : parts_of_layer()) {
    const size_t at = ours.find("." + parts.ours + ".");
    if (at == std::string::npos) continue;
    const std::string kind = ours.substr(at + parts.ours.size() + 2);  // weight, bias
    std::vector<std::string> names;
    for (const std::string& part : parts.theirs)
      names.push_back("model." + ours.substr(0, at) + "." + part + "." + kind);
    return names;
  }
  return {};
}

at::Tensor of_layer(Stored& stored, const std::string& ours, const at::Tensor& like) {
  const std::vector<std::string> names = their_names(ours);
  std::vector<int64_t> shape = like.sizes().vec();
  shape[0] /= static_cast<int64_t>(names.size());
  std::vector<at::Tensor> parts;
  for (const std::string& name : names) parts.push_back(stored.get(name, shape));
  return at::cat(parts);
}

// theirs: [their V, ..] → [V, ..], in our order; padding 0.
at::Tensor in_our_order(const at::Tensor& theirs, const Vocabulary& vocabulary) {
  at::Tensor ours = theirs.index_select(0, at::tensor(vocabulary.theirs, at::kLong));
  ours[kPad].zero_();
  return ours;
}

// The positions are computed; where they are stored, they are those.
void check_positions(Stored& stored, const ModelOptions& model) {
  for (const std::string stack : {"encoder", "decoder"}) {
    const std::string name = "model." + stack + ".embed_positions.weight";
    if (stored.find(name) == nullptr) continue;
    const at::Tensor got = stored.get(name, {model.longest, model.width});
    const at::Tensor expected =
        computed_positions(PositionKind::kMarian, model.longest, model.width).to(at::kFloat);
    if (!at::allclose(got, expected, 0, 2e-3))  // stored in half precision, perhaps
      throw Error(fmt::format("{}: tensor '{}' holds other positions than Marian's sinusoids",
                              stored.place(), name));
  }
}

// Their embeddings by our names, in their order.
std::vector<std::pair<std::string, at::Tensor>> embeddings(Stored& stored, const Config& config) {
  const ModelOptions& model = config.description.model;
  const std::string shared = "model.shared.weight", head = "lm_head.weight",
                    encoder = "model.encoder.embed_tokens.weight",
                    decoder = "model.decoder.embed_tokens.weight";
  const std::vector<int64_t> source = {config.source_pieces, model.width},
                             target = {config.target_pieces, model.width};
  if (model.embeddings == "shared")
    return {{"embedding", stored.shared({shared, encoder, decoder, head}, source)}};
  const auto own = [&](const std::string& name, const std::vector<int64_t>& shape) {
    return stored.find(name) != nullptr ? stored.get(name, shape) : stored.get(shared, shape);
  };
  if (model.embeddings == "target")
    return {{"source_embedding", stored.get(encoder, source)},
            {"target_embedding", stored.shared({decoder, head}, target)}};
  const at::Tensor of_source = own(encoder, source), of_target = own(decoder, target);
  stored.find(shared);  // the encoder's, where both have their own
  return {{"source_embedding", of_source},
          {"target_embedding", of_target},
          {"output_embedding", stored.get(head, target)}};
}

void expect_file(const fs::path& folder) {
  if (fs::exists(folder / "model.safetensors")) return;
  const std::string convert = fmt::format(
      "convert it: python -c \"from transformers import MarianMTModel as M; "
      "M.from_pretrained('{0}').save_pretrained('{0}')\"",
      folder.string());
  if (fs::exists(folder / "pytorch_model.bin"))
    throw Error(
        fmt::format("{}: a pickle, which could run anything; expected model.safetensors "
                    "beside it; {}",
                    (folder / "pytorch_model.bin").string(), convert));
  if (fs::exists(folder / "model.safetensors.index.json"))
    throw Error(
        fmt::format("{}: the weights are in several files; expected one, "
                    "model.safetensors; {}",
                    (folder / "model.safetensors.index.json").string(), convert));
  throw Error(
      fmt::format("{}: no such file; expected a MarianMT folder: config.json, "
                  "model.safetensors, source.spm, target.spm, vocab.json",
                  (folder / "model.safetensors").string()));
}

}  // namespace

TranslationModel read_weights(const fs::path& folder, const Config& config,
                              const Vocabulary& source, const Vocabulary& target) {
  expect_file(folder);
  torch::NoGradGuard no_grad;
  Stored stored(folder / "model.safetensors");
  const ModelDescription& description = config.description;
  const double least = least_numbers(description.model, config.source_pieces, config.target_pieces);
  if (stored.numbers() < least)
    throw Error(
        fmt::format("{}: describes a network of at least {:.0f} numbers; model.safetensors "
                    "beside it holds {:.0f}; is it another model's?",
                    (folder / "config.json").string(), least, stored.numbers()));
  TranslationModel model(description.model, description.source_vocabulary,
                         description.target_vocabulary);
  auto parameters = model->named_parameters();
  for (const auto& [name, matrix] : embeddings(stored, config))
    parameters[name].copy_(in_our_order(matrix, name == "source_embedding" ? source : target));
  const std::string bias = "final_logits_bias";  // Transformers has zeros where it is not there
  if (stored.find(bias) != nullptr)
    parameters["output_bias"].copy_(
        in_our_order(stored.get(bias, {1, config.target_pieces}).squeeze(0), target));
  for (const auto& item : parameters)
    if (item.key().find(".layers.") != std::string::npos)
      item.value().copy_(of_layer(stored, item.key(), item.value()));
  check_positions(stored, description.model);
  stored.expect_none_left();
  model->eval();
  return model;
}

}  // namespace penalmt::marian
