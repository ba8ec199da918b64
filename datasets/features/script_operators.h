// The operators that networks of images are made of.
#pragma once

#include <string_view>

namespace penalmt {

// By its name in TorchScript: "aten::conv2d", "prim::ListConstruct". What it does to memory of its
// own aside, none of them touches anything: no file, no process, no network.
bool is_image_operator(std::string_view name);

}  // namespace penalmt
