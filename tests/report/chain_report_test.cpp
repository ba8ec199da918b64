#include "report/chain_report.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "report/svg.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"
#include "tests/report/page_text.h"

namespace penalmt::chain_report_test {

Moments moments(const std::vector<double>& numbers) {
  Moments all;
  all.add(numbers);
  return all;
}

ModelChains sample(const std::string& name, double step) {
  ModelChains model{name, {.nll = 2, .bleu = 30.0}, 100, {}};
  ChainStatistics encoder{"encoder", {}, moments({0.5}), moments({0.25})};
  for (int64_t l = 1; l <= 2; ++l)
    encoder.nodes.push_back({.layer = l,
                             .sublayer = "self_attention",
                             .step = moments({step}),
                             .state = moments({10}),
                             .ratio = moments({step / 10}),
                             .alignment = moments({0.1}),
                             .turning = l == 1 ? moments({-0.2}) : Moments(),
                             .removed = TaskScore{2.0 + 0.5 * static_cast<double>(l), 29.0}});
  model.chains.push_back(encoder);
  return model;
}

const char* kHistory =
    R"({"update":10,"chains":[{"stack":"encoder","straightness":0.5,"evenness":0.1,"nodes":[)"
    R"({"layer":1,"sublayer":"self_attention","step":1.5,"alignment":-0.5,"turning":null}]}]})"
    "\n"
    R"({"update":20,"chains":[{"stack":"encoder","straightness":0.5,"evenness":0.1,"nodes":[)"
    R"({"layer":1,"sublayer":"self_attention","step":3.0,"alignment":0.25,"turning":null}]}]})"
    "\n";

TEST(ChainReport, ShowsModelsSideBySide) {
  const ChainReport report{{sample("runs/plain", 2), sample("runs/<penal>", 1)},
                           {std::nullopt, std::nullopt}};
  const std::string page = chain_report(report);
  for (const char* part :
       {"<section id=\"encoder\">", "alignment", "cos(z, -dL/dx) by depth, encoder",
        "Without the residual: change of nll", "Without the residual: change of BLEU",
        "<title>2 self-attention: +1</title>", "post-norm stack the normalisation", "Straightness"})
    EXPECT_TRUE(holds(page, part)) << part;
  EXPECT_FALSE(holds(page, "<penal>"));
  EXPECT_FALSE(holds(page, "change of accuracy"));
  EXPECT_FALSE(holds(page, "Over training"));
  // A line of each measure and model: turning has no second residual.
  EXPECT_EQ(count(page, "<path class=\"line\""), 10u);
}

TEST(ChainReport, DrawsDepthAgainstUpdate) {
  const TemporaryFolder folder;
  write_file(folder / "chain.jsonl", kHistory);
  const auto history = read_chain_history(folder.path());
  ASSERT_TRUE(history);
  EXPECT_EQ(history->updates, (std::vector<int64_t>{10, 20}));
  ASSERT_EQ(history->nodes.size(), 1u);
  EXPECT_EQ(history->nodes[0].name, "1 self-attention");
  EXPECT_EQ(history->nodes[0].step, (std::vector<double>{1.5, 3}));
  const std::string page = chain_report({{sample("runs/plain", 2)}, {history}});
  EXPECT_TRUE(holds(page, "<section id=\"training\">"));
  EXPECT_TRUE(holds(page, "fill-opacity=\"0.50\"><title>1 self-attention, update 10: 1.500"));
  EXPECT_TRUE(holds(page, "fill-opacity=\"1.00\"><title>1 self-attention, update 10: -0.500"));
  EXPECT_FALSE(holds(page, "nan"));
}

TEST(ChainHistory, IsAbsentWhereNoneWasWritten) {
  const TemporaryFolder folder;
  EXPECT_FALSE(read_chain_history(folder.path()));
  write_file(folder / "chain.jsonl", "");
  EXPECT_FALSE(read_chain_history(folder.path()));
}

TEST(ChainHistory, LeavesATornLastLineOut) {
  const TemporaryFolder folder;
  for (const char* torn : {"{", R"({"update":30,"chains":[{"stack":"enc)", "{\"update\":30,\n"}) {
    write_file(folder / "chain.jsonl", std::string(kHistory) + torn);
    EXPECT_EQ(read_chain_history(folder.path())->updates, (std::vector<int64_t>{10, 20})) << torn;
    write_file(folder / "chain.jsonl", torn);
    EXPECT_FALSE(read_chain_history(folder.path())) << torn;
  }
}

TEST(ChainHistory, RefusesWhatTrainingDoesNotWrite) {
  const TemporaryFolder folder;
  const std::string file = (folder / "chain.jsonl").string();
  const auto refused = [&](const std::string& text, const std::string& expected) {
    write_file(file, text);
    expect_error([&] { read_chain_history(folder.path()); }, file + expected);
  };
  refused("{}\n",
          ":1: not a line of training.chain_every; expected a JSON object with update and chains");
  refused(std::string(kHistory) + "x\n",
          ":3: not a line of training.chain_every; expected a JSON object with update and chains");
  refused("{\"update\":\n" + std::string(kHistory),
          ":1: not a line of training.chain_every; expected a JSON object with update and chains");
  refused(std::string(kHistory) + "{\"update\":30,,}\n",
          ":3: not a line of training.chain_every; expected a JSON object with update and chains");
  refused(std::string(kHistory) + R"({"update":20,"chains":[]})" + "\n",
          ":3: update: got 20, expected more than 20");
  refused(std::string(kHistory) + R"({"update":30,"chains":[]})" + "\n",
          ":3: other residuals than in the first line; expected those of one model");
}

TEST(Svg, BarsBeginAtZero) {
  const std::string text = svg::bar_chart({.id = "worth",
                                           .title = "worth & more",
                                           .x_name = "nll",
                                           .things = {"<a>", "b"},
                                           .values = {{10, -5}, {0.0 / 0.0, 5}}});
  // -5 to 10 on 110 to 388: 0 is at 202.7, a unit 18.5 wide.
  EXPECT_TRUE(holds(text, "<g class=\"c0\"><rect x=\"202.7\" y=\"9.5\" width=\"185.3\""));
  EXPECT_TRUE(holds(text, "<rect x=\"110.0\" y=\"34.5\" width=\"92.7\""));
  EXPECT_TRUE(holds(text, "<title>&lt;a&gt;: +10</title>"));
  EXPECT_EQ(count(text, "<rect"), 3u);
  EXPECT_FALSE(holds(text, "nan"));
}

TEST(Svg, HeatMapsShowAtMostAHundredUpdates) {
  svg::HeatMap map{"heat", "heat", {"a"}, {}, {{}}};
  for (int64_t update = 1; update <= 250; ++update) {
    map.updates.push_back(update);
    map.values[0].push_back(update % 2 == 0 ? 1.0 : -1.0);
  }
  const std::string text = svg::heat_map(map);
  EXPECT_EQ(count(text, "<rect"), 100u);
  EXPECT_TRUE(holds(text, "update 250: 1.000"));
}

}  // namespace penalmt::chain_report_test
