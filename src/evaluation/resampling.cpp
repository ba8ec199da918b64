#include "evaluation/resampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.h"
#include "evaluation/numpy_random.h"

namespace penalmt {
namespace {

constexpr std::size_t kDrawsAtOnce = std::size_t{1}
                                     << 22;  // sentences drawn before the threads sum them up

// ---- arrays as NumPy has them
// --------------------------------------------------------------------------------------

// An array of float32 or of float64.
struct NumpyArray {
  bool single = false;
  std::vector<double> values;

  // As numpy.array(numbers): float32 where all of them are.
  explicit NumpyArray(const std::vector<NumpyNumber>& numbers)
      : single(std::all_of(numbers.begin(), numbers.end(),
                           [](NumpyNumber n) { return n.is_float32(); })) {
    for (const NumpyNumber number : numbers) values.push_back(number.value());
  }
  // Of a result of +, - or * of float32 values computed in float64, which is then rounded once, as
  // if it were exact.
  double rounded(double value) const { return single ? static_cast<float>(value) : value; }
};

NumpyArray sorted(NumpyArray array) {
  std::sort(array.values.begin(), array.values.end());
  return array;
}

// numpy.sum of a row: eight partial sums for up to 128 numbers, halves above.
template <class Float>
Float pairwise_sum(const Float* values, std::size_t count) {
  if (count < 8) {
    Float sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += values[i];
    return sum;
  }
  if (count <= 128) {
    Float part[8];
    std::copy_n(values, 8, part);
    std::size_t i = 8;
    for (; i + 8 <= count; i += 8)
      for (std::size_t k = 0; k < 8; ++k) part[k] += values[i + k];
    Float sum =
        ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
    for (; i < count; ++i) sum += values[i];
    return sum;
  }
  const std::size_t half = count / 2 / 8 * 8;
  return pairwise_sum(values, half) + pairwise_sum(values + half, count - half);
}

// numpy.mean
double mean(const NumpyArray& array) {
  const auto count = static_cast<double>(array.values.size());
  if (!array.single) return pairwise_sum(array.values.data(), array.values.size()) / count;
  const std::vector<float> values(array.values.begin(), array.values.end());
  return static_cast<float>(static_cast<double>(pairwise_sum(values.data(), values.size())) /
                            count);
}

// Half the width of the middle 95 % of sorted scores.
double half_width(const NumpyArray& sorted) {
  const std::size_t lower = sorted.values.size() / 40, upper = sorted.values.size() - lower - 1;
  return 0.5 * sorted.rounded(sorted.values[upper] - sorted.values[lower]);
}

// Python's statistics.mean: exact, rounded once. (The sum is kept in two doubles, which hold it to
// 2^-106.)
double exact_mean(const NumpyArray& array) {
  double high = 0, low = 0;
  for (const double value : array.values) {
    const double sum = high + value, back = sum - high;
    low += (high - (sum - back)) + (value - back);
    high = sum;
  }
  const auto count = static_cast<double>(array.values.size());
  const double quotient = (high + low) / count;
  const double rest = std::fma(-quotient, count, high) + low;
  return array.rounded(quotient + rest / count);
}

// The share of samples that are greater than the truth; one more on either side keeps it from zero.
double p_value(const std::vector<double>& samples, double truth) {
  const auto greater =
      std::count_if(samples.begin(), samples.end(), [&](double sample) { return sample > truth; });
  return static_cast<double>(greater + 1) / static_cast<double>(samples.size() + 1);
}

// ---- drawing
// -------------------------------------------------------------------------------------------------------

// All systems' rows side by side: [sentence][system][width].
template <class Float>
std::vector<Float> side_by_side(const std::vector<const Statistics*>& systems) {
  std::vector<Float> rows;
  rows.reserve(systems.front()->numbers.size() * systems.size());
  for (std::size_t i = 0; i < systems.front()->sentences(); ++i)
    for (const Statistics* system : systems)
      for (const double number : system->row(i)) rows.push_back(static_cast<Float>(number));
  return rows;
}

// Calls prepare(samples of the block) on this thread, block after block, then score(sample, its
// number in the block) for each sample of it on many.
template <class Prepare, class Score>
void in_blocks(int64_t samples, std::size_t sentences, int threads, Prepare prepare, Score score) {
  const auto block = static_cast<int64_t>(std::max<std::size_t>(1, kDrawsAtOnce / sentences));
  for (int64_t first = 0; first < samples; first += block) {
    const int64_t count = std::min(block, samples - first);
    prepare(count);
    parallel_for(count, threads, [&](int64_t i) { score(first + i, i); });
  }
}

// [system][sample]
std::vector<std::vector<NumpyNumber>> bootstrap_scores(
    const SumScore& metric, const std::vector<const Statistics*>& systems,
    const ResamplingOptions& options) {
  const std::size_t sentences = systems.front()->sentences(), width = metric.width(),
                    wide = width * systems.size();
  const std::vector<float> rows = side_by_side<float>(systems);
  std::vector<std::vector<NumpyNumber>> scores(
      systems.size(), std::vector<NumpyNumber>(static_cast<std::size_t>(options.samples)));
  NumpyGenerator generator(options.seed);
  std::vector<uint32_t> drawn;
  in_blocks(
      options.samples, sentences, options.threads,
      [&](int64_t count) {
        drawn.resize(static_cast<std::size_t>(count) * sentences);
        for (uint32_t& sentence : drawn)
          sentence = generator.below(static_cast<uint32_t>(sentences));
      },
      [&](int64_t sample, int64_t in_block) {
        std::vector<float> sum(wide, 0);
        float* __restrict total = sum.data();
        const uint32_t* sample_drawn = &drawn[static_cast<std::size_t>(in_block) * sentences];
        for (std::size_t i = 0; i < sentences; ++i) {
          const float* __restrict row = &rows[sample_drawn[i] * wide];
          for (std::size_t k = 0; k < wide; ++k) total[k] += row[k];
        }
        std::vector<NumpyNumber> numbers(width);
        for (std::size_t s = 0; s < systems.size(); ++s) {
          std::transform(total + s * width, total + (s + 1) * width, numbers.begin(),
                         NumpyNumber::float32);
          scores[s][static_cast<std::size_t>(sample)] = metric.resampled_score(numbers);
        }
      });
  return scores;
}

}  // namespace

Confidence bootstrap_confidence(const SumScore& metric, const Statistics& statistics,
                                const ResamplingOptions& options) {
  const NumpyArray scores =
      sorted(NumpyArray(bootstrap_scores(metric, {&statistics}, options).front()));
  return {exact_mean(scores), half_width(scores)};
}

std::vector<TestResult> paired_bootstrap(const SumScore& metric,
                                         const std::vector<Statistics>& systems,
                                         const ResamplingOptions& options) {
  std::vector<const Statistics*> all;
  for (const Statistics& system : systems) all.push_back(&system);
  const auto scores = bootstrap_scores(metric, all, options);
  const NumpyArray baseline(scores.front());
  std::vector<TestResult> results;
  for (std::size_t s = 0; s < systems.size(); ++s) {
    TestResult& result = results.emplace_back();
    result.score = metric.value(systems[s].sum());
    const NumpyArray system(scores[s]);
    const NumpyArray in_order = sorted(system);
    result.confidence = {mean(in_order), half_width(in_order)};
    if (s == 0) continue;
    NumpyArray differences = system;
    differences.single = system.single && baseline.single;
    for (std::size_t i = 0; i < differences.values.size(); ++i)
      differences.values[i] = std::abs(differences.rounded(system.values[i] - baseline.values[i]));
    // Were the systems the same, the differences would lie around zero: they are moved there.
    const double centre = mean(differences);
    for (double& difference : differences.values)
      difference = differences.rounded(difference - centre);
    result.p_value = p_value(differences.values,
                             differences.rounded(std::abs(results.front().score - result.score)));
  }
  return results;
}

std::vector<TestResult> paired_randomisation(const SumScore& metric,
                                             const std::vector<Statistics>& systems,
                                             const ResamplingOptions& options) {
  const std::size_t sentences = systems.front().sentences(), width = metric.width(),
                    wide = width * systems.size();
  // What the baseline's row is more than each system's (its own: nothing),
  // [sentence][system][width].
  std::vector<const Statistics*> all;
  for (const Statistics& system : systems) all.push_back(&system);
  std::vector<double> excess = side_by_side<double>(all);
  for (std::size_t i = 0; i < sentences; ++i)
    for (std::size_t s = systems.size(); s-- > 0;)
      for (std::size_t k = 0; k < width; ++k) {
        double* row = &excess[i * wide];
        row[s * width + k] = row[k] - row[s * width + k];
      }
  std::vector<std::vector<double>> sums;
  std::vector<TestResult> results;
  for (const Statistics& system : systems) {
    sums.push_back(system.sum());
    results.push_back({.score = metric.value(sums.back()), .p_value = {}, .confidence = {}});
  }

  std::vector<std::vector<double>> differences(
      systems.size(), std::vector<double>(static_cast<std::size_t>(options.samples)));
  NumpyGenerator generator(options.seed);
  NumpyBits bits(generator);
  std::vector<uint8_t> from_baseline;
  in_blocks(
      options.samples, sentences, options.threads,
      [&](int64_t count) {
        from_baseline.resize(static_cast<std::size_t>(count) * sentences);
        for (uint8_t& bit : from_baseline) bit = bits.next();
      },
      [&](int64_t sample, int64_t in_block) {
        std::vector<double> moved(wide, 0);
        double* __restrict total = moved.data();
        const uint8_t* taken = &from_baseline[static_cast<std::size_t>(in_block) * sentences];
        for (std::size_t i = 0; i < sentences; ++i) {
          if (taken[i] == 0) continue;
          const double* __restrict row = &excess[i * wide];
          for (std::size_t k = width; k < wide; ++k) total[k] += row[k];
        }
        std::vector<double> one(width), other(width);
        for (std::size_t s = 1; s < systems.size(); ++s) {
          for (std::size_t k = 0; k < width; ++k) {
            one[k] = sums[s][k] + moved[s * width + k];
            other[k] = sums[0][k] - moved[s * width + k];
          }
          differences[s][static_cast<std::size_t>(sample)] =
              std::abs(metric.value(one) - metric.value(other));
        }
      });
  constexpr double kEqual = 1e-9;  // differences that rounding alone tells apart
  for (std::size_t s = 1; s < systems.size(); ++s)
    results[s].p_value = p_value(differences[s], std::abs(results[0].score - results[s].score) -
                                                     (options.count_equal ? kEqual : 0));
  return results;
}

}  // namespace penalmt
