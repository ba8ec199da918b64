#include <fmt/format.h>

#include "base/progress.h"
#include "report/html.h"
#include "report/sections.h"

namespace penalmt {
namespace {

using html::escape;

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

std::string cell(const LeftOutScore::Attribute& attribute) {
  return fmt::format(
      "<td data-label=\"{4} (chance {3} %)\"><strong>{0} %</strong> <span class=\"quiet\">{1} of "
      "{2}</span>"
      "<div class=\"bar\" aria-hidden=\"true\"><i style=\"width:{0}%\"></i><b "
      "style=\"left:{3}%\"></b></div></td>",
      percent(attribute.accuracy()), with_commas(attribute.right), with_commas(attribute.total),
      percent(attribute.chance), escape(attribute.name));
}

}  // namespace

std::string left_out_section(const EvaluationReport& report) {
  if (report.systems.front().left_out.empty()) return "";
  std::string table =
      "<table class=\"sortable\">\n<caption>Words that the source leaves out and the translation "
      "needs: only the "
      "image "
      "tells them. The line across each bar is chance.</caption>\n<thead><tr><th "
      "scope=\"col\">System</th>";
  for (const LeftOutScore::Attribute& attribute : report.systems.front().left_out)
    table += fmt::format("<th scope=\"col\">{}<br>chance {} %</th>", escape(attribute.name),
                         percent(attribute.chance));
  table += "</tr></thead>\n<tbody>\n";
  for (std::size_t s = 0; s < report.systems.size(); ++s) {
    table += fmt::format("<tr><th scope=\"row\">{}</th>", keyed_name(report, s));
    for (const LeftOutScore::Attribute& attribute : report.systems[s].left_out)
      table += cell(attribute);
    table += "</tr>\n";
  }
  return "<section id=\"left-out\">\n<h2>Left-out words</h2>\n" +
         html::scrolled("Left-out words", table + "</tbody>\n</table>\n") + "</section>\n";
}

}  // namespace penalmt
