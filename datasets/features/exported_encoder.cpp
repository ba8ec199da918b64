#include "datasets/features/exported_encoder.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/script.h>

#include "base/error.h"
#include "base/files.h"
#include "base/parallel.h"
#include "base/refusal.h"
#include "base/sha256.h"
#include "datasets/features/script_archive.h"
#include "datasets/image_set.h"
#include "tensors/devices.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNetwork = "encoder.pt";
constexpr const char* kDescription = "encoder.json";
constexpr int64_t kFilesABatch = 16;

// Where TorchScript's errors say what went wrong.
std::string last_line(std::string text) {
  text.resize(text.find_last_not_of(" \n") + 1);
  return text.substr(text.rfind('\n') + 1);
}

// Convolutions run faster on channels-last tensors; freezing folds batch norm into them.
torch::jit::Module prepared(torch::jit::Module module, const fs::path& file, c10::Device device) {
  try {
    module.eval();
    for (at::Tensor weight : module.parameters())
      if (weight.dim() == 4) weight.set_data(weight.contiguous(at::MemoryFormat::ChannelsLast));
    module = torch::jit::freeze(module);
    return device.is_cpu() ? torch::jit::optimize_for_inference(module) : module;
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    refuse(file, "no TorchScript module that can be run: " + text.substr(0, text.find('\n')));
  }
}

}  // namespace

EncoderDescription read_encoder_description(const fs::path& folder) {
  const fs::path file = folder / kDescription;
  config::Problems problems(file.string());
  EncoderDescription description;
  config::read(description, config::parse_file(file), problems);
  description.preprocessing.check(problems, "preprocessing.");
  problems.throw_if_any();
  return description;
}

struct ExportedEncoder::Data {
  fs::path file;
  c10::Device device;
  EncoderDescription description;
  std::string name;
  torch::jit::Module module;

  // [B, F], [B, R, F] or [B, F, H, W] → [B, R, F]
  at::Tensor regions_of(const at::Tensor& output, int64_t images) const {
    const std::string& layout = description.layout;
    const int64_t dimensions = layout == "pooled" ? 2 : layout == "patches" ? 3 : 4;
    at::Tensor features = output;
    if (layout == "pooled" && output.dim() == 2) features = output.unsqueeze(1);
    if (layout == "grid" && output.dim() == 4) features = output.flatten(2).transpose(1, 2);
    const std::vector<int64_t> expected = {images, description.regions, description.width};
    if (output.dim() != dimensions || features.sizes() != expected)
      refuse(file,
             fmt::format("gives [{}] for {} images; {} says layout {}, {} x {} (regions x width)",
                         fmt::join(output.sizes(), ", "), images, kDescription, layout, expected[1],
                         expected[2]));
    return features.to(at::kFloat).contiguous();
  }
};

ExportedEncoder ExportedEncoder::open(const fs::path& folder, c10::Device device) {
  const EncoderDescription description = read_encoder_description(folder);
  const fs::path file = folder / kNetwork;
  const MappedFile map(file);
  const std::string_view bytes(reinterpret_cast<const char*>(map.data()), map.size());
  const std::string found = sha256(bytes);
  if (found != description.fingerprint)
    refuse(file, fmt::format("its SHA-256 is {}; {} describes another one, {}", found, kDescription,
                             description.fingerprint));
  const std::string whole =
      description.fingerprint + config::write(description.preprocessing).dump();
  return ExportedEncoder(std::make_shared<Data>(
      Data{file, device, description, description.name + " " + sha256(whole).substr(0, 16),
           prepared(open_script(bytes, file, device), file, device)}));
}

const Preprocessing& ExportedEncoder::preprocessing() const {
  return data_->description.preprocessing;
}
FeatureShape ExportedEncoder::shape() const {
  return {data_->description.regions, data_->description.width};
}
const std::string& ExportedEncoder::name() const { return data_->name; }

at::Tensor ExportedEncoder::encode(const at::Tensor& pixels) const {
  const c10::InferenceMode guard;
  const at::Tensor input = normalised(pixels.to(data_->device), preprocessing())
                               .contiguous(at::MemoryFormat::ChannelsLast);
  c10::IValue output;
  try {
    output = data_->module.forward({input});
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    if (std::string_view(error.what()).find("DefaultCPUAllocator: can't allocate") !=
        std::string_view::npos)
      throw MachineError(fmt::format("{}: no memory for images of [{}]", data_->file.string(),
                                     fmt::join(input.sizes(), ", ")));
    refuse(data_->file, fmt::format("fails on images of [{}]: {}", fmt::join(input.sizes(), ", "),
                                    last_line(error.what())));
  }
  if (!output.isTensor())
    refuse(data_->file, "gives " + output.tagKind() + ", expected one tensor");
  return data_->regions_of(output.toTensor(), pixels.size(0));
}

at::Tensor ExportedEncoder::encode_files(const std::vector<fs::path>& files, int threads,
                                         std::vector<std::string>* broken) const {
  const auto count = static_cast<int64_t>(files.size());
  at::Tensor features = at::empty({count, regions(), width()}, at::kFloat);
  const int64_t batches = (count + kFilesABatch - 1) / kFilesABatch;
  const SingleThreadedScope one_thread_each;
  parallel_for(batches, threads, [&](int64_t batch) {
    const SingleThreadedScope here;
    const int64_t begin = batch * kFilesABatch, end = std::min(begin + kFilesABatch, count);
    std::vector<at::Tensor> pixels;
    for (int64_t i = begin; i < end; ++i) {
      try {
        pixels.push_back(load_pixels(files[i], preprocessing()));
      } catch (const Error& error) {
        if (broken == nullptr) throw BrokenImageError({static_cast<std::size_t>(i), error.what()});
        (*broken)[i] = error.what();
        const int64_t side = preprocessing().crop;
        pixels.push_back(at::zeros({3, side, side}, at::kByte));
      }
    }
    features.slice(0, begin, end).copy_(encode(at::stack(pixels)));
  });
  return features;
}

void copy_encoder(const fs::path& from, const fs::path& to) {
  AtomicFolder folder(to);
  for (const char* name : {kNetwork, kDescription})
    write_file(folder.path() / name, read_file(from / name));
  folder.commit();
}

}  // namespace penalmt
