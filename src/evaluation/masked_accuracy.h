// The source-masking probe: how many of the words that were masked in the source are right in the
// translation (Li et al., "On Vision Features in Multimodal Machine Translation", ACL 2022). Their
// lists of right words were made by hand for their test sets; ours follow from the reference and a
// lexicon:
//
//   counted      a masked word that the lexicon knows and the reference has a form of; each word of
//                the reference stands for one masked word
//   restricted   the translation has the very form that the reference has
//   relaxed      the translation has any form of any of the masked word's translations
//
// As in the published script, where in the translation a word stands does not matter, a word of it
// serves one masked word, and words with a hyphen are parted. Unlike there, a masked word without a
// translation in the reference is not counted (there it is right), so both figures are somewhat
// lower here.
//
//   a <mask> shirt and <mask> jeans    red, blue
//   reference   ein rotes hemd und blaue jeans
//   hypothesis  ein rotes hemd und blauen jeans     restricted 1 of 2, relaxed 2 of 2
#pragma once

#include <string>
#include <vector>

#include "evaluation/form_lexicon.h"
#include "evaluation/metric.h"
#include "evaluation/share.h"

namespace penalmt {

enum class MaskedMatch { kRestricted, kRelaxed };

// A row: masked words that are right, masked words that count. The score: percent.
class MaskedAccuracy : public Metric {
 public:
  // masked[i]: the words masked in sentence i, in their order.
  MaskedAccuracy(MaskedMatch match, const std::vector<std::vector<std::string>>& masked,
                 const std::vector<std::string>& references, FormLexicon lexicon);
  MaskedAccuracy(const MaskedAccuracy&) = delete;
  MaskedAccuracy& operator=(const MaskedAccuracy&) = delete;

  std::string name() const override {
    return match_ == MaskedMatch::kRelaxed ? "relaxed" : "restricted";
  }
  std::size_t width() const override { return Share().width(); }
  double value(std::span<const double> sum) const override { return Share().value(sum); }
  NumpyNumber resampled_score(std::span<const NumpyNumber> sum) const override {
    return Share().resampled_score(sum);
  }

  int64_t counted() const { return counted_; }
  int64_t unknown() const { return unknown_; }  // masked words that are not in the lexicon
  int64_t untranslated() const { return untranslated_; }  // of which the reference has no form
  // What always writing one and the same word gets at best, in percent: 0 where nothing is counted.
  double best_guess() const;

 protected:
  std::string options_signature() const override { return "match:" + name(); }
  void write_statistics(const std::vector<std::string>& hypotheses, std::size_t begin,
                        std::size_t end, double* rows) const override;

 private:
  struct Wanted {
    std::string form;                    // the reference's
    const std::set<std::string>* forms;  // in lexicon_
  };
  bool fits(const Wanted& wanted, const std::string& part) const;

  MaskedMatch match_;
  FormLexicon lexicon_;
  std::vector<std::vector<Wanted>> wanted_;  // [sentence]
  int64_t counted_ = 0, unknown_ = 0, untranslated_ = 0;
};

}  // namespace penalmt
