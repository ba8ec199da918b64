// A corpus in shards (recipes/translate): joined, it is what one call writes; a shard is complete
// or absent, and a second call does what is missing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <regex>

#include "base/files.h"
#include "tests/base/shell.h"
#include "tests/program/harness.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

const std::string kTranslateRecipes = std::string(PENALMT_SOURCE) + "/recipes/translate/";

// Stands in for penalmt: a line becomes itself in capitals. One with "die" kills it and one with
// "fail" is an error, until there is a file `mended` beside it; one with "lose" is left out.
constexpr const char* kStandIn = R"(#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/calls"
while [ $# -gt 0 ]; do
  case $1 in --input) input=$2 ;; --output) output=$2 ;; esac
  shift
done
if [ ! -e "$here/mended" ]; then
  if grep -q die "$input"; then kill -9 $$; fi
  if grep -q fail "$input"; then echo "penalmt: $input:1: bad" >&2; exit 2; fi
fi
grep -v lose "$input" | tr a-z A-Z >"$output"
)";

// Runs the tasks of an array at once, one after the other, from a copy of the script, as Slurm has.
constexpr const char* kSbatch = R"(#!/bin/bash
here=$(dirname "$0")
echo "$*" >>"$here/submitted"
tasks=join
while [[ $1 == -* ]]; do
  case $1 in --array=*) tasks=${1#*=} ;; --output=*) log=${1#*=} ;; esac
  shift
done
cp "$1" "$here/copy"
tasks=${tasks%\%*} tasks=${tasks//,/ }
for task in ${tasks/#1-3/1 2 3}; do
  number=$task
  [ $task != join ] || number=
  (cd / && SLURM_ARRAY_TASK_ID=$number SLURM_CPUS_PER_TASK=4 bash "$here/copy" "${@:2}") \
    >>"${log/\%a/$task}" 2>&1
done
wc -l <"$here/submitted"
)";

class Shards : public testing::Test {
 protected:
  void SetUp() override {
    if (shell("python3 --version").status != 0) GTEST_SKIP() << "no python3";
    program("bin/penalmt", kStandIn);
    file("model/best/model.safetensors", "weights");
    file("model/best/model.json", "{}");
    file("model/tokenizer.model", "pieces");
  }

  std::string path(const std::string& name) const { return folder_ / name; }
  std::string file(const std::string& name, const std::string& bytes) const {
    fs::create_directories((folder_ / name).parent_path());
    write_file(folder_ / name, bytes);
    return path(name);
  }
  void program(const std::string& name, const std::string& text) const {
    fs::permissions(file(name, text), fs::perms::owner_all);
  }
  std::string content(const std::string& name) const {
    return folder_.without_path(read_file(folder_ / name));
  }
  bool is_there(const std::string& name) const { return fs::exists(folder_ / name); }

  // A command in this test's folder; seconds and hashes, which differ, become N.
  ShellOutcome shell(const std::string& command) const {
    ShellOutcome outcome = run_shell("cd " + folder_.path().string() + "; " + command);
    std::string& text = outcome.text;
    text = std::regex_replace(folder_.without_path(text), std::regex(", \\d+ s\n"), ", N s\n");
    text = std::regex_replace(text, std::regex("sha256 [0-9a-f]{12}\\b"), "sha256 N");
    return outcome;
  }
  ShellOutcome translate(const std::string& words, const std::string& script = "run.sh") const {
    return shell("PATH=" + path("bin") + ":$PATH PENALMT=bin/penalmt " + kTranslateRecipes +
                 script + " " + words);
  }
  void expect_refusal(const std::string& words, const std::string& message) const {
    const ShellOutcome outcome = translate(words);
    EXPECT_EQ(outcome.text, "translate: " + message + "\n");
    EXPECT_EQ(outcome.status, 2);
  }
  // The real program writes the same in shards as in one call.
  void expect_as_in_one_call(const std::string& model, const std::string& own,
                             const std::string& options) const {
    const std::string one = path("one"), joined = path("joined");
    fs::remove_all(joined + ".shards");
    fs::remove(joined);
    const ShellOutcome plain = shell(std::string(PENALMT_PROGRAM) + " translate " + model + " " +
                                     own + " " + options + " --output " + one);
    ASSERT_EQ(plain.status, 0) << plain.text;
    const ShellOutcome shards =
        shell("PENALMT=" + std::string(PENALMT_PROGRAM) + " " + kTranslateRecipes + "run.sh " +
              model + " " + own + " --output " + joined + " --shards 3 -- " + options);
    ASSERT_EQ(shards.status, 0) << shards.text;
    EXPECT_EQ(read_file(joined), read_file(one)) << own;
  }

  const TemporaryFolder folder_;
};

TEST_F(Shards, JoinedAreWhatOneCallWrites) {
  make_tiny_run(folder_ / "text", {.heads = 1});
  const std::string mark = "\xEF\xBB\xBF";
  file("a.en", mark + "a red circle .\n\na dog runs fast .\n" + mark + "a red circle .\r\n \nzwei");
  expect_as_in_one_call("text", "--input a.en", "");
  shell("gzip -k a.en");
  expect_as_in_one_call("text", "--input a.en.gz", "--beam 2");
  file("a.jsonl",
       "{\"source\": \"a dog .\"}\n\n \n{\"source\": \"\"}\n{\"source\": \"der mann .\"}");
  expect_as_in_one_call("text", "--input a.jsonl", "--json-input");
}

TEST_F(Shards, OfTablesEndWhereARowDoes) {
  make_tiny_run(folder_ / "text", {.heads = 1});
  file("a.csv",
       "\xEF\xBB\xBFid,caption,\"no\nte\"\r\n1,a red circle .,5\" x\r\n2,\"a dog\nruns, "
       "\"\"fast\"\" "
       ".\",\"\r\n\"\r\n\r\n3,,\r\n4,der mann .,z");
  expect_as_in_one_call("text", "--table a.csv", "--source-column caption --target-column de");
  file("semicolons.csv", "caption;n\n\"zwei;\n\";1\nder mann .;2\na dog .;3\n");
  expect_as_in_one_call("text", "--table semicolons.csv", "--source-column=caption");
  file("a.tsv", "n\tcaption\n\"1\ta dog .\n\n2\tder mann .\"\n3\t\"zwei\n");
  expect_as_in_one_call("text", "--table a.tsv", "--source-column caption");
  file("a.txt", "{\"c\": \"a dog .\", \"n\": 1.10}\n\n{\"c\": \"zwei\"}\n{\"c\": \"\"}\n");
  expect_as_in_one_call("text", "--table a.txt", "--source-column c --format jsonl");
}

TEST_F(Shards, MayHaveNoImageThatIsThere) {
  make_tiny_run(folder_ / "gated", {.fusion = "gated"});
  std::string ppm = "P6\n16 16\n255\n";
  for (int i = 0; i < 16 * 16 * 3; ++i) ppm += static_cast<char>(i * 7 % 256);
  file("set/wave.ppm", ppm);
  file("a.en", "a red circle .\na dog .\nder mann .\nzwei\nein hund rennt .\na red circle .\n");
  file("list", "wave.ppm#3\n\n\n\nnone.ppm\nnone.ppm\n");
  expect_as_in_one_call("gated", "--input a.en --images list --image-root set", "");
  file("set/a.csv", "caption,photo\na dog .,wave.ppm\nzwei,\na red circle .,none.ppm\n");
  expect_as_in_one_call("gated", "--table set/a.csv",
                        "--source-column caption --image-column photo");
  file("list", "none.ppm\n\n\n\n\n\n");
  expect_refusal("gated --input a.en --output out --images list --image-root set",
                 "set: not one of the images that list names is there");
  file("list", "wave.ppm\n");
  expect_refusal("gated --input a.en --output out --images list --image-root set",
                 "list: 1 line, expected 6, one for each of a.en");
}

TEST_F(Shards, ThatFailAreNamedAndASecondCallDoesWhatIsMissing) {
  file("a.en", "one\ntwo die\nthree\nfour\nfive\nsix fail\nseven\n");
  const std::string call = "model --input a.en --output a.de --shards 4 -- --beam 5";
  const ShellOutcome first = translate(call);
  EXPECT_EQ(first.text,
            "translate: 7 lines in 4 shards, 4 of them to do; a.de.shards\n"
            "translate: shard 1 of 4: 1 line, N s\n"
            "translate: shard 2 (lines 2 to 3 of a.en): FAILED: signal 9; no word; log: "
            "a.de.shards/logs/00002.log\n"
            "translate: shard 3 of 4: 2 lines, N s\n"
            "translate: shard 4 (lines 6 to 7 of a.en): FAILED: exit 2; penalmt: "
            "a.de.shards/input/00004.txt:1: bad; log: a.de.shards/logs/00004.log\n"
            "translate: 2 of 4 shards missing: 2, 4; nothing is joined; the same call again does "
            "what is missing\n");
  EXPECT_EQ(first.status, 1);
  EXPECT_FALSE(is_there("a.de"));
  EXPECT_FALSE(is_there("a.de.shards/output/00002.txt"));
  file("bin/mended", "");
  fs::remove(folder_ / "bin/calls");
  const ShellOutcome second = translate(call);
  EXPECT_EQ(second.text,
            "translate: 7 lines in 4 shards, 2 of them to do; a.de.shards\n"
            "translate: shard 2 of 4: 2 lines, N s\n"
            "translate: shard 4 of 4: 2 lines, N s\n"
            "translate: a.de: 7 lines; a.de.shards is needed no more\n");
  EXPECT_EQ(second.status, 0);
  EXPECT_EQ(content("a.de"), "ONE\nTWO DIE\nTHREE\nFOUR\nFIVE\nSIX FAIL\nSEVEN\n");
  const std::string calls = content("bin/calls");
  EXPECT_EQ(std::count(calls.begin(), calls.end(), '\n'), 2);
  EXPECT_TRUE(
      calls.starts_with("translate model --input a.de.shards/input/00002.txt --output "
                        "a.de.shards/output/00002.txt --beam 5 --threads "))
      << calls;
}

TEST_F(Shards, AreJoinedOnlyWhereTheirCountsAreRight) {
  file("a.en", "one\ntwo\nthree lose\n");
  const std::string call = "model --input a.en --output a.de --shards 2";
  EXPECT_EQ(translate(call).text,
            "translate: 3 lines in 2 shards, 2 of them to do; a.de.shards\n"
            "translate: shard 1 of 2: 1 line, N s\n"
            "translate: shard 2: a.de.shards/output/00002.txt: 1 line, expected 2 as in "
            "a.de.shards/input/00002.txt\n"
            "translate: 1 of 2 shards missing: 2; nothing is joined; the same call again does "
            "what is missing\n");
  file("a.de.shards/output/00002.txt", "TWO\n");
  const ShellOutcome damaged = translate(call);
  EXPECT_EQ(damaged.text,
            "translate: 3 lines in 2 shards, 0 of them to do; a.de.shards\n"
            "translate: a.de.shards/output/00002.txt: 1 line, expected 2 as in "
            "a.de.shards/input/00002.txt; nothing is joined; remove it and call again\n");
  EXPECT_EQ(damaged.status, 1);
  EXPECT_FALSE(is_there("a.de"));
}

TEST_F(Shards, AreAsManyAsThereAreLinesAtMost) {
  file("a.en", "one\ntwo\n");
  EXPECT_EQ(translate("model --input a.en --output a.de --shards 5 --jobs 5").status, 0);
  EXPECT_EQ(content("a.de"), "ONE\nTWO\n");
  EXPECT_FALSE(is_there("a.de.shards/input/00003.txt"));
  file("empty", "");
  EXPECT_EQ(translate("model --input empty --output empty.de").text,
            "translate: 0 lines in 1 shard, 1 of them to do; empty.de.shards\n"
            "translate: shard 1 of 1: 0 lines, N s\n"
            "translate: empty.de: 0 lines; empty.de.shards is needed no more\n");
  EXPECT_EQ(content("empty.de"), "");
}

TEST_F(Shards, NeedNoGnuParallel) {
  program("bin/parallel", "#!/bin/sh\necho parallel of moreutils\nexit 1\n");
  file("a.en", "one\ntwo\nthree\n");
  EXPECT_EQ(translate("model --input a.en --output a.de --shards 3 --jobs 2").status, 0);
  EXPECT_EQ(content("a.de"), "ONE\nTWO\nTHREE\n");
}

TEST_F(Shards, OfOneFolderAreOfOneCorpusModelAndOptions) {
  file("a.en", "one\ntwo\n");
  file("b.en", "two\n");
  const std::string out = " --output a.de --shards 2", begun = "a.de.shards: begun with ",
                    anew = "; remove it, or give another --work folder, to begin anew";
  ASSERT_EQ(translate("model --input a.en" + out + " -- --beam 4").status, 0);
  expect_refusal("model --input b.en" + out + " -- --beam 4",
                 begun + "another corpus: got b.en (sha256 N), expected a.en (sha256 N)" + anew);
  expect_refusal("model --input a.en" + out,
                 begun + "other options: got none, expected --beam 4" + anew);
  expect_refusal("model --input a.en --output a.de --shards 3 -- --beam 4",
                 begun + "another number of shards: got 3, expected 2" + anew);
  file("model/best/model.safetensors", "trained on");
  expect_refusal("model --input a.en" + out + " -- --beam 4",
                 begun + "another model: got model (sha256 N), expected model (sha256 N)" + anew);
  fs::remove(folder_ / "a.de.shards/output/00002.txt");
  EXPECT_EQ(shell("PYTHONDONTWRITEBYTECODE=1 python3 " + kTranslateRecipes +
                  "shards.py shard --penalmt bin/penalmt "
                  "a.de.shards 2")
                .text,
            "translate: model: another model than this work began with\n");
  // The same corpus by another name is the same.
  file("model/best/model.safetensors", "weights");
  fs::rename(folder_ / "a.en", folder_ / "c.en");
  EXPECT_EQ(translate("model --input c.en" + out + " -- --beam 4").status, 0);
}

TEST_F(Shards, RefuseWhatCannotWork) {
  file("a.en", "one\n");
  file("bad.en", "one\ntw\xFFo\n");
  file("a.csv", "caption,n\none,1\ntwo\n");
  file("open.csv", "caption,n\none,1\n\"two,2\n");
  file("taken/x", "");
  const std::string corpus = "model --input a.en --output a.de ";
  expect_refusal("model --input b.en --output a.de", "--input: got b.en, expected a file");
  expect_refusal("model --input a.en --output a.en",
                 "--output: got a.en, which is read; expected another file");
  expect_refusal("bin --input a.en --output a.de",
                 "bin: no model here; expected averaged/, best/, or model.safetensors and "
                 "model.json");
  expect_refusal("model --input bad.en --output a.de", "bad.en:2: invalid UTF-8 at byte 3");
  expect_refusal("model --table a.csv --output a.de -- --source-column caption",
                 "a.csv:3: 1 field, expected 2 as in the first line");
  expect_refusal("model --table open.csv --output a.de -- --source-column caption",
                 "open.csv:3: no CSV row: unexpected end of data; expected quotes as in RFC 4180");
  expect_refusal("model --table a.csv --output a.de -- --image-column photo",
                 "a.csv: no column 'photo'; its columns: caption, n");
  expect_refusal("model --table a.en --output a.de",
                 "--table: got a.en; expected a name that ends in .tsv, .csv or .jsonl, or -- "
                 "--format tsv, csv or jsonl");
  expect_refusal(corpus + "--shards 0", "--shards: got 0, expected 1 to 99999");
  expect_refusal(corpus + "--images a.en", "--images: got no --image-root; expected both");
  expect_refusal(corpus + "-- --check 10", "--check: got it after --; there is none of a shard");
  expect_refusal(corpus + "-- --n-best 2",
                 "--n-best: its lines are numbered, which a shard's are not; add --json");
  expect_refusal(corpus + "--work taken",
                 "taken: not empty, and no work folder; expected none there");
  fs::remove(folder_ / "bin/penalmt");
  expect_refusal(corpus,
                 "bin/penalmt: no program there; build it by recipes/build.sh, or name one by "
                 "PENALMT");
}

TEST_F(Shards, AreTranslatedByASlurmArray) {
  program("bin/sbatch", kSbatch);
  file("a.en", "one\ntwo die\nthree\n");
  const std::string call = "model --input a.en --output a.de --shards 3 ";
  const ShellOutcome first =
      translate(call + "--jobs 2 --sbatch --partition=cpu -- --beam 4", "slurm.sh");
  EXPECT_EQ(first.text,
            "translate: 3 lines in 3 shards, 3 of them to do; a.de.shards\n"
            "translate: job 1 translates, job 2 joins; what it says: a.de.shards/logs/join.out\n");
  const std::string job = kTranslateRecipes + "slurm.sh job " + kTranslateRecipes + "shards.py ";
  EXPECT_EQ(content("bin/submitted"),
            "--parsable --partition=cpu --array=1-3%2 --output=a.de.shards/logs/slurm-%a.out " +
                job +
                "shard --penalmt bin/penalmt a.de.shards\n"
                "--parsable --partition=cpu --dependency=afterany:1 "
                "--output=a.de.shards/logs/join.out " +
                job + "join a.de.shards a.de\n");
  EXPECT_EQ(content("a.de.shards/logs/join.out"),
            "translate: 1 of 3 shards missing: 2; nothing is joined; the same call again does "
            "what is missing\n");
  file("bin/mended", "");
  EXPECT_EQ(translate(call + "-- --beam 4", "slurm.sh").status, 0);
  EXPECT_EQ(content("a.de"), "ONE\nTWO DIE\nTHREE\n");
  EXPECT_TRUE(content("bin/calls").ends_with("00002.txt --beam 4 --threads 4\n"));
}

}  // namespace
}  // namespace penalmt
