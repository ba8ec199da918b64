// Against Python on the same TorchScript (tests/golden/vision.py), and, where they are, a real
// encoder and real photographs.
#include "datasets/features/exported_encoder.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "datasets/features/script_operators.h"
#include "tensors/safetensors.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::exported_encoder_test {

namespace fs = std::filesystem;

const fs::path kGolden = PENALMT_SOURCE "/tests/golden/vision";
const std::vector<fs::path> kImages = {kGolden / "wide.png", kGolden / "tall.png",
                                       kGolden / "small.png", kGolden / "square.png"};

ExportedEncoder open_golden(const std::string& layout) {
  return ExportedEncoder::open(kGolden / ("encoder-" + layout), at::kCPU);
}

// A copy of the pooled encoder with one value of its description changed.
std::string refusal(const TemporaryFolder& folder, const std::string& key,
                    const nlohmann::json& value,
                    const std::function<void(const ExportedEncoder&)>& use = {}) {
  copy_encoder(kGolden / "encoder-pooled", folder / "e");
  auto description = nlohmann::json::parse(read_file(folder / "e/encoder.json"));
  description[nlohmann::json::json_pointer(key)] = value;
  write_file(folder / "e/encoder.json", description.dump());
  return folder.without_path(thrown_message<Error>([&] {
    const ExportedEncoder encoder = ExportedEncoder::open(folder / "e", at::kCPU);
    use(encoder);
  }));
}

TEST(ExportedEncoder, GivesPythonsFeatures) {
  const NamedTensors answers = load_safetensors(kGolden / "answers.safetensors");
  for (const std::string layout : {"pooled", "grid", "patches"}) {
    const ExportedEncoder encoder = open_golden(layout);
    EXPECT_EQ(encoder.regions(), layout == "pooled" ? 1 : 9);
    EXPECT_EQ(encoder.width(), 6);
    EXPECT_EQ(encoder.name().substr(0, 6 + layout.size()), "tiny-" + layout + " ");
    for (int i = 0; i < 3; ++i) {  // TorchScript's optimiser changes the network in the first calls
      const at::Tensor features = encoder.encode_files(kImages, 2);
      EXPECT_TRUE(at::allclose(features, *find(answers, "features." + layout), 1e-5, 1e-5))
          << layout;
    }
  }
}

TEST(ExportedEncoder, GivesTheSameWhateverTheNumberOfThreads) {
  std::vector<fs::path> files;
  for (int i = 0; i < 37; ++i) files.push_back(kImages[i % kImages.size()]);
  const ExportedEncoder encoder = open_golden("grid");
  const at::Tensor features = encoder.encode_files(files, 1);
  EXPECT_TRUE(at::equal(encoder.encode_files(files, 3), features));
  EXPECT_EQ(encoder.encode_files({}, 2).sizes(), (std::vector<int64_t>{0, 9, 6}));
}

TEST(ExportedEncoder, IsNamedAfterItsNetworkAndItsPreprocessing) {
  const TemporaryFolder folder;
  copy_encoder(kGolden / "encoder-pooled", folder / "run/image_encoder");
  EXPECT_EQ(ExportedEncoder::open(folder / "run/image_encoder", at::kCPU).name(),
            open_golden("pooled").name());
  auto description = nlohmann::json::parse(read_file(folder / "run/image_encoder/encoder.json"));
  description["preprocessing"]["mean"][0] = 126;
  write_file(folder / "run/image_encoder/encoder.json", description.dump());
  EXPECT_NE(ExportedEncoder::open(folder / "run/image_encoder", at::kCPU).name(),
            open_golden("pooled").name());
}

TEST(ExportedEncoder, RefusesADescriptionThatDoesNotFit) {
  const TemporaryFolder folder;
  const std::string digest =
      nlohmann::json::parse(read_file(kGolden / "encoder-pooled/encoder.json"))["fingerprint"];
  EXPECT_EQ(refusal(folder, "/fingerprint", "00"),
            "e/encoder.pt: its SHA-256 is " + digest + "; encoder.json describes another one, 00");
  EXPECT_EQ(refusal(folder, "/widht", 3),
            "e/encoder.json: widht: unknown key; did you mean 'width'?");
  EXPECT_EQ(refusal(folder, "/preprocessing/crop", 13),
            "e/encoder.json: preprocessing.crop: got 13, expected at most resize, 12");
  const auto encode = [](const ExportedEncoder& encoder) {
    encoder.encode(at::zeros({2, 3, 12, 12}, at::kByte));
  };
  EXPECT_EQ(refusal(folder, "/width", 7, encode),
            "e/encoder.pt: gives [2, 6] for 2 images; encoder.json says layout pooled, 1 x 7 "
            "(regions x width)");
  EXPECT_EQ(refusal(folder, "/layout", "grid", encode),
            "e/encoder.pt: gives [2, 6] for 2 images; encoder.json says layout grid, 1 x 6 "
            "(regions x width)");
}

TEST(ExportedEncoder, RefusesADescriptionNestedWithoutEnd) {
  const TemporaryFolder folder;
  copy_encoder(kGolden / "encoder-pooled", folder / "e");
  write_file(folder / "e/encoder.json", std::string(200'000, '['));
  EXPECT_EQ(folder.without_path(
                thrown_message<Error>([&] { ExportedEncoder::open(folder / "e", at::kCPU); })),
            "e/encoder.json:1:101: nested deeper than 100 levels");
}

TEST(ExportedEncoder, RefusesWhatIsNoNetwork) {
  const TemporaryFolder folder;
  EXPECT_EQ(folder.without_path(
                thrown_message<Error>([&] { ExportedEncoder::open(folder / "absent", at::kCPU); })),
            "absent/encoder.json: cannot read: No such file or directory");
  copy_encoder(kGolden / "encoder-pooled", folder / "e");
  fs::remove(folder / "e/encoder.pt");
  EXPECT_EQ(folder.without_path(
                thrown_message<Error>([&] { ExportedEncoder::open(folder / "e", at::kCPU); })),
            "e/encoder.pt: cannot read: No such file or directory");
  // The SHA-256 of the text "abc".
  EXPECT_EQ(refusal(folder, "/fingerprint",
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
                .substr(0, 28),
            "e/encoder.pt: its SHA-256 is");
  write_file(folder / "e/encoder.pt", "abc");
  const std::string message = folder.without_path(
      thrown_message<Error>([&] { ExportedEncoder::open(folder / "e", at::kCPU); }));
  EXPECT_EQ(message.substr(0, message.find(": ", 14)),
            "e/encoder.pt: no TorchScript module that can be run");
  EXPECT_EQ(message.find('\n'), std::string::npos);
  EXPECT_EQ(
      thrown_message<Error>([&] {
        open_golden("pooled").encode_files({kGolden / "wide.png", kGolden / "bomb.png"}, 2);
      }),
      (kGolden / "bomb.png").string() + ": 100,000 x 100,000 pixels; expected at most 200,000,000");
}

// ---- archives that would do more than encode (tests/golden/hostile_encoders.py)

const fs::path kHostile = PENALMT_SOURCE "/tests/golden/hostile";

std::string refused_archive(const std::string& name) {
  const std::string text =
      thrown_message<Error>([&] { ExportedEncoder::open(kHostile / name, at::kCPU); });
  const std::string place = (kHostile / name / "encoder.pt: ").string();
  EXPECT_EQ(text.substr(0, place.size()), place);
  return text.substr(place.size());
}

TEST(ExportedEncoder, RefusesArchivesThatDoMoreThanEncodeBeforeTheyRun) {
  const TemporaryFolder folder;  // where the archives would make their file
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  const std::string end =
      ", as no image network does; it could do anything in your name; if you trust who made it, "
      "let all scripts be trusted (trust_encoder)";
  EXPECT_EQ(refused_archive("writes"), "its code calls aten::from_file" + end);
  EXPECT_EQ(refused_archive("writes_when_loaded"),
            "its class __torch__.Loaded runs code while it is loaded (__setstate__)" + end);
  EXPECT_EQ(refused_archive("unknown_operator"), "its code calls aten::fft_fft" + end);
  EXPECT_EQ(refused_archive("foreign_class"), "its data.pkl names the class os.Harmless" + end);
  EXPECT_EQ(folder.entries(), 0);
  fs::current_path(before);
}

// torchvision's vit_b_16 calls the first, PyTorch's own encoder layer the second.
TEST(ExportedEncoder, MayCallWhatTransformersAreMadeOf) {
  for (const char* name :
       {"aten::_native_multi_head_attention", "aten::_transformer_encoder_layer_fwd"})
    EXPECT_TRUE(is_image_operator(name)) << name;
  for (const char* name : {"aten::save", "aten::from_file", "prim::PythonOp", "conv2d"})
    EXPECT_FALSE(is_image_operator(name)) << name;
}

TEST(ExportedEncoder, CallsLackOfMemoryTheMachinesFaultAndNoImageBroken) {
  const ExportedEncoder encoder = ExportedEncoder::open(kHostile / "takes_all_memory", at::kCPU);
  std::vector<std::string> broken(1);
  EXPECT_EQ(thrown_message<MachineError>([&] { encoder.encode_files({kImages[0]}, 1, &broken); }),
            (kHostile / "takes_all_memory/encoder.pt").string() +
                ": no memory for images of [1, 3, 12, 12]");
  EXPECT_EQ(broken, std::vector<std::string>{""});
}

// PENALMT_ENCODER: a folder that recipes/vision/export.py made with --check-on MULTI30K/images,
// whose check.safetensors holds the eager network's features of some photographs, decoded and
// resized by Pillow.
TEST(ExportedEncoder, EqualsPythonOnRealPhotographs) {
  const char *corpus = std::getenv("MULTI30K"), *folder = std::getenv("PENALMT_ENCODER");
  if (!corpus || !folder)
    GTEST_SKIP() << "MULTI30K and PENALMT_ENCODER do not name a corpus and an exported encoder";
  const FeatureStore expected = FeatureStore::open(fs::path(folder) / "check.safetensors");
  const ExportedEncoder encoder = ExportedEncoder::open(folder, at::kCPU);
  std::vector<fs::path> files;
  std::vector<int64_t> rows;
  for (const std::string& name : expected.names()) {
    rows.push_back(static_cast<int64_t>(files.size()));
    files.push_back(fs::path(corpus) / "images" / name);
  }
  const at::Tensor features = encoder.encode_files(files, 0);
  EXPECT_LE((features - expected.rows(rows)).abs().max().item<float>(), 1e-4);
}

}  // namespace penalmt::exported_encoder_test
