#include "evaluation/masked_accuracy.h"

#include <algorithm>
#include <functional>
#include <map>

namespace penalmt {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// Gives as many rows as possible a column of their own that fits (Kuhn's augmenting paths): the row
// of each column, kNone where it has none.
class Assignment {
 public:
  Assignment(std::size_t rows, std::size_t columns,
             std::function<bool(std::size_t, std::size_t)> fits)
      : fits_(std::move(fits)), row_of_(columns, kNone) {
    for (std::size_t row = 0; row < rows; ++row) {
      tried_.assign(columns, false);
      assigned_ += place(row);
    }
  }
  int64_t assigned() const { return assigned_; }
  std::size_t column_of(std::size_t row) const {
    const auto found = std::find(row_of_.begin(), row_of_.end(), row);
    return found == row_of_.end() ? kNone : static_cast<std::size_t>(found - row_of_.begin());
  }

 private:
  // Rows that stand in the way move on where they can.
  bool place(std::size_t row) {
    for (std::size_t column = 0; column < row_of_.size(); ++column) {
      if (tried_[column] || !fits_(row, column)) continue;
      tried_[column] = true;
      if (row_of_[column] != kNone && !place(row_of_[column])) continue;
      row_of_[column] = row;
      return true;
    }
    return false;
  }

  std::function<bool(std::size_t, std::size_t)> fits_;
  std::vector<std::size_t> row_of_;
  std::vector<bool> tried_;
  int64_t assigned_ = 0;
};

}  // namespace

MaskedAccuracy::MaskedAccuracy(MaskedMatch match,
                               const std::vector<std::vector<std::string>>& masked,
                               const std::vector<std::string>& references, FormLexicon lexicon)
    : Metric(References::single(references)),
      match_(match),
      lexicon_(std::move(lexicon)),
      wanted_(masked.size()) {
  for (std::size_t i = 0; i < masked.size(); ++i) {
    std::vector<const std::set<std::string>*> known;
    for (const std::string& word : masked[i])
      if (const auto* forms = lexicon_.forms_of(word); forms != nullptr) known.push_back(forms);
    const std::vector<std::string> parts = lexicon_.parts(references[i]);
    const Assignment found(known.size(), parts.size(), [&](std::size_t word, std::size_t part) {
      return known[word]->count(parts[part]) != 0;
    });
    for (std::size_t word = 0; word < known.size(); ++word)
      if (const std::size_t part = found.column_of(word); part != kNone)
        wanted_[i].push_back({parts[part], known[word]});
    counted_ += found.assigned();
    unknown_ += static_cast<int64_t>(masked[i].size() - known.size());
    untranslated_ += static_cast<int64_t>(known.size()) - found.assigned();
  }
}

bool MaskedAccuracy::fits(const Wanted& wanted, const std::string& part) const {
  return match_ == MaskedMatch::kRelaxed ? wanted.forms->count(part) != 0 : wanted.form == part;
}

double MaskedAccuracy::best_guess() const {
  std::map<std::string, int64_t> right_with;
  for (const auto& of_sentence : wanted_)
    for (const Wanted& wanted : of_sentence) {
      if (match_ == MaskedMatch::kRestricted) ++right_with[wanted.form];
      if (match_ == MaskedMatch::kRelaxed)
        for (const std::string& form : *wanted.forms) ++right_with[form];
    }
  int64_t most = 0;
  for (const auto& [form, count] : right_with) most = std::max(most, count);
  return counted_ == 0 ? 0 : 100 * static_cast<double>(most) / static_cast<double>(counted_);
}

void MaskedAccuracy::write_statistics(const std::vector<std::string>& hypotheses, std::size_t begin,
                                      std::size_t end, double* rows) const {
  for (std::size_t i = begin; i < end; ++i) {
    const std::vector<Wanted>& wanted = wanted_[i];
    const std::vector<std::string> parts =
        wanted.empty() ? std::vector<std::string>{} : lexicon_.parts(hypotheses[i]);
    const Assignment right(wanted.size(), parts.size(), [&](std::size_t word, std::size_t part) {
      return fits(wanted[word], parts[part]);
    });
    *rows++ = static_cast<double>(right.assigned());
    *rows++ = static_cast<double>(wanted.size());
  }
}

}  // namespace penalmt
