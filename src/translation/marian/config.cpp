#include "translation/marian/config.h"

#include <fmt/format.h>

#include <map>

#include "base/config.h"

namespace penalmt::marian {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A JSON file whose keys are asked for one by one; what is null or missing has Transformers' own
// default.
class Settings {
 public:
  Settings(const fs::path& file, config::Problems& problems)
      : values_(fs::exists(file) ? config::parse_file(file) : json::object()), problems_(problems) {
    if (values_.is_object()) return;
    problems_.add("it", "expected a JSON object");
    values_ = json::object();
  }

  bool has(const char* key) const { return values_.contains(key) && !values_.at(key).is_null(); }

  bool is(const char* key, const json& value) const { return has(key) && values_[key] == value; }

  std::string text(const char* key, const std::string& otherwise) {
    if (!has(key)) return otherwise;
    if (values_[key].is_string()) return values_[key].get<std::string>();
    return refused(key, "text"), otherwise;
  }
  bool flag(const char* key, bool otherwise) {
    if (!has(key)) return otherwise;
    if (values_[key].is_boolean()) return values_[key].get<bool>();
    return refused(key, "true or false"), otherwise;
  }
  int64_t whole(const char* key, int64_t otherwise, int64_t least, int64_t most) {
    if (!has(key)) return otherwise;
    const json& value = values_[key];
    if (value.is_number_integer() && value.get<double>() >= static_cast<double>(least) &&
        value.get<double>() <= static_cast<double>(most))
      return value.get<int64_t>();
    return refused(key, fmt::format("a whole number from {} to {}", least, most)), otherwise;
  }
  double number(const char* key, double otherwise, double least, double most) {
    if (!has(key)) return otherwise;
    const json& value = values_[key];
    if (value.is_number() && value.get<double>() >= least && value.get<double>() <= most)
      return value.get<double>();
    return refused(key, fmt::format("a number from {} to {}", least, most)), otherwise;
  }
  // The key has this value, where it is there at all.
  void expect(const char* key, const json& value, const char* why) {
    if (has(key) && values_[key] != value)
      problems_.add(key,
                    fmt::format("got {}, expected {}: {}", values_[key].dump(), value.dump(), why));
  }
  // Two keys have one value.
  void expect_same(const char* key, const char* other, int64_t value, int64_t of_other) {
    if (value != of_other)
      problems_.add(
          key, fmt::format("got {}, expected {} as {}: one number serves both stacks here", value,
                           of_other, other));
  }
  void refused(const char* key, const std::string& expected) {
    problems_.add(key, fmt::format("got {}, expected {}", values_[key].dump(), expected));
  }

 private:
  json values_;
  config::Problems& problems_;
};

std::string activation_of(Settings& settings, config::Problems& problems) {
  static const std::map<std::string, std::string> kKnown = {
      {"relu", "relu"}, {"gelu", "gelu"}, {"swish", "silu"}, {"silu", "silu"}};
  const std::string name = settings.text("activation_function", "gelu");
  const auto found = kKnown.find(name);
  if (found != kKnown.end()) return found->second;
  problems.add("activation_function",
               fmt::format("got \"{}\", expected gelu, relu, silu or swish", name));
  return "relu";
}

void expect_known_layers(Settings& settings) {
  settings.expect("normalize_before", false, "normalisations stand behind the sums");
  settings.expect("normalize_embedding", false, "embeddings are not normalised");
  settings.expect("static_position_embeddings", true, "positions are computed");
  settings.expect("add_final_layer_norm", false, "stacks end with their last layer");
}

ModelOptions network(Settings& settings, config::Problems& problems) {
  ModelOptions model;
  model.size = "base";
  model.width = settings.whole("d_model", 1024, 2, 8192);
  model.feed_forward = settings.whole("encoder_ffn_dim", 4096, 1, 65536);
  model.heads = settings.whole("encoder_attention_heads", 16, 1, 256);
  model.encoder_layers = settings.whole("encoder_layers", 12, 1, 100);
  model.decoder_layers = settings.whole("decoder_layers", 12, 1, 100);
  settings.expect_same("decoder_ffn_dim", "encoder_ffn_dim",
                       settings.whole("decoder_ffn_dim", 4096, 1, 65536), model.feed_forward);
  settings.expect_same("decoder_attention_heads", "encoder_attention_heads",
                       settings.whole("decoder_attention_heads", 16, 1, 256), model.heads);
  model.activation = activation_of(settings, problems);
  model.positions = "marian";
  model.longest = settings.whole("max_position_embeddings", 1024, 2, 65536);
  model.scale_embeddings = settings.flag("scale_embedding", false);
  model.output_bias = true;
  const bool tied = settings.flag("tie_word_embeddings", true);
  const bool shared = settings.flag("share_encoder_decoder_embeddings", true);
  model.embeddings = !tied ? "separate" : shared ? "shared" : "target";
  model.dropout = settings.number("dropout", 0.1, 0, 0.99);
  model.attention_dropout = settings.number("attention_dropout", 0, 0, 0.99);
  model.activation_dropout = settings.number("activation_dropout", 0, 0, 0.99);
  model.layer_drop = {settings.number("encoder_layerdrop", 0, 0, 0.99),
                      settings.number("decoder_layerdrop", 0, 0, 0.99)};
  model.tau = {0, 0, 0, 0, 1};  // trained without a penalty
  expect_known_layers(settings);
  return model;
}

// `settings`: generation_config.json's, or where that is not there config.json's. A length of
// theirs counts the start and the end.
DecodingDefaults decoding(Settings& settings) {
  DecodingDefaults decoding;
  decoding.beam = settings.whole("num_beams", 1, 1, 1000);
  decoding.length_penalty = settings.number("length_penalty", 1, -10, 10);
  decoding.refill = true;
  decoding.renormalize = settings.flag("renormalize_logits", false);
  const bool stops_early = settings.is("early_stopping", true);
  decoding.patience = stops_early ? 1 : 0;
  decoding.guess_end = !stops_early && !settings.is("early_stopping", "never");
  if (decoding.guess_end && settings.has("early_stopping") && !settings.is("early_stopping", false))
    settings.refused("early_stopping", "true, false or \"never\"");
  decoding.max_length =
      std::max<int64_t>(settings.whole("max_length", 2, 2, 100002) - 2, 0);  // 0: by the source
  decoding.no_repeat_ngram = settings.whole("no_repeat_ngram_size", 0, 0, 1000);
  return decoding;
}

// Throws Error with all that was found wrong in one file.
Config checked(const fs::path& folder, config::Problems& problems) {
  Settings settings(folder / "config.json", problems);
  const std::string kind = settings.text("model_type", "");
  if (kind != "marian")
    throw Error(
        fmt::format("{}: model_type: got '{}', expected marian: MarianMT models alone are "
                    "known here",
                    (folder / "config.json").string(), kind));
  Config config;
  ModelDescription& description = config.description;
  description.model = network(settings, problems);
  constexpr int64_t kMost = 10'000'000;
  config.source_pieces = settings.whole("vocab_size", 58101, 5, kMost);
  config.target_pieces = settings.whole("decoder_vocab_size", config.source_pieces, 5, kMost);
  if (description.model.embeddings == "shared" && config.target_pieces != config.source_pieces)
    problems.add("decoder_vocab_size",
                 fmt::format("got {}, expected vocab_size, {}, with one embedding for both",
                             config.target_pieces, config.source_pieces));
  config.padding = settings.whole("pad_token_id", 58100, 0, config.target_pieces - 1);
  config.end = settings.whole("eos_token_id", 0, 0, config.target_pieces - 1);
  const int64_t start = settings.whole("decoder_start_token_id", 58100, 0, kMost);
  if (start != config.padding)
    problems.add("decoder_start_token_id",
                 fmt::format("got {}, expected pad_token_id, {}: decoding begins with padding",
                             start, config.padding));
  description.source_vocabulary = config.source_pieces + 1;
  description.target_vocabulary = config.target_pieces + 1;
  problems.throw_if_any();
  description.model = description.model.resolved(problems);
  problems.throw_if_any();
  return config;
}

}  // namespace

Config read_config(const fs::path& folder) {
  config::Problems problems((folder / "config.json").string());
  Config config = checked(folder, problems);
  const bool generation = fs::exists(folder / "generation_config.json");
  const fs::path of_decoding = folder / (generation ? "generation_config.json" : "config.json");
  config::Problems decoding_problems(of_decoding.string());
  Settings settings(of_decoding, decoding_problems);
  config.description.decoding = decoding(settings);
  decoding_problems.throw_if_any();
  config::Problems tokenizer_problems((folder / "tokenizer_config.json").string());
  Settings tokenizer(folder / "tokenizer_config.json", tokenizer_problems);
  config.description.source_language = tokenizer.text("source_lang", "");
  config.description.target_language = tokenizer.text("target_lang", "");
  config.separate_vocabularies = tokenizer.flag("separate_vocabs", false);
  tokenizer_problems.throw_if_any();
  return config;
}

}  // namespace penalmt::marian
