#include "datasets/features/script_operators.h"

#include <algorithm>
#include <array>
#include <string>

namespace penalmt {
namespace {

constexpr std::string_view kAten[] = {
    // layers
    "_convolution", "_convolution_mode", "conv1d", "conv2d", "conv3d", "conv_transpose2d",
    "convolution", "batch_norm", "layer_norm", "group_norm", "instance_norm", "native_batch_norm",
    "native_layer_norm", "native_group_norm", "linear", "embedding", "dropout", "dropout_",
    "feature_dropout", "scaled_dot_product_attention", "_native_multi_head_attention",
    "_transformer_encoder_layer_fwd",
    // activations
    "relu", "relu_", "relu6", "relu6_", "hardtanh", "hardtanh_", "hardswish", "hardswish_",
    "hardsigmoid", "hardsigmoid_", "silu", "silu_", "gelu", "gelu_", "elu", "elu_", "selu", "selu_",
    "celu", "leaky_relu", "leaky_relu_", "prelu", "mish", "mish_", "sigmoid", "sigmoid_", "tanh",
    "tanh_", "softmax", "log_softmax", "softplus", "glu", "erf", "threshold",
    // pools and resizing
    "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "upsample_nearest2d", "upsample_bilinear2d", "upsample_bicubic2d",
    "grid_sampler", "grid_sampler_2d", "affine_grid_generator", "pixel_shuffle", "pixel_unshuffle",
    // products
    "matmul", "mm", "bmm", "addmm", "baddbmm", "addbmm", "einsum", "dot", "mv", "outer",
    // arithmetic
    "add", "add_", "sub", "sub_", "rsub", "mul", "mul_", "div", "div_", "floor_divide", "floordiv",
    "remainder", "true_divide", "pow", "pow_", "square", "sqrt", "sqrt_", "rsqrt", "reciprocal",
    "exp", "exp2", "log", "log2", "abs", "neg", "sin", "cos", "ceil", "floor", "round", "trunc",
    "clamp", "clamp_", "clamp_min", "clamp_max", "minimum", "maximum", "max", "min", "sum", "mean",
    "var", "std", "amax", "amin", "argmax", "argmin", "prod", "norm", "frobenius_norm",
    "linalg_vector_norm", "linalg_norm", "cumsum", "addcmul", "addcdiv", "lerp", "var_mean",
    "std_mean", "topk", "sort",
    // shapes
    "view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "permute", "transpose",
    "transpose_", "swapaxes", "swapdims", "movedim", "t", "numpy_T", "contiguous", "expand",
    "expand_as", "repeat", "repeat_interleave", "tile", "broadcast_to", "cat", "concat", "stack",
    "hstack", "vstack", "chunk", "tensor_split", "split", "split_with_sizes", "unsafe_chunk",
    "unsafe_split", "unbind", "unsqueeze", "unsqueeze_", "squeeze", "squeeze_", "slice", "select",
    "narrow", "index", "index_select", "gather", "take_along_dim", "roll", "flip", "rot90", "pad",
    "constant_pad_nd", "reflection_pad2d", "replication_pad2d", "unfold", "im2col", "masked_fill",
    "masked_fill_", "where", "tril", "triu", "diagonal",
    // tensors made
    "zeros", "ones", "full", "empty", "zeros_like", "ones_like", "full_like", "empty_like",
    "new_zeros", "new_ones", "new_full", "new_empty", "arange", "linspace", "eye", "meshgrid",
    "tensor", "scalar_tensor", "fill_", "zero_", "copy_", "clone", "detach", "detach_", "alias",
    "lift_fresh", "to", "type_as", "_cast_Float",
    // questions and Python's own
    "size", "sym_size", "len", "dim", "ndimension", "numel", "item", "is_floating_point",
    "is_grad_enabled", "Int", "IntImplicit", "Float", "FloatImplicit", "Bool", "ScalarImplicit",
    "ComplexImplicit", "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or",
    "logical_not", "bitwise_and", "bitwise_not", "isnan", "isfinite", "__and__", "__or__",
    "__not__", "__is__", "__isnot__", "__contains__", "__getitem__", "__range_length",
    "__derive_index", "_set_item", "append", "extend", "list", "keys", "values", "items", "format",
    "str", "mod"};

constexpr std::string_view kPrim[] = {"Constant",
                                      "GetAttr",
                                      "SetAttr",
                                      "CallMethod",
                                      "CallFunction",
                                      "CreateObject",
                                      "ListConstruct",
                                      "ListUnpack",
                                      "TupleConstruct",
                                      "TupleUnpack",
                                      "TupleIndex",
                                      "TupleSlice",
                                      "DictConstruct",
                                      "DictIndex",
                                      "NumToTensor",
                                      "If",
                                      "Loop",
                                      "unchecked_cast",
                                      "unchecked_unwrap_optional",
                                      "Uninitialized",
                                      "RaiseException",
                                      "device",
                                      "dtype",
                                      "layout",
                                      "is_cuda",
                                      "shape",
                                      "min",
                                      "max",
                                      "isinstance",
                                      "requires_grad",
                                      "data",
                                      "type"};

template <std::size_t N>
bool holds(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

bool is_image_operator(std::string_view name) {
  constexpr std::string_view kAtenPrefix = "aten::", kPrimPrefix = "prim::";
  if (name.starts_with(kAtenPrefix)) return holds(kAten, name.substr(kAtenPrefix.size()));
  return name.starts_with(kPrimPrefix) && holds(kPrim, name.substr(kPrimPrefix.size()));
}

}  // namespace penalmt
