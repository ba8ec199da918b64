#include "report/chain_report.h"

#include <algorithm>
#include <functional>
#include <limits>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/html.h"
#include "report/page_parts.h"
#include "report/svg.h"

namespace penalmt {
namespace {

using html::escape;

// The chain of that stack; null where the model has none.
const ChainStatistics* chain_of(const ModelChains& model, const std::string& stack) {
  const auto found =
      std::find_if(model.chains.begin(), model.chains.end(),
                   [&](const ChainStatistics& chain) { return chain.stack == stack; });
  return found == model.chains.end() ? nullptr : &*found;
}

// The stacks of all models, each once, in the order of their first mention.
std::vector<std::string> stacks_of(const ChainReport& report) {
  std::vector<std::string> stacks;
  for (const ModelChains& model : report.models)
    for (const ChainStatistics& chain : model.chains)
      if (std::find(stacks.begin(), stacks.end(), chain.stack) == stacks.end())
        stacks.push_back(chain.stack);
  return stacks;
}

std::string legend(const ChainReport& report) {
  std::string text = "<ul class=\"legend\">";
  for (std::size_t m = 0; m < report.models.size(); ++m)
    text += "<li>" + svg::keyed(m, report.models[m].model) + "</li>";
  return text + "</ul>\n";
}

std::string figure(const std::string& caption, const std::string& legend,
                   const std::string& chart) {
  return fmt::format("<figure>\n<figcaption>{}</figcaption>\n{}{}</figure>\n", escape(caption),
                     legend, chart);
}

// A measure over depth, a line a model; "" where no model has it.
std::string depth_chart(const ChainReport& report, const std::string& stack,
                        const ChainMeasure& measure) {
  svg::LineChart chart{stack + "-" + measure.name,
                       std::string(measure.shown) + " by depth, " + stack,
                       "",
                       "residual, from the input on",
                       {}};
  bool any = false;
  for (std::size_t m = 0; m < report.models.size(); ++m) {
    svg::Line line{m, false, {}};
    if (const ChainStatistics* chain = chain_of(report.models[m], stack))
      for (std::size_t l = 0; l < chain->nodes.size(); ++l) {
        const Moments& moments = chain->nodes[l].*measure.moments;
        if (moments.count() == 0) continue;
        line.points.push_back(
            {static_cast<double>(l + 1), moments.mean(),
             fmt::format("{}, {}: {:.3f} ± {:.3f}", report.models[m].model,
                         node_name(chain->nodes[l]), moments.mean(), moments.deviation())});
      }
    any |= !line.points.empty();
    chart.lines.push_back(std::move(line));
  }
  return any ? figure(measure.shown, legend(report), svg::line_chart(chart)) : "";
}

// What the removal of each residual changes; "" where none was removed.
std::string removal_chart(const ChainReport& report, const std::string& stack,
                          const std::string& id, const std::string& caption,
                          const std::function<double(const TaskScore&, const TaskScore&)>& change) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  svg::BarChart chart{stack + "-" + id, caption + ", " + stack, caption, {}, {}};
  for (const ModelChains& model : report.models)
    if (const ChainStatistics* chain = chain_of(model, stack))
      for (std::size_t l = chart.things.size(); l < chain->nodes.size(); ++l)
        chart.things.push_back(node_name(chain->nodes[l]));
  bool any = false;
  for (const ModelChains& model : report.models) {
    std::vector<double> values(chart.things.size(), kNone);
    if (const ChainStatistics* chain = chain_of(model, stack))
      for (std::size_t l = 0; l < chain->nodes.size(); ++l)
        if (const auto& removed = chain->nodes[l].removed) {
          values[l] = change(model.score, *removed);
          any |= values[l] == values[l];
        }
    chart.values.push_back(std::move(values));
  }
  return any ? figure(caption, legend(report), svg::bar_chart(chart)) : "";
}

std::string cell(const Moments& moments) {
  if (moments.count() == 0) return "<td>–</td>";
  return fmt::format("<td>{:.3f} <small>± {:.3f}</small></td>", moments.mean(),
                     moments.deviation());
}

// Straightness and evenness, a row a model; "" for a single residual.
std::string shape_table(const ChainReport& report, const std::string& stack) {
  std::string rows;
  for (std::size_t m = 0; m < report.models.size(); ++m)
    if (const ChainStatistics* chain = chain_of(report.models[m], stack);
        chain && chain->straightness.count() > 0)
      rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}</tr>\n",
                          svg::keyed(m, report.models[m].model), cell(chain->straightness),
                          cell(chain->evenness));
  if (rows.empty()) return "";
  return html::scrolled(
      "Straightness and evenness",
      "<table>\n<thead><tr><th scope=\"col\">Model</th><th "
      "scope=\"col\">Straightness</th><th scope=\"col\">Evenness</th></tr></thead>"
      "\n<tbody>\n" +
          rows + "</tbody>\n</table>\n");
}

std::string stack_section(const ChainReport& report, const std::string& stack) {
  std::string charts;
  for (const ChainMeasure& measure : chain_measures())
    charts += depth_chart(report, stack, measure);
  charts += removal_chart(
      report, stack, "nll", "Without the residual: change of nll",
      [](const TaskScore& whole, const TaskScore& without) { return without.nll - whole.nll; });
  charts += removal_chart(report, stack, "bleu", "Without the residual: change of BLEU",
                          [](const TaskScore& whole, const TaskScore& without) {
                            return without.bleu.value_or(std::numeric_limits<double>::quiet_NaN()) -
                                   whole.bleu.value_or(0);
                          });
  charts += removal_chart(
      report, stack, "accuracy", "Without the residual: change of accuracy, %",
      [](const TaskScore& whole, const TaskScore& without) {
        return 100 * (without.accuracy.value_or(std::numeric_limits<double>::quiet_NaN()) -
                      whole.accuracy.value_or(0));
      });
  return fmt::format(
      "<section id=\"{0}\">\n<h2>{0}</h2>\n{1}<div class=\"pairs\">\n{2}</div>\n"
      "</section>\n",
      escape(stack), shape_table(report, stack), charts);
}

std::string history_map(const std::string& id, const std::string& title, const std::string& stack,
                        const ChainHistory& history,
                        std::vector<double> ChainHistoryNode::*measure) {
  svg::HeatMap map{id, title, {}, history.updates, {}};
  for (const ChainHistoryNode& node : history.nodes)
    if (node.stack == stack) {
      map.things.push_back(node.name);
      map.values.push_back(node.*measure);
    }
  return map.things.empty() ? "" : figure(title, "", svg::heat_map(map));
}

std::string history_section(const ChainReport& report) {
  std::string maps;
  for (std::size_t m = 0; m < report.models.size(); ++m) {
    if (!report.histories[m]) continue;
    for (const std::string& stack : stacks_of(report)) {
      const std::string id = fmt::format("history-{}-{}", m, stack),
                        of = fmt::format(", {}, {}", stack, report.models[m].model);
      const ChainHistory& history = *report.histories[m];
      maps += history_map(id + "-step", "||z||" + of, stack, history, &ChainHistoryNode::step);
      maps += history_map(id + "-alignment", "cos(z, -dL/dx)" + of, stack, history,
                          &ChainHistoryNode::alignment);
      maps += history_map(id + "-turning", "cos(z, next z)" + of, stack, history,
                          &ChainHistoryNode::turning);
    }
  }
  if (maps.empty()) return "";
  return "<section id=\"training\">\n<h2>Over training</h2>\n<p class=\"note\">On a fixed batch of "
         "validation, depth from the bottom up; blue above 0, orange below.</p>\n<div "
         "class=\"pairs\">\n" +
         maps + "</div>\n</section>\n";
}

std::string score_table(const ChainReport& report) {
  std::string rows;
  for (std::size_t m = 0; m < report.models.size(); ++m) {
    const ModelChains& model = report.models[m];
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{:.4f}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        svg::keyed(m, model.model), model.score.nll,
        model.score.bleu ? fmt::format("{:.2f}", *model.score.bleu) : "–",
        model.score.accuracy ? fmt::format("{:.2f} %", 100 * *model.score.accuracy) : "–",
        with_commas(model.counted));
  }
  return html::scrolled(
      "Models",
      "<table>\n<thead><tr><th scope=\"col\">Model</th><th scope=\"col\">nll</th><th "
      "scope=\"col\">BLEU</th><th scope=\"col\">Accuracy</th><th scope=\"col\">Tokens or images"
      "</th></tr></thead>\n<tbody>\n" +
          rows + "</tbody>\n</table>\n");
}

constexpr const char* kMeanings =
    "<p>A residual adds a step z to a state x. Means over real positions, in evaluation, of the "
    "unsmoothed task loss L alone. cos(z, -dL/dx): how far the step goes where the loss would have "
    "the state go. cos(z, next z): 1 where the path goes straight on. Straightness: the length of "
    "the sum of a chain's steps over the sum of their lengths. Evenness: the deviation over the "
    "mean of their lengths, 0 where all are as long.</p>\n"
    "<p class=\"note\">In a post-norm stack the normalisation between two residuals is left out of "
    "the chain. In a residual network each stage is a chain of its own, and a position is a place "
    "of its feature map.</p>\n";

// A line a residual.
std::string chain_tsv(const ChainReport& report) {
  std::vector<std::string> cells = {"model", "stack", "residual"};
  for (const ChainMeasure& measure : chain_measures()) cells.emplace_back(measure.name);
  std::string text = tsv_row(cells);
  for (const ModelChains& model : report.models)
    for (const ChainStatistics& chain : model.chains)
      for (const auto& node : chain.nodes) {
        cells = {model.model, chain.stack, node_name(node)};
        for (const ChainMeasure& measure : chain_measures()) {
          const Moments& moments = node.*measure.moments;
          cells.push_back(moments.count() == 0 ? "" : fmt::format("{}", moments.mean()));
        }
        text += tsv_row(cells);
      }
  return text;
}

}  // namespace

std::string chain_report(const ChainReport& report) {
  std::vector<PageSection> sections;
  for (const std::string& stack : stacks_of(report))
    sections.push_back({stack, escape(stack), stack_section(report, stack)});
  sections.push_back({"training", "Over training", history_section(report)});
  return page_of_sections(
      "The chain, measured",
      "<h1>The chain, measured</h1>\n" + std::string(kMeanings) + score_table(report), sections,
      page_footer(report.origin, {{"chain.tsv", chain_tsv(report)}}));
}

}  // namespace penalmt
