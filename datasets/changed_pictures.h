// Other pictures in the place of the right ones, to see what a model makes of them: incongruent decoding (Elliott, EMNLP
// 2018; Caglayan et al., NAACL 2019). Each refers to the PictureSet that it is made from, which must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "datasets/picture_set.h"

namespace penalmt {

// The pictures of some of the lines, in this order.
std::unique_ptr<PictureSet> pictures_of_lines(const PictureSet& all, const std::vector<std::size_t>& lines);

// Lines that have a picture exchange them; the others stay without. No line keeps its own where there are two different
// ones (different: of different rows): lines in random order, pictures beside each other, are turned by as many places as
// the most frequent picture has; a line to which its own comes back all the same (that picture has more than half of the
// lines) takes any of the others.
std::unique_ptr<PictureSet> shuffled_pictures(const PictureSet& right, uint64_t seed);

// Vectors: zeros. Pixels: 128, a grey that the image encoder centres to zero; black would be a picture of its own.
std::unique_ptr<PictureSet> zeroed_pictures(const PictureSet& right);

// Gaussian numbers with the mean and the deviation of all values of the pictures, for each row its own whatever else is
// asked for; pixels are rounded and kept within 0 ... 255.
std::unique_ptr<PictureSet> noise_pictures(const PictureSet& right, uint64_t seed);

}  // namespace penalmt
