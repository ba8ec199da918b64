// Laws of a training run: it learns, it resumes to the bit, accumulation changes nothing, it stops
// and averages as told.
#include "training/trainer.h"
#include "base/line_reader.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <csignal>
#include <map>

#include "base/files.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "tensors/safetensors.h"
#include "tests/base/temporary_folder.h"
#include "tests/training/toy_training.h"
#include "training/schedule.h"

namespace penalmt::trainer_test {

namespace fs = std::filesystem;

// A folder of its own for every test.
struct Folder {
  Folder()
      : path(fs::temp_directory_path() /
             ("penalmt_" +
              std::string(testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

std::unique_ptr<Trainer> make_trainer(const Recipe& recipe, const fs::path& run,
                                      bool resume = false) {
  DataSplit train = toy_split(), valid = toy_split();
  fs::create_directories(run);
  const Tokenizers tokenizers = train_tokenizers(train.text, recipe);
  encode_split(train, tokenizers, recipe);
  encode_split(valid, tokenizers, recipe);
  return std::make_unique<Trainer>(
      recipe, run, TrainingData{tokenizers, std::move(train), std::move(valid)}, c10::kCPU, resume);
}

NamedTensors last_weights(const fs::path& run) {
  return load_safetensors(newest_checkpoint(run).value() / "model.safetensors");
}

void expect_equal(const NamedTensors& got, const NamedTensors& expected) {
  ASSERT_EQ(got.tensors.size(), expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors)
    EXPECT_TRUE(torch::equal(*find(got, name), tensor)) << name;
}

TEST(Trainer, LearnsByHeart) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.updates = 400;
  recipe.training.validate_every = 400;
  recipe.training.label_smoothing = 0;
  recipe.training.validate_bleu = true;
  make_trainer(recipe, folder.path / "run")->run();
  const auto last =
      nlohmann::ordered_json::parse(read_lines(folder.path / "run" / "metrics.jsonl").back());
  std::vector<std::string> keys;
  for (const auto& [key, value] : last.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"update", "epoch", "loss", "nll", "valid_nll",
                                            "valid_accuracy", "valid_bleu", "learning_rate",
                                            "target_tokens", "tokens_per_second", "seconds"}));
  EXPECT_GT(last["valid_bleu"].get<double>(), 80);
  EXPECT_DOUBLE_EQ(last["learning_rate"].get<double>(), inverse_square_root(400, 5e-3, 10, 1e-7));
  EXPECT_LT(last["valid_nll"].get<double>(), 0.1);
  EXPECT_GT(last["valid_accuracy"].get<double>(), 0.97);
}

TEST(Trainer, AResumedRunEqualsAnUninterruptedOneToTheBit) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.bpe_dropout = 0.2;  // drawn pieces too are the same
  make_trainer(recipe, folder.path / "whole")->run();
  Recipe half = recipe;
  half.training.updates = 7;  // in the middle of an epoch
  make_trainer(half, folder.path / "parts")->run();
  // The end of the first part is a validation that the whole run does not have: the comparison
  // below is of the last ones.
  make_trainer(recipe, folder.path / "parts", true)->run();
  expect_equal(last_weights(folder.path / "parts"), last_weights(folder.path / "whole"));
  const auto optimiser = [&](const char* run) {
    return load_safetensors(newest_checkpoint(folder.path / run).value() / "optimiser.safetensors");
  };
  expect_equal(optimiser("parts"), optimiser("whole"));
  const auto last_line = [&](const char* run) {
    return nlohmann::json::parse(read_lines(folder.path / run / "metrics.jsonl").back());
  };
  EXPECT_EQ(last_line("parts")["valid_nll"], last_line("whole")["valid_nll"]);
  EXPECT_EQ(last_line("parts")["target_tokens"], last_line("whole")["target_tokens"]);
}

TEST(Trainer, EachEpochDrawsItsPiecesAnewWithBpeDropout) {
  Recipe recipe = tiny_recipe();
  recipe.training.bpe_dropout = 0.5;
  DataSplit split = toy_split();
  const Tokenizers tokenizers = train_tokenizers(split.text, recipe);
  encode_split(split, tokenizers, recipe);
  const auto sources = [&](uint64_t seed) {
    sample_split(split, tokenizers, recipe, seed);
    std::vector<std::vector<int>> all;
    for (const Example& example : split.examples) {
      EXPECT_EQ(example.source.back(), kEos);
      EXPECT_EQ(example.target.front(), kBos);
      EXPECT_EQ(example.target.back(), kEos);
      EXPECT_EQ(tokenizers.target.decode(example.target), split.text.target[example.id]);
      all.push_back(example.source);
    }
    return all;
  };
  const auto first = sources(1);
  EXPECT_NE(sources(2), first);
  EXPECT_EQ(sources(1), first);
}

TEST(Trainer, DropsNoMergesWhereLearnedPositionsWouldEnd) {
  Recipe recipe = tiny_recipe();
  recipe.training.bpe_dropout = 0.9;
  recipe.model.positions = "learned";
  DataSplit split = toy_split();
  const Tokenizers tokenizers = train_tokenizers(split.text, recipe);
  encode_split(split, tokenizers, recipe);
  size_t longest = 0;
  for (const Example& example : split.examples)
    longest = std::max({longest, example.source.size(), example.target.size()});
  recipe.model.longest = static_cast<int64_t>(longest);
  const std::vector<Example> plain = split.examples;
  sample_split(split, tokenizers, recipe, 2);  // an earlier epoch leaves nothing behind
  sample_split(split, tokenizers, recipe, 1);
  int long_ones = 0, drawn = 0;
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_LE(std::max(split.examples[i].source.size(), split.examples[i].target.size()), longest);
    long_ones += plain[i].target.size() == longest;
    if (plain[i].target.size() == longest) {
      EXPECT_EQ(split.examples[i].target, plain[i].target);
    }
    drawn += split.examples[i].source != plain[i].source;
  }
  EXPECT_GT(long_ones, 0);
  EXPECT_GT(drawn, 0);
}

TEST(Trainer, AccumulatedBatchesEqualOneLargeBatch) {
  Folder folder;
  Recipe small = tiny_recipe(), large = tiny_recipe();
  small.training.updates = large.training.updates = 1;
  small.training.batch_tokens = 6,
  small.training.accumulate = 1000;  // the whole epoch in tiny batches
  large.training.batch_tokens = 10000;
  auto a = make_trainer(small, folder.path / "small"),
       b = make_trainer(large, folder.path / "large");
  a->run();
  b->run();
  const NamedTensors mean_a =
      load_safetensors(newest_checkpoint(folder.path / "small").value() / "optimiser.safetensors");
  const NamedTensors mean_b =
      load_safetensors(newest_checkpoint(folder.path / "large").value() / "optimiser.safetensors");
  const at::Tensor& gradient = *find(mean_b, "mean");
  EXPECT_LE((*find(mean_a, "mean") - gradient).abs().max().item<double>(),
            1e-5 * gradient.abs().max().item<double>());
}

// With two passes, too: what is drawn does not depend on the batches.
TEST(Trainer, AccumulatedBatchesEqualOneLargeBatchOfTwoPasses) {
  for (const bool r_drop : {true, false}) {
    Folder folder;
    const auto gradient = [&](int64_t tokens, int64_t accumulate) {
      Recipe recipe = tiny_recipe();
      recipe.training.updates = 1;
      recipe.training.batch_tokens = tokens, recipe.training.accumulate = accumulate;
      recipe.training.r_drop = r_drop ? 5 : 0;
      recipe.training.token_cutoff = r_drop ? 0 : 0.3;
      recipe.model.word_dropout = {.source = 0.2, .target = 0.2};
      const fs::path run = folder.path / std::to_string(tokens);
      make_trainer(recipe, run)->run();
      const NamedTensors state =
          load_safetensors(newest_checkpoint(run).value() / "optimiser.safetensors");
      return find(state, "mean")->clone();
    };
    const at::Tensor whole = gradient(10000, 1);
    EXPECT_LE((gradient(6, 1000) - whole).abs().max().item<double>(),
              1e-5 * whole.abs().max().item<double>());
  }
}

TEST(Trainer, TheMovingAverageIsValidatedAndSaved) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.ema = 0.9, recipe.training.validate_every = 10;
  make_trainer(recipe, folder.path / "whole")->run();
  const auto averaged = [&](const char* run) {
    return load_safetensors(folder.path / run / "ema" / "model.safetensors");
  };
  const NamedTensors last = last_weights(folder.path / "whole");
  EXPECT_FALSE(torch::equal(*find(averaged("whole"), "embedding"), *find(last, "embedding")));
  const auto metrics = [&](const char* run) {
    return nlohmann::json::parse(read_lines(folder.path / run / "metrics.jsonl").back());
  };
  EXPECT_NE(metrics("whole")["ema_valid_nll"], metrics("whole")["valid_nll"]);
  // What is trained does not change; and what is validated is what is saved.
  Recipe plain = recipe;
  plain.training.ema = 0;
  make_trainer(plain, folder.path / "plain")->run();
  expect_equal(last_weights(folder.path / "plain"), last);
  EXPECT_FALSE(fs::exists(folder.path / "plain" / "ema"));
  EXPECT_FALSE(metrics("plain").contains("ema_valid_nll"));
  Recipe from = plain;
  from.training.initial_weights = (folder.path / "whole" / "ema").string();
  from.training.updates = 1, from.training.learning_rate = 0;
  from.training.initial_learning_rate = 0;
  make_trainer(from, folder.path / "from")->run();
  EXPECT_EQ(metrics("from")["valid_nll"], metrics("whole")["ema_valid_nll"]);
  // It goes on with a resumed run.
  Recipe half = recipe;
  half.training.updates = 7;
  make_trainer(half, folder.path / "parts")->run();
  make_trainer(recipe, folder.path / "parts", true)->run();
  expect_equal(averaged("parts"), averaged("whole"));
}

TEST(Trainer, KeepsTheLastCheckpointsAndAveragesThem) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.validate_every = 4;
  make_trainer(recipe, folder.path / "run")->run();
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path / "run" / "checkpoints"))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"00000012", "00000016", "00000020"}));
  const NamedTensors averaged =
      load_safetensors(folder.path / "run" / "averaged" / "model.safetensors");
  at::Tensor sum = torch::zeros_like(*find(averaged, "embedding"));
  for (const std::string& name : names)
    sum += *find(load_safetensors(folder.path / "run" / "checkpoints" / name / "model.safetensors"),
                 "embedding");
  EXPECT_TRUE(torch::allclose(*find(averaged, "embedding"), sum / 3, 1e-5, 1e-7));
  EXPECT_FALSE(
      fs::exists(folder.path / "run" / "checkpoints" / "00000012" / "optimiser.safetensors"));
  EXPECT_TRUE(fs::exists(folder.path / "run" / "best" / "model.safetensors"));
}

std::vector<std::string> checkpoints_of(const fs::path& run) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints"))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Trainer, KeepsWhatTheRecipeAsksFor) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.validate_every = 2, recipe.training.average = 3;
  recipe.training.keep_last = 2, recipe.training.keep_every = 8, recipe.training.keep_best = true;
  recipe.training.learning_rate = recipe.training.initial_learning_rate = 0;  // the first is best
  const fs::path run = folder.path / "run";
  make_trainer(recipe, run)->run();
  EXPECT_EQ(checkpoints_of(run),
            (std::vector<std::string>{"00000002", "00000008", "00000016", "00000018", "00000020"}));
  for (const std::string& name : checkpoints_of(run))
    EXPECT_TRUE(fs::exists(run / "checkpoints" / name / "optimiser.safetensors")) << name;
  EXPECT_EQ(complete_checkpoints(run).size(), 5u);
  recipe.training.keep_every = 0, recipe.training.keep_best = false;
  recipe.training.keep_last = 1;  // as long as nothing else is said
  make_trainer(recipe, folder.path / "few")->run();
  EXPECT_EQ(checkpoints_of(folder.path / "few"),
            (std::vector<std::string>{"00000016", "00000018", "00000020"}));
  EXPECT_EQ(complete_checkpoints(folder.path / "few").size(), 1u);
}

TEST(Trainer, GoesBackToAnEarlierCheckpointWhereTheNewerOnesAreRemoved) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.validate_every = 4, recipe.training.keep_every = 8;
  const fs::path run = folder.path / "run", back = folder.path / "back";
  make_trainer(recipe, run)->run();
  fs::copy(run, back, fs::copy_options::recursive);
  for (const char* name : {"00000020", "00000016", "00000012"})
    fs::remove_all(back / "checkpoints" / name);
  Recipe no_further = recipe;
  no_further.training.updates = 8;
  make_trainer(no_further, back, /*resume=*/true)->run();
  // What was best and averaged then is so again.
  EXPECT_TRUE(read_file(back / "best/model.safetensors") ==
              read_file(back / "checkpoints/00000008/model.safetensors"));
  EXPECT_EQ(read_lines(back / "metrics.jsonl").size(), 2u);
  make_trainer(recipe, back, /*resume=*/true)->run();
  expect_equal(last_weights(back), last_weights(run));
  EXPECT_TRUE(read_file(back / "best/model.safetensors") ==
              read_file(run / "best/model.safetensors"));
  EXPECT_EQ(read_lines(back / "metrics.jsonl").size(), read_lines(run / "metrics.jsonl").size());
}

TEST(Trainer, RefusesADamagedCheckpointAndSaysWhichIsWhole) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.validate_every = 4, recipe.training.keep_last = 2;
  const fs::path run = folder.path / "run", checkpoints = run / "checkpoints",
                 last = checkpoints / "00000020";
  make_trainer(recipe, run)->run();
  const auto sum = [](const fs::path& file) { return sha256(read_file(file)); };
  std::string sums;
  for (const char* name : {"model.safetensors", "optimiser.safetensors", "state.json"})
    sums += sum(last / name) + "  " + name + "\n";
  EXPECT_EQ(read_file(last / "SHA256SUMS"), sums);

  const auto damage = [](const fs::path& file) {
    std::string bytes = read_file(file);
    bytes[bytes.size() / 2] ^= 1;
    write_file(file, bytes);
  };
  const auto refusal = [&] {
    return thrown_message<Error>([&] { make_trainer(recipe, run, /*resume=*/true); });
  };
  const auto found = [&](const fs::path& file, const std::string& noted) {
    return file.string() + ": damaged: got the SHA-256 " + sum(file).substr(0, 12) +
           "..., SHA256SUMS has " + noted.substr(0, 12) + "...";
  };
  const std::string noted = sum(last / "optimiser.safetensors");
  damage(last / "optimiser.safetensors");
  EXPECT_EQ(refusal(), found(last / "optimiser.safetensors", noted) + "; remove " + last.string() +
                           " to go on from " + (checkpoints / "00000016").string() +
                           ", which is whole");
  const std::string state = sum(checkpoints / "00000016/state.json");
  damage(checkpoints / "00000016/state.json");
  const std::string no_other =
      "; no earlier checkpoint can be continued from: put the file back from a copy, or begin a "
      "new "
      "run with training.initial_weights=" +
      (run / "best").string();
  EXPECT_EQ(refusal(), found(last / "optimiser.safetensors", noted) + no_other);
  fs::remove_all(last);
  EXPECT_EQ(refusal(), found(checkpoints / "00000016/state.json", state) + no_other);
  // Nothing was noted by programs before this one.
  damage(checkpoints / "00000016/state.json");
  fs::remove(checkpoints / "00000016/SHA256SUMS");
  const std::string weights = sum(checkpoints / "00000012/model.safetensors");
  damage(checkpoints / "00000012/model.safetensors");
  EXPECT_EQ(refusal(), found(checkpoints / "00000012/model.safetensors", weights) +
                           "; it is averaged with the newer ones: put it back from a copy");
  damage(checkpoints / "00000012/model.safetensors");
  make_trainer(recipe, run, /*resume=*/true)->run();
  write_file(last / "SHA256SUMS", "");
  EXPECT_EQ(refusal(), (last / "SHA256SUMS").string() +
                           ": damaged: holds no line of model.safetensors; remove " +
                           last.string() + " to go on from " + (checkpoints / "00000016").string() +
                           ", which is whole");
}

TEST(Trainer, TheEpochItTellsIsTheEpochItWritesDown) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.updates = 1000, recipe.training.patience = 1;
  recipe.training.learning_rate = recipe.training.initial_learning_rate = 0;
  print_messages();
  testing::internal::CaptureStderr();
  make_trainer(recipe, folder.path / "run")->run();
  const std::string said = testing::internal::GetCapturedStderr();
  const std::vector<std::string> lines = read_lines(folder.path / "run" / "metrics.jsonl");
  ASSERT_EQ(lines.size(), 2u);
  for (int64_t epoch : {1, 2}) {
    const auto line = nlohmann::json::parse(lines[static_cast<size_t>(epoch - 1)]);
    EXPECT_EQ(line["epoch"], epoch);
    EXPECT_NE(said.find("update " + line["update"].dump() + ", epoch " + std::to_string(epoch) +
                        ": validation nll"),
              std::string::npos)
        << said;
  }
}

TEST(Trainer, MakesAgainWhatWasRemoved) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.validate_every = 4;
  const fs::path run = folder.path / "run";
  make_trainer(recipe, run)->run();
  const auto weights = [&](const char* name) {
    return read_file(run / name / "model.safetensors");
  };
  const std::string best = weights("best"), averaged = weights("averaged");
  fs::remove_all(run / "best");
  fs::remove_all(run / "averaged");
  make_trainer(recipe, run, /*resume=*/true)->run();
  EXPECT_TRUE(weights("best") == best);
  EXPECT_TRUE(weights("averaged") == averaged);
}

TEST(Trainer, StopsWhenPatienceEnds) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.updates = 1000, recipe.training.validate_every = 1, recipe.training.patience = 3;
  recipe.training.learning_rate = recipe.training.initial_learning_rate =
      0;  // nothing is ever learnt
  make_trainer(recipe, folder.path / "run")->run();
  EXPECT_EQ(read_lines(folder.path / "run" / "metrics.jsonl").size(), 4u);
}

TEST(Trainer, WritesTheChainAsOftenAsAsked) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  make_trainer(recipe, folder.path / "plain")->run();
  recipe.training.chain_every = 5;
  make_trainer(recipe, folder.path / "whole")->run();
  Recipe half = recipe;
  half.training.updates = 12;
  make_trainer(half, folder.path / "parts")->run();
  write_file(folder.path / "parts" / "chain.jsonl",
             read_file(folder.path / "parts" / "chain.jsonl") + "{\"update\":");  // killed there
  make_trainer(recipe, folder.path / "parts", true)->run();

  const auto lines = read_lines(folder.path / "whole" / "chain.jsonl");
  ASSERT_EQ(lines.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    const auto line = nlohmann::json::parse(lines[i]);
    EXPECT_EQ(line["update"], 5 * (i + 1));
    ASSERT_EQ(line["chains"].size(), 2u);
    EXPECT_EQ(line["chains"][1]["stack"], "decoder");
    EXPECT_EQ(line["chains"][1]["nodes"].size(), 3u);
    EXPECT_GT(line["chains"][1]["nodes"][2]["step"].get<double>(), 0);
  }
  EXPECT_EQ(read_lines(folder.path / "parts" / "chain.jsonl"), lines);
  EXPECT_FALSE(fs::exists(folder.path / "plain" / "chain.jsonl"));
  expect_equal(last_weights(folder.path / "whole"), last_weights(folder.path / "plain"));
}

TEST(Trainer, LogsItsOwnNumbersAsOftenAsAsked) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  make_trainer(recipe, folder.path / "plain")->run();
  recipe.training.log_every = 4;
  make_trainer(recipe, folder.path / "whole")->run();
  Recipe half = recipe;
  half.training.updates = 13;
  make_trainer(half, folder.path / "parts")->run();
  make_trainer(recipe, folder.path / "parts", true)->run();

  const auto values = [&](const char* run) {
    std::vector<nlohmann::json> lines;
    for (const std::string& text : read_lines(folder.path / run / "training.jsonl")) {
      lines.push_back(nlohmann::json::parse(text));
      EXPECT_GT(lines.back()["tokens_per_second"].get<double>(), 0);
      EXPECT_GT(lines.back()["memory_mb"].get<double>(), 1);
      lines.back().erase("tokens_per_second");  // these differ from run to run
      lines.back().erase("memory_mb");
    }
    return lines;
  };
  const auto lines = values("whole");
  ASSERT_EQ(lines.size(), 5u);
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["update"], 4 * (i + 1));
    EXPECT_GT(lines[i]["gradient_norm"].get<double>(), 0);
    EXPECT_EQ(lines[i].size(), 5u) << lines[i];
  }
  EXPECT_LT(lines[4]["nll"].get<double>(), lines[0]["nll"].get<double>());
  EXPECT_EQ(values("parts"), lines);
  EXPECT_FALSE(fs::exists(folder.path / "plain" / "training.jsonl"));
  expect_equal(last_weights(folder.path / "whole"), last_weights(folder.path / "plain"));
}

TEST(Trainer, StopsWhereNumbersAreNoNumbersAndNamesWhatIsLeft) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.learning_rate = recipe.training.initial_learning_rate = 1e30;
  recipe.training.validate_every = 1;
  try {
    make_trainer(recipe, folder.path / "run")->run();
    FAIL() << "it went on";
  } catch (const MachineError& error) {
    const std::string said = error.what(), run = (folder.path / "run").string();
    EXPECT_TRUE(said.starts_with(run + ": update 2: the gradient's norm is ")) << said;
    EXPECT_TRUE(
        said.ends_with("; expected finite numbers; try a lower training.learning_rate; the last "
                       "good checkpoint is " +
                       run + "/checkpoints/00000001"))
        << said;
  }
  recipe.training.validate_every = 100;
  EXPECT_TRUE(thrown_message<MachineError>([&] {
                make_trainer(recipe, folder.path / "early")->run();
              }).ends_with("; there is no checkpoint"));
}

// The message of the failure of a run that goes on with another learning rate.
std::string failure_of(Recipe recipe, const fs::path& run, double learning_rate) {
  recipe.training.learning_rate = learning_rate;
  return thrown_message<MachineError>([&] { make_trainer(recipe, run, /*resume=*/true)->run(); });
}

TEST(Trainer, StopsWhereItDivergesAndNamesTheLastGoodCheckpoint) {
  Folder folder;
  Recipe begun = tiny_recipe(), on = begun;
  begun.training.updates = 8, begun.training.validate_every = 8;
  on.training.updates = 100, on.training.validate_every = 100;
  const fs::path run = folder.path / "run";
  make_trainer(begun, run)->run();
  fs::copy(run, folder.path / "often", fs::copy_options::recursive);
  fs::copy(run, folder.path / "never", fs::copy_options::recursive);
  const std::string said = failure_of(on, run, 3);
  EXPECT_TRUE(said.starts_with(run.string() + ": update ")) << said;
  EXPECT_NE(said.find(": diverged: the mean nll of the last updates is "), std::string::npos)
      << said;
  const std::string end =
      " before; training.divergence allows 5 more; try a lower training.learning_rate; ";
  EXPECT_TRUE(
      said.ends_with(end + "the last good checkpoint is " + run.string() + "/checkpoints/00000008"))
      << said;

  // A checkpoint on the way up is no good one.
  on.training.validate_every = 1;
  const std::string often = failure_of(on, folder.path / "often", 3);
  EXPECT_TRUE(often.ends_with(end + "the last good weights are " +
                              (folder.path / "often/best").string() +
                              ", of update 8; the last checkpoint is " +
                              newest_checkpoint(folder.path / "often")->string()))
      << often;

  on.training.divergence = 0, on.training.learning_rate = 3, on.training.updates = 30;
  make_trainer(on, folder.path / "never", /*resume=*/true)->run();
}

TEST(Trainer, KnowsItsLowestLossWhenItGoesOn) {
  Folder folder;
  Recipe recipe = tiny_recipe(), half = recipe;
  half.training.updates = 7;
  make_trainer(recipe, folder.path / "whole")->run();
  make_trainer(half, folder.path / "parts")->run();
  make_trainer(recipe, folder.path / "parts", true)->run();
  const TrainingState whole = read_state(*newest_checkpoint(folder.path / "whole")),
                      parts = read_state(*newest_checkpoint(folder.path / "parts"));
  EXPECT_GT(whole.recent_nll, 0);
  EXPECT_LE(whole.lowest_recent_nll, whole.recent_nll);
  EXPECT_EQ(parts.recent_nll, whole.recent_nll);
  EXPECT_EQ(parts.lowest_recent_nll, whole.lowest_recent_nll);
}

TEST(Trainer, RehearsesAnEpochAndWritesNothing) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.accumulate = 2;
  DataSplit split = toy_split();
  encode_split(split, train_tokenizers(split.text, recipe), recipe);
  int64_t tokens = 0;
  for (const Example& example : split.examples)
    tokens += static_cast<int64_t>(example.target.size()) - 1;
  const auto batches = static_cast<int64_t>(
      make_batches(split.examples, recipe.training.batch_tokens, std::nullopt).size());
  const auto trainer = make_trainer(recipe, folder.path / "run");
  const Rehearsal found = trainer->rehearse(/*seconds=*/1000);
  EXPECT_EQ(found.batches, batches);
  EXPECT_EQ(found.updates, (batches + 1) / 2);
  EXPECT_EQ(found.target_tokens, tokens);
  EXPECT_EQ(found.timed.updates, found.updates);
  EXPECT_EQ(found.timed.count, tokens);
  EXPECT_GT(found.timed.seconds, 0);
  EXPECT_GE(found.padding, 0);
  EXPECT_LT(found.padding, 0.5);
  int64_t parameters = 0;
  for (const at::Tensor& parameter : trainer->model()->parameters())
    parameters += parameter.numel();
  EXPECT_EQ(found.parameters, parameters);
  EXPECT_EQ(found.state_bytes, 16.0 * static_cast<double>(parameters));
  EXPECT_TRUE(fs::is_empty(folder.path / "run"));
  EXPECT_EQ(make_trainer(recipe, folder.path / "run")->rehearse(/*seconds=*/0).timed.updates, 1);
}

// A split whose images are noise, for a gated model.
std::unique_ptr<Trainer> gated_trainer(Recipe recipe, const fs::path& run,
                                       const std::string& fusion = "gated", bool resume = false) {
  class Noise : public ImageSet {
   public:
    explicit Noise(int64_t lines) {
      for (int64_t i = 0; i < lines; ++i) index_.push_back(i);
    }
    at::Tensor rows(const std::vector<int64_t>& which) const override {
      return at::sin(at::tensor(which, at::kDouble).view({-1, 1, 1}) +
                     at::arange(6).view({1, 2, 3}))
          .to(at::kFloat);
    }
  };
  recipe.model.fusion = fusion;
  recipe.model.image_encoder.kind = "features";
  recipe.model.features = {.regions = 2, .width = 3};
  DataSplit train = toy_split(), valid = toy_split();
  for (DataSplit* split : {&train, &valid})
    split->images = std::make_shared<Noise>(static_cast<int64_t>(split->text.source.size()));
  fs::create_directories(run);
  const Tokenizers tokenizers = train_tokenizers(train.text, recipe);
  encode_split(train, tokenizers, recipe);
  encode_split(valid, tokenizers, recipe);
  return std::make_unique<Trainer>(
      recipe, run, TrainingData{tokenizers, std::move(train), std::move(valid)}, c10::kCPU, resume);
}

TEST(Trainer, SaysHowFarItsGateIsOpen) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  gated_trainer(recipe, folder.path / "plain")->run();
  recipe.training.log_every = 10;
  const auto trainer = gated_trainer(recipe, folder.path / "run");
  print_messages();
  testing::internal::CaptureStderr();
  trainer->run();
  const std::string said = testing::internal::GetCapturedStderr();
  // Sentence by sentence there is no padding.
  DataSplit split = toy_split();
  encode_split(split, train_tokenizers(split.text, recipe), recipe);
  double sum = 0, positions = 0;
  for (const Example& example : split.examples) {
    const at::Tensor image =
        at::sin(at::full({1, 1, 1}, example.id, at::kDouble) + at::arange(6).view({1, 2, 3}))
            .to(at::kFloat);
    const at::Tensor gate =
        trainer->model()
            ->view_images(at::tensor(example.source, at::kLong).unsqueeze(0), image, {})
            .gate;
    sum += gate.sum().item<double>();
    positions += static_cast<double>(gate.numel());
  }
  const auto line = nlohmann::json::parse(read_lines(folder.path / "run/training.jsonl").back());
  const auto metrics = nlohmann::json::parse(read_lines(folder.path / "run/metrics.jsonl").back());
  EXPECT_NEAR(line["gate"].get<double>(), sum / positions, 1e-5);
  EXPECT_NEAR(metrics["valid_gate"].get<double>(), sum / positions, 1e-5);
  EXPECT_NE(said.find(fmt::format(" MB, gate {:.3f}\n", line["gate"].get<double>())),
            std::string::npos)
      << said;
  expect_equal(last_weights(folder.path / "run"), last_weights(folder.path / "plain"));
}

TEST(Trainer, EveryFusionHasAGateToTellOf) {
  for (const char* fusion : {"selective", "concatenated", "doubly_attentive"}) {
    Folder folder;
    gated_trainer(tiny_recipe(), folder.path / "run", fusion)->run();
    const auto metrics =
        nlohmann::json::parse(read_lines(folder.path / "run/metrics.jsonl").back());
    EXPECT_GT(metrics["valid_gate"].get<double>(), 0) << fusion;
    EXPECT_LT(metrics["valid_gate"].get<double>(), 1) << fusion;
  }
}

TEST(Trainer, WithEveryImageDroppedTheFusionLearnsNothing) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.weight_decay = 0;
  const auto gate_moves = [&](double dropout, const char* run) {
    recipe.training.image_dropout = dropout;
    const auto trainer = gated_trainer(recipe, folder.path / run);
    const at::Tensor before =
        trainer->model()->named_parameters()["fusion.gate.weight"].detach().clone();
    trainer->run();
    return (trainer->model()->named_parameters()["fusion.gate.weight"] - before)
        .abs()
        .max()
        .item<double>();
  };
  EXPECT_EQ(gate_moves(1, "all"), 0);
  EXPECT_GT(gate_moves(0.5, "half"), 1e-3);
  // Another draw than with all images: the runs differ.
  gate_moves(0, "none");
  EXPECT_FALSE(torch::equal(*find(last_weights(folder.path / "half"), "embedding"),
                            *find(last_weights(folder.path / "none"), "embedding")));
}

TEST(Trainer, BeginsWithTheWeightsOfAnotherRun) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  make_trainer(recipe, folder.path / "text")->run();
  recipe.training.initial_weights = (folder.path / "text").string();
  const auto trainer = gated_trainer(recipe, folder.path / "gated");
  const NamedTensors text =
      load_safetensors(folder.path / "text" / "averaged" / "model.safetensors");
  for (const auto& item : trainer->model()->named_parameters()) {
    const at::Tensor* taken = find(text, item.key());
    EXPECT_EQ(taken == nullptr, item.key().starts_with("fusion.")) << item.key();
    if (taken) {
      EXPECT_TRUE(torch::equal(item.value(), *taken)) << item.key();
    }
  }
  EXPECT_EQ(trainer->model()
                ->named_parameters()["fusion.image_projection.weight"]
                .abs()
                .max()
                .item<double>(),
            0);  // it starts silent
}

// A text model whose fusion alone is trained.
TEST(Trainer, TrainsTheNamedPartsAlone) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.weight_decay = 0.1;
  recipe.training.ema = 0.9;
  recipe.training.image_dropout = 0.3;  // and some batches have nothing to learn from
  recipe.training.batch_tokens = 12;
  make_trainer(recipe, folder.path / "text")->run();
  recipe.training.initial_weights = (folder.path / "text").string();
  recipe.training.train_only = {"fusion"};
  for (const std::string fusion : {"gated", "doubly_attentive"}) {
    SCOPED_TRACE(fusion);
    const fs::path run = folder.path / fusion;
    const auto trainer = gated_trainer(recipe, run, fusion);
    const Rehearsal rehearsal = gated_trainer(recipe, folder.path / "tried", fusion)->rehearse(0);
    trainer->run();
    const NamedTensors text = load_safetensors(folder.path / "text/averaged/model.safetensors");
    int64_t all = 0, learning = 0;
    for (const auto& item : trainer->model()->named_parameters()) {
      all += item.value().numel();
      if (part_of(item.key()) == ModelPart::fusion) {
        learning += item.value().numel();
        EXPECT_EQ(find(text, item.key()), nullptr) << item.key();
        continue;
      }
      for (const char* of : {"averaged", "ema"})
        EXPECT_TRUE(
            torch::equal(*find(load_safetensors(run / of / "model.safetensors"), item.key()),
                         *find(text, item.key())))
            << of << " " << item.key();
      EXPECT_FALSE(item.value().grad().defined()) << item.key();
    }
    ASSERT_GT(learning, 0);
    const NamedTensors state =
        load_safetensors(newest_checkpoint(run).value() / "optimiser.safetensors");
    for (const char* name : {"mean", "square", "average"})
      EXPECT_EQ(find(state, name)->numel(), learning) << name;
    EXPECT_GT(find(state, "square")->max().item<double>(), 0);
    EXPECT_EQ(rehearsal.parameters, all);
    EXPECT_EQ(rehearsal.state_bytes, 4.0 * static_cast<double>(all + 4 * learning));

    // Resumed, to the bit.
    Recipe half = recipe;
    half.training.updates = 7;
    gated_trainer(half, folder.path / (fusion + "_parts"), fusion)->run();
    gated_trainer(recipe, folder.path / (fusion + "_parts"), fusion, /*resume=*/true)->run();
    expect_equal(last_weights(folder.path / (fusion + "_parts")), last_weights(run));
  }
}

TEST(Trainer, TakesATokenizerOfTheUsersOwn) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.updates = 2;
  const Tokenizer own = train_tokenizers(toy_split().text, recipe).source;
  write_file(folder.path / "own.model", own.serialized());
  recipe.tokenizer.files = {(folder.path / "own.model").string()};
  recipe.tokenizer.vocabulary = 5;  // not used
  const Tokenizers taken = train_tokenizers(toy_split().text, recipe);
  EXPECT_EQ(taken.source.serialized(), own.serialized());
  EXPECT_EQ(taken.target.serialized(), own.serialized());
  // One with SentencePiece's usual ids: another file of the golden models.
  recipe.tokenizer.files = {PENALMT_SOURCE "/tests/golden/marian/swish/source.spm"};
  const Tokenizers others = train_tokenizers(toy_split().text, recipe);
  EXPECT_EQ(others.source.piece(0), "<pad>");
  EXPECT_EQ(others.source.decode(others.source.encode("The dog .")), "The dog .");
  make_trainer(recipe, folder.path / "run")->run();
}

TEST(Trainer, TakesCodesOfSubwordNmt) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.updates = 2;
  recipe.training.bpe_dropout = 0.2;
  recipe.tokenizer.files = {PENALMT_SOURCE "/tests/golden/subword_codes/codes"};
  const Tokenizers joint = train_tokenizers(toy_split().text, recipe);
  EXPECT_EQ(joint.source.serialized(), joint.target.serialized());
  const std::string line = toy_split().text.target.front();
  EXPECT_EQ(joint.target.decode(joint.target.encode(line)), line);
  make_trainer(recipe, folder.path / "run")->run();
  recipe.model.embeddings = "separate";
  const Tokenizers apart = train_tokenizers(toy_split().text, recipe);
  EXPECT_LT(apart.source.vocabulary_size(), joint.source.vocabulary_size());
  EXPECT_NE(apart.source.serialized(), apart.target.serialized());
}

TEST(Trainer, TrainsEachPartAtItsOwnRate) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.rates.decoder = 0;
  recipe.training.rates.embeddings = 1.5;
  const auto trainer = make_trainer(recipe, folder.path / "run");
  std::map<std::string, at::Tensor> before;
  for (const auto& item : trainer->model()->named_parameters())
    before[item.key()] = item.value().detach().clone();
  trainer->run();
  for (const auto& item : trainer->model()->named_parameters())
    EXPECT_EQ(torch::equal(item.value(), before[item.key()]),
              part_of(item.key()) == ModelPart::decoder)
        << item.key();
}

TEST(Trainer, RefusesInitialWeightsOfAnotherNetwork) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.updates = 1;
  make_trainer(recipe, folder.path / "text")->run();
  write_tokenizers(folder.path / "text", train_tokenizers(toy_split().text, recipe), true);
  recipe.training.initial_weights = (folder.path / "text").string();
  EXPECT_TRUE(initial_tokenizers(recipe));
  recipe.model.activation = "silu";
  recipe.model.heads = 2;
  EXPECT_EQ(thrown_message<Error>([&] { initial_tokenizers(recipe); }),
            "training.initial_weights: " + (folder.path / "text/averaged").string() +
                ": got model.activation relu where the recipe has silu, model.heads 4 where the "
                "recipe has 2; set model.activation=relu, model.heads=4");
}

TEST(Trainer, TakesTheTokenizersOfInitialWeightsOrRefuses) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  recipe.training.updates = 1;
  const auto begin = [&](const std::string& embeddings) {
    recipe.model.embeddings = embeddings;
    make_trainer(recipe, folder.path / embeddings)->run();
    recipe.training.initial_weights = (folder.path / embeddings).string();
  };
  const auto refusal = [&] { return thrown_message<Error>([&] { initial_tokenizers(recipe); }); };
  begin("shared");
  const std::string shared = (folder.path / "shared").string();
  EXPECT_EQ(refusal(), shared +
                           "/averaged: no tokenizer here or in the two folders above; expected "
                           "tokenizer.model, or source.model and target.model");
  write_tokenizers(shared, train_tokenizers(toy_split().text, recipe), true);
  EXPECT_TRUE(initial_tokenizers(recipe));
  recipe.model.embeddings = "separate";
  EXPECT_EQ(refusal(), "training.initial_weights: " + shared +
                           "/averaged: got model.embeddings shared, of " + shared +
                           "/tokenizer.model, expected separate, of a source.model and a "
                           "target.model; set model.embeddings=shared");

  recipe.training.initial_weights = "";
  begin("separate");
  const std::string separate = (folder.path / "separate").string();
  write_tokenizers(separate, train_tokenizers(toy_split().text, recipe), false);
  EXPECT_TRUE(initial_tokenizers(recipe));
  recipe.model.embeddings = "shared";
  EXPECT_EQ(refusal(), "training.initial_weights: " + separate +
                           "/averaged: got model.embeddings separate, of " + separate +
                           "/source.model and " + separate +
                           "/target.model, expected shared, of one tokenizer.model; set "
                           "model.embeddings=separate");
  recipe.model.embeddings = "target";  // the output's weights would be drawn anew
  EXPECT_EQ(refusal(), "training.initial_weights: " + separate +
                           "/averaged: got model.embeddings separate, of " + separate +
                           "/source.model and " + separate +
                           "/target.model, expected target, of a source.model and a target.model; "
                           "set model.embeddings=separate");
}

TEST(Trainer, RefusesInitialWeightsThatDoNotFit) {
  Folder folder;
  Recipe recipe = tiny_recipe();
  make_trainer(recipe, folder.path / "text")->run();
  recipe.training.initial_weights = (folder.path / "text").string();
  const std::string file = (folder.path / "text" / "averaged" / "model.safetensors").string();
  recipe.model.feed_forward = 65;
  const auto refusal = [&] {
    try {
      make_trainer(recipe, folder.path / "other");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(refusal(), file +
                           ": tensor 'encoder.layers.0.feed_forward.up.weight': got shape [64, "
                           "32], expected [65, 32]");
  save_safetensors(file, {{{"alien", torch::zeros({2})}}, {}});
  EXPECT_EQ(refusal(),
            file + ": none of its 1 tensors is one of the model's; is it another kind of model's?");
  recipe.training.initial_weights = (folder.path / "absent").string();
  EXPECT_EQ(refusal(), (folder.path / "absent").string() +
                           ": no such folder; expected a run folder or a checkpoint folder");
}

TEST(Trainer, RefusesWeightsOfAnotherModel) {
  Folder folder;
  make_trainer(tiny_recipe(), folder.path / "run")->run();
  Recipe wider = tiny_recipe();
  wider.model.feed_forward = 65;
  const std::string file =
      (newest_checkpoint(folder.path / "run").value() / "model.safetensors").string();
  try {
    make_trainer(wider, folder.path / "run", true);
    FAIL() << "no refusal";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), file +
                                             ": tensor 'encoder.layers.0.feed_forward.up.weight': "
                                             "got shape [64, 32], expected [65, 32]");
  }
}

// Toy pairs in files, trained on as `data` says.
class CorporaTest : public testing::Test {
 protected:
  CorporaTest() {
    const ParallelText text = toy_split().text;
    std::string source, target;
    for (size_t i = 0; i < text.source.size(); ++i) {
      source += text.source[i] + "\n";
      target += text.target[i] + "\n";
    }
    write_file(folder_.path / "a.en", source);
    write_file(folder_.path / "a.de", target);
    write_file(folder_.path / "b.en", "a a\nb b\n\nc c\n");
    write_file(folder_.path / "b.de", "u u\nv v\nw w\nx x\n");
    recipe_.data.layout = "files";
    recipe_.data.folder = folder_.path.string();
    recipe_.data.train_source = recipe_.data.valid_source = "a.en";
    recipe_.data.train_target = recipe_.data.valid_target = "a.de";
  }
  DataSplit train_split(const Tokenizers& tokenizers) const {
    DataSplit split = read_split(recipe_, "train");
    encode_split(split, tokenizers, recipe_);
    return split;
  }
  Tokenizers tokenizers() const {
    return train_tokenizers(read_split(recipe_, "train").text, recipe_);
  }
  void train(const std::string& run) {
    const Tokenizers cut = tokenizers();
    DataSplit valid = read_split(recipe_, "val");
    encode_split(valid, cut, recipe_);
    fs::create_directories(folder_.path / run);
    Trainer(recipe_, folder_.path / run, {cut, train_split(cut), std::move(valid)}, c10::kCPU,
            false)
        .run();
  }

  Folder folder_;
  Recipe recipe_ = tiny_recipe();
};

TEST_F(CorporaTest, ACacheChangesNothing) {
  recipe_.data.corpora = {{.source = "b.en", .target = "b.de", .weight = 1.5}};
  train("memory");
  recipe_.data.cache = (folder_.path / "pieces").string();
  train("cache");
  expect_equal(last_weights(folder_.path / "cache"), last_weights(folder_.path / "memory"));
  const Tokenizers cut = tokenizers();
  const DataSplit cached = train_split(cut);
  recipe_.data.cache = "";
  const DataSplit in_memory = train_split(cut);
  EXPECT_EQ(cached.text.source.size(), 0u);
  ASSERT_EQ(cached.size(), 27);
  ASSERT_EQ(in_memory.size(), 27);
  for (int64_t i = 0; i < 27; ++i) {
    EXPECT_EQ(cached.at(i).source, in_memory.at(i).source);
    EXPECT_EQ(cached.at(i).target, in_memory.at(i).target);
    EXPECT_EQ(cached.at(i).id, in_memory.at(i).id);
  }
  EXPECT_EQ(cached.at(26).id, 27);  // a pair without a source stands before it
  EXPECT_EQ(cached.drawn(7), in_memory.drawn(7));
  EXPECT_NE(fingerprint(cached), fingerprint(in_memory));
}

// The same sources are learned with two translations each.
TEST_F(CorporaTest, SourcesOfSeveralTargetLanguagesSayWhich) {
  std::string other;
  for (const std::string& line : toy_split().text.target) other += line + " " + line + "\n";
  write_file(folder_.path / "a.fr", other);
  recipe_.data.corpora = {{.source = "a.en", .target = "a.fr", .target_language = "fr"}};
  recipe_.data.valid_corpora = {{.source = "a.en", .target = "a.fr", .target_language = "fr"}};
  recipe_.training.bpe_dropout = 0;
  const Tokenizers cut = tokenizers();
  const int german = cut.source.find(">>de<<").value(), french = cut.source.find(">>fr<<").value();
  EXPECT_EQ(cut.source.language_codes(), (std::vector<std::string>{">>de<<", ">>fr<<"}));
  DataSplit split = train_split(cut);
  ASSERT_EQ(split.size(), 48);
  const std::vector<int> plain = cut.source.encode(split.text.source[0]);
  const auto framed = [&](int language) {
    std::vector<int> pieces = plain;
    pieces.insert(pieces.begin(), language);
    pieces.push_back(kEos);
    return pieces;
  };
  EXPECT_EQ(split.at(0).source, framed(german));
  EXPECT_EQ(split.at(24).source, framed(french));
  std::vector<int> named = cut.source.encode(">>fr<< " + split.text.source[0]);
  named.push_back(kEos);
  EXPECT_EQ(named, framed(french));
  // Cut anew, kept on the disk, and validated on: the same.
  sample_split(split, cut, recipe_, 3);
  EXPECT_EQ(split.at(24).source.front(), french);
  DataSplit valid = read_split(recipe_, "val");
  encode_split(valid, cut, recipe_);
  EXPECT_EQ(valid.size(), 48);
  EXPECT_EQ(valid.at(24).source, framed(french));
  recipe_.data.cache = (folder_.path / "pieces").string();
  const DataSplit cached = train_split(cut);
  EXPECT_EQ(cached.at(0).source, framed(german));
  EXPECT_EQ(cached.at(24).source, framed(french));
  EXPECT_EQ(cached.lengths(24).source, static_cast<int64_t>(framed(french).size()));
  recipe_.data.cache = "";
  // A tokenizer that knows none.
  const Tokenizer other_text = Tokenizer::train(toy_split().text.source, recipe_.tokenizer);
  DataSplit refused = read_split(recipe_, "train");
  EXPECT_EQ(thrown_message<Error>([&] {
              encode_split(refused, {other_text, other_text}, recipe_);
            }),
            "data: several target languages: the tokenizer has no piece '>>de<<', expected one for "
            "each");
}

TEST_F(CorporaTest, WeightsSayHowOftenPairsStandInAnEpoch) {
  recipe_.data.weight = 0.25;
  recipe_.data.corpora = {{.source = "b.en", .target = "b.de", .weight = 2},
                          {.source = "a.de", .target = "a.en", .weight = 0}};
  const DataSplit split = train_split(tokenizers());
  ASSERT_EQ(split.size(), 24 + 3 + 24);
  const int64_t epochs = 400;
  std::vector<int64_t> count(split.size(), 0);
  std::vector<std::vector<int64_t>> seen;
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    seen.push_back(split.drawn(static_cast<uint64_t>(epoch)));
    for (const int64_t i : seen.back()) ++count[i];
  }
  EXPECT_NE(seen[0], seen[1]);
  EXPECT_EQ(split.drawn(0), seen[0]);
  for (int64_t i = 0; i < split.size(); ++i) {
    if (i < 24)
      EXPECT_NEAR(static_cast<double>(count[i]), 0.25 * epochs, 45) << i;  // five deviations
    else
      EXPECT_EQ(count[i], i < 27 ? 2 * epochs : 0) << i;
  }
}

TEST_F(CorporaTest, AnEpochThatDrawsNothingNamesTheWeights) {
  recipe_.data.weight = 1e-9;
  recipe_.data.corpora = {{.source = "b.en", .target = "b.de", .weight = 0}};
  EXPECT_EQ(thrown_message<Error>([&] { train("run"); }),
            "training: epoch 1 has drawn sentences for 0 batches, expected at least 1, one for "
            "each process; larger weights (data.weight, data.corpora) draw more");
}

TEST_F(CorporaTest, ATokenizerIsTrainedOnPairsSpreadEvenly) {
  recipe_.data.tokenizer_pairs = 6;
  const ParallelText text = toy_split().text;
  ParallelText some;
  for (size_t i = 0; i < text.source.size(); i += 4) {
    some.source.push_back(text.source[i]);
    some.target.push_back(text.target[i]);
  }
  const std::string expected = train_tokenizers(some, recipe_).source.serialized();
  EXPECT_EQ(tokenizers().source.serialized(), expected);
  recipe_.data.cache = (folder_.path / "pieces").string();
  EXPECT_EQ(read_split(recipe_, "train").text.source, some.source);
  EXPECT_EQ(tokenizers().source.serialized(), expected);
}

TEST_F(CorporaTest, RefusalsNameTheCorpus) {
  recipe_.data.corpora = {{.source = "b.en", .target = "b.de"}};
  recipe_.model.positions = "learned", recipe_.model.longest = 12;
  write_file(folder_.path / "b.en", "a\n\nb\na b c d e f a b c d e f\n");
  const auto refusal = [&] {
    const Tokenizers cut = tokenizers();
    return thrown_message<Error>([&] { train_split(cut); });
  };
  const std::string said = refusal();
  EXPECT_TRUE(said.starts_with((folder_.path / "b.en").string() + ":4: ")) << said;
  EXPECT_TRUE(said.ends_with(" tokens, expected at most model.longest = 12")) << said;
  recipe_.data.cache = (folder_.path / "pieces").string();
  EXPECT_EQ(refusal(), said);
  write_file(folder_.path / "b.en", "");
  write_file(folder_.path / "b.de", "");
  const std::string empty = thrown_message<Error>([&] { read_split(recipe_, "train"); });
  EXPECT_EQ(empty, (folder_.path / "b.en").string() + ": no lines; expected at least one");
  recipe_.data.cache = "";
  EXPECT_EQ(thrown_message<Error>([&] { read_split(recipe_, "train"); }), empty);
}

}  // namespace penalmt::trainer_test
