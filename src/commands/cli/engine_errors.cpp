#include <c10/util/Exception.h>
#include <dnnl.hpp>
#include <opencv2/core.hpp>

#include "commands/cli/foreign_errors.h"

namespace penalmt {

std::optional<std::string> engine_words(const std::exception& error) {
  if (const auto* opencv = dynamic_cast<const cv::Exception*>(&error))
    return opencv->code == cv::Error::StsNoMem ? "out of memory"
                                               : "internal error: OpenCV: " + opencv->err;
  // What oneDNN lacks is memory: it is asked for nothing but what it was seen to do.
  if (const auto* onednn = dynamic_cast<const dnnl::error*>(&error))
    return onednn->status == dnnl_invalid_arguments || onednn->status == dnnl_unimplemented
               ? "internal error: oneDNN: " + std::string(onednn->what())
               : "out of memory";
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  if (torch == nullptr) return std::nullopt;
  const std::string text = torch->what_without_backtrace();
  if (text.find("DefaultCPUAllocator") != std::string::npos) return "out of memory";
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) return text;
  return "internal error: LibTorch: " + text;
}

}  // namespace penalmt
