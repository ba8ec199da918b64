#include "report/downloads.h"

#include <algorithm>

#include <fmt/format.h>

#include "report/html.h"

namespace penalmt {

std::string tsv_row(const std::vector<std::string>& cells) {
  std::string row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) row += '\t';
    for (const char c : cells[i]) row += c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
  }
  return row + "\n";
}

std::string page_footer(const PageOrigin& origin, const std::vector<Download>& downloads) {
  std::string links;
  for (const Download& download : downloads)
    if (std::count(download.tsv.begin(), download.tsv.end(), '\n') > 1)
      links += fmt::format(
          "<li><a download=\"{0}\" "
          "href=\"data:text/tab-separated-values;charset=utf-8;base64,{1}\">"
          "{0}</a></li>",
          html::escape(download.file), html::base64(download.tsv));
  std::string text;
  if (!links.empty())
    text += "<p>The numbers of this page, as tab-separated values:</p>\n<ul class=\"files\">" +
            links + "</ul>\n";
  if (!origin.date.empty())
    text += fmt::format("<p>Made {} by penalmt {}.</p>\n", html::escape(origin.date),
                        html::escape(PENALMT_VERSION));
  if (!origin.command.empty())
    text += fmt::format("<pre tabindex=\"0\">{}</pre>\n", html::escape(origin.command));
  return text.empty() ? "" : "<footer>\n" + text + "</footer>\n";
}

}  // namespace penalmt
