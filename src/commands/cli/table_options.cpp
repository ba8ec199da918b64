#include "commands/cli/table_options.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"

namespace penalmt {

ImageArguments images_of_table(const TableArguments& table, ImageArguments images) {
  if (table.image_column.empty()) {
    const auto refuse = [](bool is_given, const char* name) {
      if (is_given) throw Error(fmt::format("{}: got no --image-column; expected both", name));
    };
    refuse(!images.image_root.empty(), "--image-root");
    refuse(!images.features.empty(), "--features");
    refuse(images.skip_broken, "--skip-broken");
    refuse(images.allow_outside, "--allow-outside");
  } else if (images.image_root.empty() && images.features.empty()) {
    images.image_root = std::filesystem::path(table.table).parent_path().string();
    if (images.image_root.empty()) images.image_root = ".";
  }
  check(images, ImageNames::kJsonLines);
  return images;
}

}  // namespace penalmt
