// TorchScript archives (.pt) opened without running any of their code.
//
// torch::jit::load runs what an archive calls __setstate__, and an operator such as aten::save or
// aten::from_file writes or reads any file of its user. So an archive is taken apart here: its
// pickles name nothing but tensors and its own classes, its code is compiled but not run, and every
// operator in it is looked up among those of image networks.
#pragma once

#include <filesystem>
#include <string_view>

#include <torch/script.h>

namespace penalmt {

// The module of an archive, `bytes` being all of the file `name`. Throws Error where it is no
// archive, and, unless all scripts are trusted, "name: its code calls aten::save, ..." and the
// like.
torch::jit::Module open_script(std::string_view bytes, const std::filesystem::path& name,
                               c10::Device device);

}  // namespace penalmt
