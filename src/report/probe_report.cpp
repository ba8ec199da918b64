#include "report/probe_report.h"

#include <fmt/format.h>

#include "report/html.h"
#include "report/page_parts.h"
#include "report/probe_sections.h"

namespace penalmt {

std::string probe_report(const ProbeReport& report) {
  return page_of_sections(
      report.title,
      fmt::format("<h1>{}</h1>\n<p class=\"quiet\">{}</p>\n", html::breakable(report.title, "/._-"),
                  html::breakable(report.summary, "/._-")),
      {{"conditions", "Other images", condition_section(report)},
       {"contrastive", "Contrastive pairs", contrastive_section(report)},
       {"gates", "Gates", gate_section(report)},
       {"sentences", "Sentences", probed_sentence_section(report)}});
}

}  // namespace penalmt
