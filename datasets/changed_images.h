// Other images in the place of the right ones, to see what a model makes of them: incongruent
// decoding (Elliott, EMNLP 2018; Caglayan et al., NAACL 2019). Each refers to the ImageSet that it
// is made from, which must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "datasets/image_set.h"

namespace penalmt {

// The images of some of the lines, in this order.
std::unique_ptr<ImageSet> images_of_lines(const ImageSet& all,
                                          const std::vector<std::size_t>& lines);

// Lines that have an image exchange them; the others stay without. No line keeps its own where
// there are two different ones (different: of different rows): lines in random order, images beside
// each other, are turned by as many places as the most frequent image has; a line to which its own
// comes back all the same (that image has more than half of the lines) takes any of the others.
std::unique_ptr<ImageSet> shuffled_images(const ImageSet& right, uint64_t seed);

// Vectors: zeros. Pixels: 128, a grey that the image encoder centres to zero; black would be an
// image of its own.
std::unique_ptr<ImageSet> zeroed_images(const ImageSet& right);

// Gaussian numbers with the mean and the deviation of all values of the images, for each row its
// own whatever else is asked for; pixels are rounded and kept within 0 ... 255. Reads all images at
// once; throws as ImageSet::rows.
std::unique_ptr<ImageSet> noise_images(const ImageSet& right, uint64_t seed);

// The changes by name: shuffled, zeroed, noise.
const std::vector<std::string>& image_changes();

// False where there are not two different images to exchange.
bool can_be_shuffled(const ImageSet& right);

// The images that a model is given in place of the right ones.
struct ImageCondition {
  std::string name;                   // "right", "shuffled", "zeroed", "noise", "none"
  std::unique_ptr<ImageSet> changed;  // owned here where it was made for the purpose
  const ImageSet* images = nullptr;   // null: none
};

// "right", the `changes` in their order and "none"; "none" alone where `right` is null. Throws as
// noise_images.
std::vector<ImageCondition> image_conditions(const ImageSet* right,
                                             const std::vector<std::string>& changes,
                                             uint64_t seed);

}  // namespace penalmt
