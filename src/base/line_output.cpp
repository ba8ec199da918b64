#include "base/line_output.h"

#include <fmt/format.h>

#include "base/progress.h"

namespace penalmt {

void LineOutput::keep(std::string_view what) {
  if (lines_ == 0) return;
  if (const auto partial = file_.keep_partial())
    message(fmt::format("{}: holds {} 1 to {}", partial->string(), what, lines_));
}

}  // namespace penalmt
