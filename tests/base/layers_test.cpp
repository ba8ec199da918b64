// Who may include whom: reads the #include lines of all sources.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

namespace penalmt::layers_test {
namespace fs = std::filesystem;

using Names = std::set<std::string>;

// Each part and what it may include, itself aside. A part named later stands above those before it.
const std::map<std::string, Names>& layers() {
  static const std::map<std::string, Names> table = [] {
    std::map<std::string, Names> t;
    t["base"] = {};
    t["tensors"] = t["tokenizers"] = {"base"};
    t["evaluation"] = {"tokenizers", "base"};
    t["report"] = {"evaluation", "base"};
    t["datasets"] = {"tokenizers", "tensors", "base"};
    t["models"] = {"tensors", "base"};
    t["decoding"] = {"base", "tensors"};
    t["translation"] = {"models", "tokenizers", "datasets", "decoding", "tensors", "base"};
    t["training"] = {"translation", "evaluation", "models",  "tokenizers",
                     "datasets",    "decoding",   "tensors", "base"};
    t["serving"] = {"translation", "report",   "models",  "tokenizers",
                    "datasets",    "decoding", "tensors", "base"};
    t["commands"] = {"serving",    "training", "translation", "evaluation", "report", "models",
                     "tokenizers", "datasets", "decoding",    "tensors",    "base"};
    t["main"] = {"commands", "base"};
    return t;
  }();
  return table;
}

// The parts that never see torch.
const Names kTorchFree = {"base", "evaluation", "report", "tokenizers"};

struct Include {
  std::string part;  // of the file that includes
  std::string place;
  std::string file;  // between the quotes or brackets
  bool quoted;
};

std::vector<Include> includes_of(const fs::path& file, const std::string& part) {
  static const std::regex pattern("^\\s*#\\s*include\\s*([\"<])([^\">]+)[\">].*");
  std::vector<Include> includes;
  std::ifstream stream(file);
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    std::smatch match;
    if (!std::regex_match(line, match, pattern)) continue;
    const std::string place =
        fs::relative(file, PENALMT_SOURCE).string() + ":" + std::to_string(number);
    includes.push_back({part, place, match[2].str(), match[1].str() == "\""});
  }
  return includes;
}

std::vector<Include> all_includes() {
  const fs::path root = PENALMT_SOURCE;
  std::vector<Include> includes;
  for (const auto& [part, ignored] : layers()) {
    fs::path folder = root / "src" / part;
    if (!fs::exists(folder)) folder = root / part;
    if (!fs::exists(folder)) continue;  // main, or a part that is still to come
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cpp" && extension != ".inc" && extension != ".cu")
        continue;
      const std::vector<Include> some = includes_of(entry.path(), part);
      includes.insert(includes.end(), some.begin(), some.end());
    }
  }
  const std::vector<Include> of_main = includes_of(root / "src" / "main.cpp", "main");
  includes.insert(includes.end(), of_main.begin(), of_main.end());
  return includes;
}

bool begins_with(const std::string& text, const std::string& begin) {
  return text.compare(0, begin.size(), begin) == 0;
}

TEST(Layers, IncludeOnlyWhatStandsBelowThem) {
  const std::vector<Include> includes = all_includes();
  ASSERT_GT(includes.size(), 50U) << "the sources were not found";
  for (const Include& include : includes) {
    const std::string included = include.file.substr(0, include.file.find('/'));
    if (!include.quoted || layers().count(included) == 0 || included == include.part) continue;
    EXPECT_EQ(layers().at(include.part).count(included), 1U)
        << include.place << ": " << include.part << " may not include " << include.file;
  }
}

TEST(Layers, NameOurOwnFilesFromTheRoot) {
  for (const Include& include : all_includes()) {
    if (!include.quoted) continue;
    const std::string folder = include.file.substr(0, include.file.find('/'));
    EXPECT_EQ(layers().count(folder), 1U)
        << include.place << ": \"" << include.file << "\" does not name its folder";
  }
}

TEST(Layers, KeepTorchOutOfTextAndScores) {
  for (const Include& include : all_includes()) {
    if (kTorchFree.count(include.part) == 0) continue;
    for (const char* folder : {"torch/", "ATen/", "c10/", "opencv2/"}) {
      EXPECT_FALSE(begins_with(include.file, folder))
          << include.place << ": " << include.part << " may not include " << include.file;
    }
  }
}

TEST(Layers, KeepTheCommandLineInOneFolder) {
  for (const Include& include : all_includes()) {
    const bool may = include.place.starts_with("src/commands/cli/");
    EXPECT_TRUE(may || !begins_with(include.file, "CLI/"))
        << include.place << ": only src/commands/cli may include " << include.file;
  }
}

TEST(Layers, KeepHttpInOneFolder) {
  for (const Include& include : all_includes()) {
    const bool may = include.place.starts_with("src/serving/");
    EXPECT_TRUE(may || !begins_with(include.file, "httplib"))
        << include.place << ": only src/serving may include " << include.file;
  }
}

// What a library says must make sense to a program that has other options, or none.
TEST(Layers, NameNoOptionsOfTheCommandLineBelowTheCommands) {
  const std::regex option("^(?!\\s*//).*\"[^\"]*--[a-z][^\"]*\".*");  // in a text, not a comment
  std::size_t files = 0;
  for (const auto& [part, ignored] : layers()) {
    if (part == "commands" || part == "main") continue;
    fs::path folder = fs::path(PENALMT_SOURCE) / "src" / part;
    if (!fs::exists(folder)) folder = fs::path(PENALMT_SOURCE) / part;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with(".h") && !name.ends_with(".cpp")) continue;
      if (name == "device_program.cpp") continue;  // the options of NVRTC
      ++files;
      std::ifstream stream(entry.path());
      for (std::string line; std::getline(stream, line);)
        EXPECT_FALSE(std::regex_match(line, option)) << part << "/" << name << ": " << line;
    }
  }
  EXPECT_GT(files, 100U) << "the sources were not found";
}

}  // namespace penalmt::layers_test
