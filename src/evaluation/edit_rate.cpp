#include "evaluation/edit_rate.h"

#include <algorithm>

#include "base/sorted.h"

namespace penalmt {
namespace {

constexpr int32_t kNone = -1;

// Tercom's limits, and the reference implementation's own.
constexpr int32_t kLongestShift = 10;  // words
constexpr int32_t kFarthestShift =
    50;  // between the starts of the phrase in hypothesis and reference
constexpr int64_t kMostCandidates = 1000;  // of all rounds together

}  // namespace

// `length` words from `start` are set before word `target`; that is, a part of the hypothesis is
// rotated so that `middle` comes first.
struct EditRate::Shift {
  int32_t begin, middle, end;

  // Of shifts that save equally, Tercom takes the longest, then the one from the earliest start,
  // then to the earliest target: the least number. (The reference implementation at last compares
  // the words. Those are the same by then, for start, length and target say what the shift does.)
  static uint64_t rank(int32_t start, int32_t length, int32_t target) {
    return static_cast<uint64_t>(kLongestShift - length) << 60 |
           static_cast<uint64_t>(start) << 30 | static_cast<uint64_t>(target);
  }

  static Shift of_rank(uint64_t rank, int32_t words) {
    constexpr uint64_t kMask = (uint64_t{1} << 30) - 1;
    const int32_t length = kLongestShift - static_cast<int32_t>(rank >> 60);
    const auto start = static_cast<int32_t>(rank >> 30 & kMask),
               target = static_cast<int32_t>(rank & kMask);
    if (target < start) return {target, start, start + length};
    if (target > start + length) return {start, start + length, target};
    // A quirk: a target inside the phrase or at its end moves the phrase on by as many words as the
    // target lies behind its start.
    return {start, start + length, std::min(target + length, words)};
  }

  // No shift saves more than twice this: instead of it one could delete and insert the shorter
  // part.
  int32_t shorter_part() const { return std::min(middle - begin, end - middle); }
};

int64_t EditRate::edits(std::span<const int32_t> hypothesis, std::span<const int32_t> reference) {
  if (reference.empty()) return static_cast<int64_t>(hypothesis.size());
  number_words(hypothesis, reference);
  const auto rows = static_cast<int32_t>(hypothesis.size());
  exact_.start(reference_, letters_, rows);
  beam_.start(reference_, rows);
  shifted_.resize(hypothesis_.size());
  candidates_ = 0;
  int32_t known = 0;
  for (int64_t shifts = 0;; ++shifts) {
    // 1. How far is it now, and which words are wrong?
    exact_.fill(hypothesis_.data(), known);
    const int32_t exact_distance = exact_.distance();
    int32_t distance = exact_distance;
    const bool in_beam = exact_distance < beam_.least_cost_outside();
    if (!in_beam) {
      beam_.fill(hypothesis_.data(), 0);
      distance = beam_.distance();
    }
    if (distance == least_distance_) return shifts + distance;
    in_beam ? align(exact_) : align(beam_);
    // 2. Which shifts are worth a try? One candidate too many ends the search, before anything is
    // shifted.
    find_shifts();
    if (candidates_ >= kMostCandidates) return shifts + distance;
    // 3. Do the best one, if there is one that saves anything.
    Shift best{};
    if (!choose_shift(exact_distance, distance, best)) return shifts + distance;
    const auto words = hypothesis_.begin();
    std::rotate(words + best.begin, words + best.middle, words + best.end);
    known = best.begin;
  }
}

void EditRate::number_words(std::span<const int32_t> hypothesis,
                            std::span<const int32_t> reference) {
  const auto largest =
      static_cast<std::size_t>(*std::max_element(reference.begin(), reference.end()));
  if (largest >= number_of_.size()) number_of_.resize(largest + 1, kNone);
  reference_.clear();
  first_place_.clear();
  unmatched_.clear();
  for (const int32_t word : reference) {
    int32_t& number = number_of_[word];
    if (number == kNone) {
      number = static_cast<int32_t>(unmatched_.size());
      unmatched_.push_back(0);
    }
    ++unmatched_[number];
    reference_.push_back(number);
  }
  const auto unknown = static_cast<int32_t>(unmatched_.size());
  letters_ = unknown + 1;
  int32_t matched = 0;
  hypothesis_.clear();
  for (const int32_t word : hypothesis) {
    int32_t number =
        word < 0 || static_cast<std::size_t>(word) >= number_of_.size() ? kNone : number_of_[word];
    if (number == kNone)
      number = unknown;
    else if (unmatched_[number] > 0)
      --unmatched_[number], ++matched;
    hypothesis_.push_back(number);
  }
  for (const int32_t word : reference) number_of_[word] = kNone;
  least_distance_ = static_cast<int32_t>(std::max(hypothesis.size(), reference.size())) - matched;

  first_place_.assign(letters_, kNone);
  next_place_.resize(reference_.size());
  for (auto j = static_cast<int32_t>(reference_.size()) - 1; j >= 0; --j) {
    next_place_[j] = first_place_[reference_[j]];
    first_place_[reference_[j]] = j;
  }
}

// Walks the cheapest path back from the end. Of equal ones Tercom prefers a match or substitution,
// then (as seen from the hypothesis) a deletion, then an insertion.
template <class Table>
void EditRate::align(const Table& table) {
  auto i = static_cast<int32_t>(hypothesis_.size()), j = static_cast<int32_t>(reference_.size());
  aligned_.resize(reference_.size());
  hypothesis_errors_.assign(hypothesis_.size() + 1, 0);
  reference_errors_.assign(reference_.size() + 1, 0);
  int32_t cost = table.at(i, j);
  while (i > 0 || j > 0) {
    if (i > 0 && j > 0) {
      const int32_t substitution = hypothesis_[i - 1] == reference_[j - 1] ? 0 : 1;
      if (table.at(i - 1, j - 1) + substitution == cost) {
        cost -= substitution;
        --i, --j;
        aligned_[j] = i;
        hypothesis_errors_[i + 1] = reference_errors_[j + 1] = substitution;
        continue;
      }
    }
    --cost;
    if (j == 0 || (i > 0 && table.at(i - 1, j) == cost)) {
      hypothesis_errors_[i--] = 1;
    } else {
      reference_errors_[j--] = 1;
      aligned_[j] = i - 1;
    }
  }
  for (std::size_t k = 1; k < hypothesis_errors_.size(); ++k)
    hypothesis_errors_[k] += hypothesis_errors_[k - 1];
  for (std::size_t k = 1; k < reference_errors_.size(); ++k)
    reference_errors_[k] += reference_errors_[k - 1];
}

bool EditRate::has_errors(const std::vector<int32_t>& errors, int32_t begin, int32_t length) const {
  return errors[begin + length] > errors[begin];
}

// Candidates are the phrases of the hypothesis that stand in the reference too, where a word is
// wrong in either, and that would not be moved into themselves; each may go behind what stands
// against the word before the reference's phrase or against one of the phrase's words.
void EditRate::find_shifts() {
  shifts_.clear();
  const auto words = static_cast<int32_t>(hypothesis_.size()),
             goal = static_cast<int32_t>(reference_.size());
  for (int32_t start = 0; start < words; ++start) {
    for (int32_t place = first_place_[hypothesis_[start]]; place != kNone;
         place = next_place_[place]) {
      if (place < start - kFarthestShift) continue;
      if (place > start + kFarthestShift) break;
      const int32_t longest = std::min({kLongestShift, words - start, goal - place});
      for (int32_t length = 1; length <= longest; ++length) {
        if (hypothesis_[start + length - 1] != reference_[place + length - 1]) break;
        if (!has_errors(hypothesis_errors_, start, length) ||
            !has_errors(reference_errors_, place, length))
          continue;
        if (start <= aligned_[place] && aligned_[place] < start + length) continue;
        int32_t tried = kNone;
        for (int32_t j = place - 1; j < place + length; ++j) {
          const int32_t target = j < 0 ? 0 : aligned_[j] + 1;
          if (target == tried) continue;
          tried = target;
          ++candidates_;
          shifts_.push_back(Shift::rank(start, length, target));
        }
        if (candidates_ >= kMostCandidates) return;
      }
    }
  }
}

// Tries the candidates from the best rank on, so that only a nearer one can replace the best so
// far. False where none saves anything.
bool EditRate::choose_shift(int32_t exact_distance, int32_t distance, Shift& best) {
  sort_without_repeats(shifts_);
  const int32_t before = distance;
  for (const uint64_t rank : shifts_) {
    const Shift shift = Shift::of_rank(rank, static_cast<int32_t>(hypothesis_.size()));
    if (exact_distance - 2 * shift.shorter_part() >= distance) continue;
    std::rotate_copy(hypothesis_.begin() + shift.begin, hypothesis_.begin() + shift.middle,
                     hypothesis_.begin() + shift.end, shifted_.begin() + shift.begin);
    std::copy(hypothesis_.begin() + shift.end, hypothesis_.end(), shifted_.begin() + shift.end);
    int32_t candidate = exact_.distance_of(shifted_.data(), shift.begin);
    if (candidate >= distance) continue;  // the beam's is not less
    if (candidate >= beam_.least_cost_outside())
      candidate = beam_.distance_of(shifted_.data(), shift.begin);
    if (candidate >= distance) continue;
    distance = candidate;
    best = shift;
    if (distance == least_distance_) break;
  }
  return distance < before;
}

}  // namespace penalmt
