// MarianMT folders of Transformers, imported: Transformers' own logits, losses, gradients and texts
// (tests/golden/marian.py), and what is refused.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/files.h"
#include "base/json.h"
#include "tensors/safetensors.h"
#include "tests/base/temporary_folder.h"
#include "translation/marian/import.h"
#include "translation/marian/weights.h"
#include "translation/translator.h"

namespace penalmt::marian_test {

namespace fs = std::filesystem;

const fs::path kGolden = PENALMT_SOURCE "/tests/golden/marian";
const std::vector<std::string> kCases = {"swish", "gelu", "relu", "untied"};

// A golden folder opened, and the translation of its ids into ours.
struct Opened {
  explicit Opened(const std::string& name)
      : folder(kGolden / name),
        config(marian::read_config(folder)),
        source(marian::read_vocabulary(folder / "vocab.json", config.source_pieces, config.padding,
                                       config.end)),
        target(marian::read_vocabulary(
            folder / (config.separate_vocabularies ? "target_vocab.json" : "vocab.json"),
            config.target_pieces, config.padding, config.end)),
        model(marian::read_weights(folder, config, source, target)),
        answers(load_safetensors(folder / "answers.safetensors")) {}

  at::Tensor answer(const std::string& name) const { return *find(answers, name); }
  // Their ids [B, T], padded with theirs → ours, padded with 0.
  at::Tensor ours(const at::Tensor& theirs, const marian::Vocabulary& vocabulary) const {
    at::Tensor found = theirs.clone();
    for (size_t id = 2; id < vocabulary.theirs.size(); ++id)
      found.masked_fill_(theirs.eq(vocabulary.theirs[id]), static_cast<int64_t>(id));
    return found.masked_fill_(theirs.eq(config.padding), 0);
  }
  Sentences sentences() const {
    const at::Tensor output = ours(answer("target"), target);
    const at::Tensor start = at::full({output.size(0), 1}, 1, at::kLong);
    at::Tensor input = at::cat({start, output.narrow(1, 0, output.size(1) - 1)}, 1);
    input.masked_fill_(output.eq(0), 0);
    return {ours(answer("source"), source), {}, input, output};
  }

  fs::path folder;
  marian::Config config;
  marian::Vocabulary source, target;
  TranslationModel model;
  NamedTensors answers;
};

void expect_near(const at::Tensor& got, const at::Tensor& expected, const std::string& what) {
  ASSERT_EQ(got.sizes(), expected.sizes()) << what;
  EXPECT_LE((got - expected).abs().max().item<double>(),
            1e-5 * std::max(1.0, expected.abs().max().item<double>()))
      << what;
}

TEST(MarianModel, GivesTransformersLogits) {
  for (const std::string& name : kCases)
    for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
      SCOPED_TRACE(name);
      Opened opened(name);
      opened.model->to(type);
      const Sentences batch = opened.sentences();
      const at::Tensor logits = opened.model->logits(
          opened.model->decode(batch.target_input, opened.model->encode(batch.source, {})));
      const at::Tensor real = batch.target_output.ne(0);
      const at::Tensor expected =
          opened.answer("logits").index_select(2, at::tensor(opened.target.theirs, at::kLong));
      const auto of_pieces = [&](const at::Tensor& all) {
        return all.slice(2, 1).masked_select(real.unsqueeze(-1));
      };
      expect_near(of_pieces(logits), of_pieces(expected), "logits");
      EXPECT_TRUE(logits.select(2, 0).isneginf().all().item<bool>());
    }
}

TEST(MarianModel, GivesTransformersLossesAndGradients) {
  for (const std::string& name : kCases)
    for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
      SCOPED_TRACE(name);
      Opened opened(name);
      opened.model->to(type);
      const Sentences batch = opened.sentences();
      const TokenLoss plain = opened.model->loss(batch, 0);
      expect_near(plain.total.to(at::kDouble), opened.answer("loss"), "loss");
      expect_near(plain.nll, opened.answer("loss"), "nll");
      // Two passes that are alike diverge by nothing.
      const TokenLoss pair = opened.model->pair_loss(batch, 0.1, r_drop_weights(2), {}, {});
      expect_near(pair.total.to(at::kDouble), opened.answer("smoothed"), "loss of two passes");
      const TokenLoss smoothed = opened.model->loss(batch, 0.1);
      expect_near(smoothed.total.to(at::kDouble), opened.answer("smoothed"), "smoothed loss");
      smoothed.total.backward();
      // Their gradients in our order and by our names, through the same door as the weights.
      TranslationModel gradients = marian::read_weights(opened.folder / "gradients", opened.config,
                                                        opened.source, opened.target);
      auto expected = gradients->named_parameters();
      for (const auto& item : opened.model->named_parameters()) {
        at::Tensor got = item.value().grad().to(at::kFloat), wanted = expected[item.key()].detach();
        // What the decoder starts with is padding to Transformers: no gradient where it is read.
        if (item.key() == "embedding" || item.key() == "target_embedding")
          got = got.slice(0, 2), wanted = wanted.slice(0, 2);
        expect_near(got, wanted, "gradient of " + item.key());
      }
    }
}

std::vector<std::string> texts_of(const std::vector<Translation>& translations) {
  std::vector<std::string> texts;
  for (const Translation& translation : translations)
    texts.push_back(translation.n_best.front().text);
  return texts;
}

TEST(MarianModel, WritesTransformersTranslations) {
  for (const std::string& name : kCases) {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    marian::import_folder(kGolden / name, folder / "model");
    Translator translator = Translator::open(folder / "model", at::kCPU);
    const nlohmann::json golden =
        parse_json<nlohmann::json>(read_file(kGolden / name / "texts.json"), "texts.json");
    const auto lines = golden.at("lines").get<std::vector<std::string>>();
    const auto expect = [&](const char* search, const SearchOptions& options) {
      EXPECT_EQ(texts_of(translator.translate(lines, nullptr, options, {.threads = 1})),
                golden.at(search).get<std::vector<std::string>>())
          << search;
    };
    SearchOptions search = translator.default_search();
    expect("beam", search);  // as generation_config.json has it
    search.patience = 0, search.length_penalty = 0.6;
    expect("never", search);
    search = translator.default_search();
    search.beam = 3, search.patience = 0, search.guess_end = true;
    expect("guess", search);
    search = translator.default_search();
    search.max_length = 6;
    expect("short", search);
    search = translator.default_search();
    const auto found = translator.translate(lines, nullptr, search, {.threads = 1});
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_NEAR(found[i].n_best.front().score, golden.at("scores")[i].get<double>(), 1e-5);
    search.beam = 1;
    expect("greedy", search);
    // Through LibTorch's operators.
    translator.model().to(at::kDouble);
    translator.model_changed();
    expect("greedy", search);
    expect("beam", translator.default_search());
  }
}

TEST(MarianModel, BringsHowItsSearchEnds) {
  const TemporaryFolder folder;
  fs::copy(kGolden / "swish", folder / "opus");
  const std::string file = (folder / "opus/generation_config.json").string();
  const std::string whole = read_file(file);
  const auto imported = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    write_file(file, text.replace(at, from.size(), to));
    return marian::read_config(folder / "opus").description.decoding;
  };
  const std::string key = "  \"early_stopping\": true,\n";
  for (const std::string instead : {"", "  \"early_stopping\": false,\n"}) {
    const DecodingDefaults found = imported(key, instead);
    EXPECT_EQ(found.patience, 0);
    EXPECT_TRUE(found.guess_end);
  }
  const DecodingDefaults never = imported(key, "  \"early_stopping\": \"never\",\n");
  EXPECT_EQ(never.patience, 0);
  EXPECT_FALSE(never.guess_end);
  EXPECT_FALSE(never.renormalize);
  EXPECT_TRUE(
      imported("\"renormalize_logits\": false", "\"renormalize_logits\": true").renormalize);
}

TEST(MarianModel, BringsItsSearchAndLanguages) {
  const TemporaryFolder folder;
  marian::import_folder(kGolden / "swish", folder / "model");
  Translator translator = Translator::open(folder / "model", at::kCPU);
  const SearchOptions search = translator.default_search();
  EXPECT_EQ(search.beam, 4);
  EXPECT_EQ(search.patience, 1);
  EXPECT_EQ(search.max_length, 40);
  EXPECT_TRUE(search.refill);
  EXPECT_EQ(translator.target_languages(), (std::vector<std::string>{">>deu<<", ">>nld<<"}));
  const std::vector<std::string> lines = {"Two dogs .", ">>nld<< Two dogs ."},
                                 spelt = {">>deu<< Two dogs .", ">>nld<< Two dogs ."};
  translator.translate(lines, nullptr, search, {.threads = 1});
  EXPECT_EQ(translator.without_language(), 1);
  const auto expected =
      translator.score(spelt, {"Hund .", "Hund ."}, nullptr, {.threads = 1}, "", "");
  translator.set_target_language("deu");
  const auto found = translator.score(lines, {"Hund .", "Hund ."}, nullptr, {.threads = 1}, "", "");
  EXPECT_EQ(found, expected);
  EXPECT_NE(found[0], found[1]);
  EXPECT_EQ(translator.without_language(), 1);
  EXPECT_EQ(
      folder.without_path(thrown_message<Error>([&] { translator.set_target_language("fra"); })),
      "model: target language: got 'fra', expected one of >>deu<<, >>nld<<");
}

// The target language's piece is no word of the line.
TEST(MarianModel, AlignsWordsWhateverSaysTheLanguage) {
  const TemporaryFolder folder;
  marian::import_folder(kGolden / "swish", folder / "model");
  Translator translator = Translator::open(folder / "model", at::kCPU);
  translator.set_target_language("deu");
  const auto pairs =
      translator.alignment({"Two dogs .", ">>deu<< Two dogs ."}, {"Zwei hunde .", "Zwei hunde ."},
                           nullptr, {.threads = 1});
  ASSERT_EQ(pairs[0].size(), 3);
  for (const auto& [source, target] : pairs[0]) EXPECT_LT(source, 3);
  // A code in the line is a word of it; where a word looked at another one it is one further.
  for (size_t i = 0; i < 3; ++i)
    if (pairs[1][i].first > 0) {
      EXPECT_EQ(pairs[1][i].first, pairs[0][i].first + 1);
    }
}

// ---- refusals

class MarianFolder : public testing::Test {
 protected:
  MarianFolder() { fs::copy(kGolden / "swish", folder_ / "opus"); }

  void change(const std::string& file, const std::string& from, const std::string& to) {
    std::string text = read_file(folder_ / "opus" / file);
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << file << ": " << text;
    write_file(folder_ / "opus" / file, text.replace(at, from.size(), to));
  }
  // What import says, with the folder's whole path.
  std::string said() const {
    return thrown_message<Error>(
        [&] { marian::import_folder(folder_ / "opus", folder_ / "model"); });
  }
  // The same without it; nothing is left of what was begun.
  std::string refusal() const {
    const std::string text = said();
    EXPECT_EQ(folder_.entries(), 1);
    return folder_.without_path(text);
  }
  // The folder has this fault, and how it is converted is said.
  void expect_advice(const std::string& fault) const {
    const std::string path = (folder_ / "opus").string();
    EXPECT_EQ(said(), path + fault +
                          "; convert it: python -c \"from transformers import MarianMTModel as M; "
                          "M.from_pretrained('" +
                          path + "').save_pretrained('" + path + "')\"");
  }
  void change_tensors(const std::function<void(NamedTensors&)>& change) {
    NamedTensors tensors = load_safetensors(folder_ / "opus/model.safetensors");
    change(tensors);
    save_safetensors(folder_ / "opus/model.safetensors", tensors);
  }

  const TemporaryFolder folder_;
};

TEST_F(MarianFolder, WithAFileMissingIsRefused) {
  const std::string expected =
      ": no such file; expected a MarianMT folder: config.json, model.safetensors, source.spm, "
      "target.spm, vocab.json";
  for (const std::string name :
       {"model.safetensors", "vocab.json", "target.spm", "source.spm", "config.json"}) {
    fs::remove(folder_ / "opus" / name);
    EXPECT_EQ(refusal(), "opus/" + name + expected);
  }
  fs::remove_all(folder_ / "opus");
  write_file(folder_ / "file", "");
  EXPECT_EQ(folder_.without_path(said()),
            "opus: no such folder; expected a MarianMT folder of Transformers");
}

TEST_F(MarianFolder, WithAPickleIsRefusedAndToldHowToConvertIt) {
  fs::rename(folder_ / "opus/model.safetensors", folder_ / "opus/pytorch_model.bin");
  expect_advice(
      "/pytorch_model.bin: a pickle, which could run anything; expected model.safetensors beside "
      "it");
}

TEST_F(MarianFolder, OfAnUnknownNetworkIsRefused) {
  change("config.json", "\"swish\"", "\"mish\"");
  EXPECT_EQ(refusal(),
            "opus/config.json: activation_function: got \"mish\", expected gelu, relu, silu or "
            "swish");
  change("config.json", "\"mish\"", "\"silu\"");
  change("config.json", "\"bos_token_id\"", "\"normalize_before\": true, \"bos_token_id\"");
  EXPECT_EQ(refusal(),
            "opus/config.json: normalize_before: got true, expected false: normalisations stand "
            "behind the sums");
  change("config.json", "\"normalize_before\": true",
         "\"static_position_embeddings\": false, \"decoder_ffn_dim\": 7");
  change("config.json", "\"decoder_ffn_dim\": 24,", "");
  EXPECT_EQ(refusal(),
            "opus/config.json: decoder_ffn_dim: got 7, expected 24 as encoder_ffn_dim: one number "
            "serves both stacks here\n"
            "opus/config.json: static_position_embeddings: got false, expected true: positions are "
            "computed");
  change("config.json", "\"marian\"", "\"bart\"");
  EXPECT_EQ(refusal(),
            "opus/config.json: model_type: got 'bart', expected marian: MarianMT models alone are "
            "known here");
}

TEST_F(MarianFolder, OfOtherNumbersThanItsConfigSaysIsRefused) {
  change("config.json", "\"d_model\": 16", "\"d_model\": 8");
  EXPECT_EQ(refusal(),
            "opus/model.safetensors: tensor 'model.shared.weight': got shape [64, 16], expected "
            "[64, 8], as config.json says");
  change("config.json", "\"d_model\": 8", "\"d_model\": 8192");
  EXPECT_TRUE(refusal().starts_with("opus/config.json: describes a network of at least "))
      << refusal();
  change("config.json", "\"d_model\": 8192", "\"d_model\": \"16\"");
  EXPECT_EQ(refusal(),
            "opus/config.json: d_model: got \"16\", expected a whole number from 2 to 8192");
}

TEST_F(MarianFolder, WithTensorsThatNobodyKnowsOrThatAreNotThereIsRefused) {
  change_tensors([](NamedTensors& named) {
    named.tensors.emplace_back("model.encoder.layernorm_embedding.weight", at::ones({16}));
  });
  EXPECT_EQ(refusal(),
            "opus/model.safetensors: tensor 'model.encoder.layernorm_embedding.weight' is of a "
            "kind of layer that is unknown here");
  change_tensors([](NamedTensors& named) {
    named.tensors.back() = {"lm_head.weight", at::ones({64, 16})};
  });
  EXPECT_EQ(refusal(),
            "opus/model.safetensors: tensors 'model.shared.weight' and 'lm_head.weight' differ; "
            "config.json has them as one");
  change_tensors([](NamedTensors& named) {
    named.tensors.pop_back();
    std::erase_if(named.tensors,
                  [](const auto& item) { return item.first == "model.decoder.layers.1.fc2.bias"; });
  });
  EXPECT_EQ(refusal(),
            "opus/model.safetensors: no tensor 'model.decoder.layers.1.fc2.bias', which the model "
            "needs");
}

TEST_F(MarianFolder, WithNumbersThatAreNoneIsRefused) {
  for (const float number : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    change_tensors([&](NamedTensors& named) {
      for (auto& [name, tensor] : named.tensors)
        if (name == "model.encoder.layers.0.fc1.weight") tensor[3][2] = number;
    });
    EXPECT_EQ(refusal(),
              "opus/model.safetensors: tensor 'model.encoder.layers.0.fc1.weight': holds what is "
              "no number, or is infinite; expected finite numbers; is the file damaged, or was its "
              "training so?");
  }
}

TEST_F(MarianFolder, InPartsIsRefusedAndToldHowToJoinThem) {
  fs::rename(folder_ / "opus/model.safetensors", folder_ / "opus/model.safetensors.index.json");
  expect_advice(
      "/model.safetensors.index.json: the weights are in several files; expected one, "
      "model.safetensors");
}

TEST_F(MarianFolder, WithAVocabularyThatDoesNotFitIsRefused) {
  change("config.json", "\"pad_token_id\": 63", "\"pad_token_id\": 62");
  EXPECT_EQ(refusal(),
            "opus/config.json: decoder_start_token_id: got 63, expected pad_token_id, 62: decoding "
            "begins with padding");
  change("config.json", "\"decoder_start_token_id\": 63", "\"decoder_start_token_id\": 62");
  EXPECT_EQ(refusal(),
            "opus/vocab.json: '<pad>' has the number 63; expected 62, as config.json says "
            "(pad_token_id)");
}

TEST_F(MarianFolder, WithSettingsThatAreNoneIsRefused) {
  change("generation_config.json", "\"early_stopping\": true", "\"early_stopping\": 3");
  change("generation_config.json", "\"num_beams\": 4", "\"num_beams\": 0");
  EXPECT_EQ(refusal(),
            "opus/generation_config.json: num_beams: got 0, expected a whole number from 1 to "
            "1000\nopus/generation_config.json: early_stopping: got 3, expected true, false or "
            "\"never\"");
}

TEST_F(MarianFolder, WithAnotherModelsVocabularyIsRefused) {
  change("vocab.json", "\".\": 2, ", "");
  EXPECT_EQ(refusal(),
            "opus/vocab.json: 63 pieces; expected 64, as config.json says; is it another model's?");
  change("vocab.json", "{", "{\".\": 3, ");
  EXPECT_EQ(refusal(), "opus/vocab.json: '.' and 'A' both have the number 3");
  change("vocab.json", "\".\": 3", "\".\": 64");
  EXPECT_EQ(refusal(), "opus/vocab.json: '.': got 64, expected a number from 0 to 63");
  change("vocab.json", "\".\": 64", "\".\": 0");
  change("vocab.json", "\"</s>\": 0", "\"</s>\": 2");
  EXPECT_EQ(refusal(),
            "opus/vocab.json: '</s>' has the number 2; expected 0, as config.json says "
            "(eos_token_id)");
}

TEST_F(MarianFolder, WithADamagedTokenizerIsRefused) {
  write_file(folder_ / "opus/source.spm", "no model");
  EXPECT_EQ(refusal(), "opus/source.spm: not a SentencePiece model, or a damaged one");
}

}  // namespace penalmt::marian_test
