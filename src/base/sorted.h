// A list in order, each thing once.
#pragma once

#include <algorithm>
#include <vector>

namespace penalmt {

template <class T>
void sort_without_repeats(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

}  // namespace penalmt
