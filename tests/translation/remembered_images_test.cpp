#include "translation/remembered_images.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>

#include "base/error.h"

namespace penalmt::remembered_images_test {

// Images of one number each, and how often each was read.
class CountedSource : public ImageSource {
 public:
  explicit CountedSource(std::map<std::string, int>& reads) : ImageSource({}), reads_(reads) {}
  bool has(const std::string& name) const override { return name.starts_with("is"); }
  bool leads_out(const std::string& name) const override { return name == "../out"; }
  std::string none_of(const std::string&, const std::string&) const override { return "none"; }
  std::unique_ptr<ImageSet> load(const std::vector<std::string>& names) const override {
    class Numbers : public ImageSet {
     public:
      Numbers(const CountedSource& source, const std::vector<std::string>& names) {
        std::map<std::string, int64_t> rows;
        for (size_t i = 0; i < names.size(); ++i) {
          index_.push_back(-1);
          if (names[i] == "is broken") broken_.push_back({i, "broken"});
          if (source.leads_out(names[i])) throw Error("outside");
          if (!source.has(names[i]) || names[i] == "is broken") continue;
          const auto [row, is_new] = rows.emplace(names[i], static_cast<int64_t>(numbers_.size()));
          index_.back() = row->second;
          if (!is_new) continue;
          ++source.reads_[names[i]];
          numbers_.push_back(static_cast<float>(names[i].back()));
        }
      }
      at::Tensor rows(const std::vector<int64_t>& which) const override {
        return at::tensor(numbers_)
            .index_select(0, at::tensor(which, at::kLong))
            .unsqueeze(1);  // [P, 1]
      }

     private:
      std::vector<float> numbers_;
    };
    return std::make_unique<Numbers>(*this, names);
  }

 private:
  std::map<std::string, int>& reads_;
};

// What each line got: its image's number, -1: none.
std::vector<float> numbers_of(const ImageSet& set) {
  std::vector<float> numbers;
  for (const int64_t row : set.index())
    numbers.push_back(row < 0 ? -1 : set.rows({row}).item<float>());
  return numbers;
}

std::unique_ptr<ImageSet> as_it_is(const ImageSet&) { return nullptr; }

TEST(RememberedImages, ReadEachImageOnce) {
  std::map<std::string, int> reads;
  const RememberedImages images(std::make_unique<CountedSource>(reads), as_it_is);
  EXPECT_EQ(numbers_of(*images.load({"is a", "", "is b", "is a", "not there"})),
            (std::vector<float>{'a', -1, 'b', 'a', -1}));
  EXPECT_EQ(numbers_of(*images.load({"is b", "is c", "is b"})),
            (std::vector<float>{'b', 'c', 'b'}));
  EXPECT_EQ(numbers_of(*images.load({"is c", "", "is a"})), (std::vector<float>{'c', -1, 'a'}));
  EXPECT_EQ(reads, (std::map<std::string, int>{{"is a", 1}, {"is b", 1}, {"is c", 1}}));
}

TEST(RememberedImages, KeepWhatWasUsedLastWhereThereIsRoomForNoMore) {
  std::map<std::string, int> reads;
  const RememberedImages images(std::make_unique<CountedSource>(reads), as_it_is,
                                2 * sizeof(float));
  images.load({"is a", "is b"});
  images.load({"is a"});
  EXPECT_EQ(numbers_of(*images.load({"is c", "is a"})), (std::vector<float>{'c', 'a'}));  // b goes
  EXPECT_EQ(numbers_of(*images.load({"is a", "is b"})), (std::vector<float>{'a', 'b'}));
  EXPECT_EQ(reads, (std::map<std::string, int>{{"is a", 1}, {"is b", 2}, {"is c", 1}}));
}

TEST(RememberedImages, AreKeptAsTheyWereEncoded) {
  std::map<std::string, int> reads;
  int encoded = 0;
  class Halves : public ImageSet {
   public:
    explicit Halves(const ImageSet& images) {
      index_ = images.index();
      broken_ = images.broken();
      halves_ = images.rows({0}) / 2;
    }
    at::Tensor rows(const std::vector<int64_t>&) const override { return halves_; }
    at::Tensor halves_;
  };
  const RememberedImages images(std::make_unique<CountedSource>(reads), [&](const ImageSet& set) {
    ++encoded;
    return std::make_unique<Halves>(set);
  });
  const std::vector<float> expected = {'a' / 2.0f};
  EXPECT_EQ(numbers_of(*images.load({"is a"})), expected);
  EXPECT_EQ(numbers_of(*images.load({"is a"})), expected);
  EXPECT_EQ(encoded, 1);
}

TEST(RememberedImages, TellOfBrokenOnesAndThoseOutsideAsTheirSource) {
  std::map<std::string, int> reads;
  const RememberedImages images(std::make_unique<CountedSource>(reads), as_it_is);
  for (int time = 0; time < 2; ++time) {
    const auto set = images.load({"is a", "is broken", "is b"});
    ASSERT_EQ(set->broken().size(), 1);
    EXPECT_EQ(set->broken().front().line, 1);
    EXPECT_EQ(numbers_of(*set), (std::vector<float>{'a', -1, 'b'}));
  }
  EXPECT_THROW(images.load({"is a", "../out"}), Error);
}

}  // namespace penalmt::remembered_images_test
