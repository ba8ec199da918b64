// Names of images in lists, against the folder that they are relative to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace penalmt {

// True where root / name is not in the folder `root`: an absolute name, ../ or a link leads out of
// it. A list may come from somebody else, and must not reach for any file of its reader.
bool leads_out(const std::filesystem::path& root, const std::string& name);

// Throws Error for the first that leads out: "list.txt:3: the image '../a.png' is outside of
// images" + `way_out`, the caller's words on how to take it all the same. Name i stands in
// line lines[i] of `place`, in line i + 1 where there are no `lines`.
void expect_inside(const std::vector<std::string>& names, const std::filesystem::path& root,
                   const std::string& place, const std::string& way_out,
                   const std::vector<int64_t>& lines = {});

// What a name that is not there may stand for: files of its folder that are called alike but for
// their ending ("dog" and "dog.png" → "dog.jpg"), as names of `root`, sorted.
std::vector<std::string> names_like(const std::filesystem::path& root, const std::string& name);
// The same among the names of a store.
std::vector<std::string> names_like(const std::vector<std::string>& names, const std::string& name);

// "; did you mean 'dog.jpg' or 'dog.png'?", three at most; "" for none.
std::string did_you_mean_image(const std::vector<std::string>& names);
// The same for the first of `names` that names an image, none of them being there.
std::string did_you_mean_first(const std::filesystem::path& root,
                               const std::vector<std::string>& names);

}  // namespace penalmt
