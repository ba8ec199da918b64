#include "datasets/text/contrastive.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::contrastive_test {

using Lines = std::vector<std::string>;

class Contrastive : public testing::Test {
 protected:
  Contrastive() {
    write_file(folder_ / "src.en", "To the bank .\nTo the bank .\n");
    write_file(folder_ / "correct.de", "Zur Bank .\nZum Ufer .\n");
    write_file(folder_ / "incorrect.de", "Zum Ufer .\nZur Bank .\n");
    write_file(folder_ / "img.order", "bank.jpeg\nshore.jpeg\n");
  }
  std::string refusal() const {
    return folder_.without_path(thrown_message<Error>([&] { read_contrastive(folder_.path()); }));
  }
  TemporaryFolder folder_;
};

TEST_F(Contrastive, IsReadFromAFolder) {
  const ContrastivePairs pairs = read_contrastive(folder_.path());
  EXPECT_EQ(pairs.source, (Lines{"To the bank .", "To the bank ."}));
  EXPECT_EQ(pairs.correct, (Lines{"Zur Bank .", "Zum Ufer ."}));
  EXPECT_EQ(pairs.incorrect, (Lines{"Zum Ufer .", "Zur Bank ."}));
  EXPECT_EQ(pairs.images, (Lines{"bank.jpeg", "shore.jpeg"}));
  EXPECT_EQ(pairs.correct_file, folder_ / "correct.de");
}

TEST_F(Contrastive, RefusesAFolderThatIsNotOne) {
  EXPECT_EQ(
      folder_.without_path(thrown_message<Error>([&] { read_contrastive(folder_ / "absent"); })),
      "absent: no such folder; expected contrastive pairs");
  write_file(folder_ / "correct.fr", "\n");
  EXPECT_EQ(refusal(), folder_.path().string() + ": correct.de and correct.fr; expected one");
  std::filesystem::remove(folder_ / "correct.fr");
  std::filesystem::remove(folder_ / "correct.de");
  EXPECT_EQ(refusal(),
            folder_.path().string() +
                ": no correct.<language>; expected src.*, correct.*, incorrect.* and img.order");
}

TEST_F(Contrastive, RefusesEmptyTranslationsAndTwoLanguages) {
  write_file(folder_ / "correct.de", "Zur Bank .\n \n");
  EXPECT_EQ(refusal(), "correct.de:2: got an empty line, expected a translation");
  std::filesystem::rename(folder_ / "incorrect.de", folder_ / "incorrect.fr");
  EXPECT_EQ(refusal(),
            folder_.path().string() +
                ": got correct.de and incorrect.fr; expected translations into one language");
}

TEST_F(Contrastive, RefusesFilesOfUnequalLength) {
  write_file(folder_ / "incorrect.de", "Zum Ufer .\n");
  EXPECT_EQ(
      refusal(),
      "src.en: 2 lines, but incorrect.de has 1; line i of one must belong to line i of the other");
  write_file(folder_ / "img.order", "bank.jpeg\n");
  EXPECT_EQ(
      refusal(),
      "src.en: 2 lines, but img.order has 1; line i of one must belong to line i of the other");
  std::filesystem::remove(folder_ / "img.order");
  EXPECT_EQ(refusal(), "img.order: cannot read: No such file or directory");
}

}  // namespace penalmt::contrastive_test
