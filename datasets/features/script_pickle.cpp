#include "datasets/features/script_pickle.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

#include <fmt/format.h>

namespace penalmt {
namespace {

constexpr int kDeepest = 200;  // values inside values

// What tensors and lists of numbers are made by. Classes of "__torch__" are the archive's own.
bool is_known(std::string_view module, std::string_view name) {
  if (module == "__torch__" || module.starts_with("__torch__."))
    return !module.starts_with("__torch__.torch.classes") && !name.starts_with("torch.classes");
  if (module == "torch") return name.ends_with("Storage") || name == "device";
  if (module == "torch._utils") return name == "_rebuild_tensor_v2" || name == "_rebuild_parameter";
  if (module == "collections") return name == "OrderedDict";
  if (module == "torch.jit._pickle")
    return name == "build_intlist" || name == "build_doublelist" || name == "build_boollist" ||
           name == "build_tensorlist" || name == "restore_type_tag";
  return false;
}

// Follows the stack machine by depths alone: a value's is one more than the deepest value in it.
class Walk {
 public:
  explicit Walk(std::string_view pickle) : rest_(pickle) {}

  std::optional<std::string> unfit() {
    while (problem_.empty() && !stopped_) step();
    if (problem_.empty()) return std::nullopt;
    return problem_;
  }

 private:
  void step() {
    const int code = static_cast<int>(number(1));
    if (!problem_.empty()) return;
    switch (code) {
      case '.':
        stopped_ = true;
        return;
      case 0x80:  // the protocol
        bytes(1);
        return;
      case '(':
        marks_.push_back(stack_.size());
        return;
      case ']':
      case ')':
      case '}':
      case 'N':
      case 0x88:
      case 0x89:
        return push(0);
      case 'K':
        return push_after(1);
      case 'M':
        return push_after(2);
      case 'J':
        return push_after(4);
      case 'G':
        return push_after(8);
      case 0x8A:
        return push_after(number(1));
      case 'X':
        return push_after(number(4));
      case 'c':
        return global();
      case 'q':
        memo_[number(1)] = top();
        return;
      case 'r':
        memo_[number(4)] = top();
        return;
      case 'h':
        return push(memo_[number(1)]);
      case 'j':
        return push(memo_[number(4)]);
      case 't':
        return push(1 + pop_to_mark());
      case 0x85:
      case 0x86:
      case 0x87:
        return push(1 + pop(static_cast<std::size_t>(code - 0x84)));
      case 'e':
      case 'u':
        return put(pop_to_mark());
      case 'a':
        return put(pop(1));
      case 's':
        return put(pop(2));
      case 'b':
        return put(pop(1));
      case 'R':
      case 0x81:
        return push(1 + pop(2));
      case 'Q':
        return push(1 + pop(1));
      default:
        fail(fmt::format("has the instruction 0x{:02x}", code));
    }
  }

  void fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }
  std::string_view bytes(uint64_t count) {
    if (count > rest_.size()) {
      fail("ends too early");
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  // Little endian.
  uint64_t number(std::size_t width) {
    uint64_t value = 0;
    const std::string_view taken = bytes(width);
    std::memcpy(&value, taken.data(), taken.size());
    return value;
  }
  std::string_view line() {
    const std::size_t end = rest_.find('\n');
    const std::string_view taken = bytes(end == std::string_view::npos ? rest_.size() + 1 : end);
    if (problem_.empty()) rest_.remove_prefix(1);
    return taken;
  }
  void global() {
    const std::string_view module = line(), name = line();
    if (problem_.empty() && !is_known(module, name))
      fail(fmt::format("names the class {}.{}", module, name));
    push(0);
  }

  void push(int depth) {
    if (depth > kDeepest) fail(fmt::format("nests values deeper than {} levels", kDeepest));
    stack_.push_back(depth);
  }
  void push_after(uint64_t count) {
    bytes(count);
    push(0);
  }
  int top() {
    if (stack_.empty()) fail("takes a value where there is none");
    return stack_.empty() ? 0 : stack_.back();
  }
  // The deepest of the values taken.
  int pop(std::size_t count) {
    if (count > stack_.size()) {
      fail("takes a value where there is none");
      count = stack_.size();
    }
    const auto begin = stack_.end() - static_cast<std::ptrdiff_t>(count);
    const int deepest = count == 0 ? 0 : *std::max_element(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    return deepest;
  }
  int pop_to_mark() {
    if (marks_.empty() || marks_.back() > stack_.size()) {
      fail("takes a value where there is none");
      return 0;
    }
    const std::size_t count = stack_.size() - marks_.back();
    marks_.pop_back();
    return pop(count);
  }
  // Into the value on top.
  void put(int depth) {
    const int before = pop(1);
    push(std::max(before, depth + 1));
  }

  std::string_view rest_;
  std::vector<int> stack_;
  std::vector<std::size_t> marks_;  // where the stack stood
  std::map<uint64_t, int> memo_;
  std::string problem_;
  bool stopped_ = false;
};

}  // namespace

std::optional<std::string> unfit_in_pickle(std::string_view pickle) { return Walk(pickle).unfit(); }

}  // namespace penalmt
