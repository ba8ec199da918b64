// Images of two classes that anyone can tell apart, written without an image library.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "base/files.h"

namespace penalmt {

// A square of one colour with waves in it, so that no two numbers give the same one.
inline std::string ppm(int size, bool red, int number) {
  std::string bytes = fmt::format("P6\n{0} {0}\n255\n", size);
  for (int i = 0; i < size * size; ++i) {
    const int wave = static_cast<int>(60 * std::cos(0.37 * (i + 1) * (number + 1)));
    const int bright = 170 + wave, dark = 60 + wave / 2;
    for (const int channel : {red ? bright : dark, 70, red ? dark : bright})
      bytes += static_cast<char>(channel);
  }
  return bytes;
}

// root/{blue,red}/000.ppm ...: `count` of each.
inline void write_coloured_images(const std::filesystem::path& root, int count, int size = 8) {
  for (const bool red : {false, true}) {
    const std::filesystem::path folder = root / (red ? "red" : "blue");
    std::filesystem::create_directories(folder);
    for (int i = 0; i < count; ++i)
      write_file(folder / fmt::format("{:03}.ppm", i), ppm(size, red, i));
  }
}

}  // namespace penalmt
