#include "models/resnet.h"

#include <torch/torch.h>

#include "tensors/convolution.h"

namespace penalmt {

ConvolutionImpl::ConvolutionImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride)
    : weight(register_parameter("weight", at::empty({out, in, kernel, kernel}))), stride_(stride) {
  torch::nn::init::kaiming_normal_(weight, 0, torch::kFanOut, torch::kReLU);
}

at::Tensor ConvolutionImpl::forward(const at::Tensor& x) { return convolution(x, weight, stride_); }

BatchNormImpl::BatchNormImpl(int64_t width)
    : weight(register_parameter("weight", at::ones({width}))),
      bias(register_parameter("bias", at::zeros({width}))),
      running_mean(register_buffer("running_mean", at::zeros({width}))),
      running_var(register_buffer("running_var", at::ones({width}))) {}

at::Tensor BatchNormImpl::forward(const at::Tensor& x) {
  return at::batch_norm(x, weight, bias, running_mean, running_var, is_training(), /*momentum=*/0.1,
                        /*eps=*/1e-5,
                        /*cudnn_enabled=*/true);
}

ResidualBlockImpl::ResidualBlockImpl(int64_t in, int64_t out, int64_t stride,
                                     const PenalOptions& penal)
    : first_norm(register_module("first_norm", BatchNorm(in))),
      first_convolution(register_module("first_convolution", Convolution(in, out, 3, stride))),
      second_norm(register_module("second_norm", BatchNorm(out))),
      second_convolution(register_module("second_convolution", Convolution(out, out, 3, 1))),
      connection(register_module("connection", PenalConnection(/*dropout=*/0, penal, out))) {
  if (in != out || stride != 1)
    projection = register_module("projection", Convolution(in, out, 1, stride));
}

at::Tensor ResidualBlockImpl::branch(const at::Tensor& x) {
  return second_convolution(at::relu(second_norm(first_convolution(at::relu(first_norm(x))))));
}

at::Tensor ResidualBlockImpl::shortcut(const at::Tensor& x) {
  return projection ? projection(x) : x;
}

at::Tensor ResidualBlockImpl::forward(const at::Tensor& x, double tau_scale) {
  return connection(shortcut(x), branch(x), Rows{{}, {}, tau_scale});
}

ResNetImpl::ResNetImpl(const ResNetConfig& config)
    : stem(register_module("stem", Convolution(3, config.width >> (config.stages - 1), 3, 1))),
      blocks(register_module("blocks", torch::nn::ModuleList())),
      norm(register_module("norm", BatchNorm(config.width))),
      width_(config.width) {
  int64_t in = config.width >> (config.stages - 1);
  for (int64_t stage = 0; stage < config.stages; ++stage)
    for (int64_t block = 0; block < config.blocks; ++block) {
      const bool halves = stage > 0 && block == 0;
      const int64_t out = halves ? 2 * in : in;
      const int64_t depth = stage * config.blocks + block;
      blocks->push_back(ResidualBlock(in, out, halves ? 2 : 1,
                                      config.penal.at_depth(depth, config.stages * config.blocks)));
      in = out;
    }
  const int64_t across = config.size >> (config.stages - 1);
  regions_ = across * across;
}

at::Tensor ResNetImpl::forward(const at::Tensor& pixels, const Rows& rows) {
  // Channels last: a training step of 128 images through ResNet-8 in eager PyTorch took 0.28 s
  // against 0.45 s in bfloat16, 0.47 s against 0.61 s in float32 (one thread of a shared AMD EPYC).
  at::Tensor x = stem(centred(pixels, stem->weight).contiguous(at::MemoryFormat::ChannelsLast));
  for (const auto& block : *blocks) x = block->as<ResidualBlockImpl>()->forward(x, rows.tau_scale);
  return at::relu(norm(x)).flatten(2).transpose(1, 2);  // [B, F, h, w] → [B, R, F]
}

}  // namespace penalmt
