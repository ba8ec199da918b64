// Attention of one head of one sentence and its gradients, for short sequences: all of it stays in
// the first caches. float32 inside, compiled for several instruction sets.
#pragma once

#include <cstdint>

#include "tensors/instruction_set.h"

namespace penalmt {

// Rows of D numbers, `stride` numbers apart.
struct HeadRows {
  void* data;
  int64_t stride;
};

struct HeadShape {
  int64_t queries, keys, depth;  // T, M >= 1, D a multiple of 16
  bool causal;                   // query t sees the keys 0..t; else all
  bool narrow;                   // rows are bfloat16; else float32
};

// What the backward pass needs of a query's softmax to compute it again.
struct SoftmaxRow {
  float highest, factor;  // weight = e^(score - highest) * factor
};

struct PackedHead {
  HeadShape shape;
  HeadRows q, k, v;
  SoftmaxRow* softmax;  // of query t at softmax[t * softmax_stride]
  int64_t softmax_stride;
};

struct HeadGradients {
  HeadRows out, q, k, v;
};

struct AttentionKernels {
  int64_t (*scratch_floats)(const HeadShape& shape);

  // out = softmax(q k^T / sqrt(D)) v; writes the head's softmax.
  void (*forward)(const PackedHead& head, HeadRows out, float* scratch);

  // The gradients at q, k and v from the one at out.
  void (*backward)(const PackedHead& head, const HeadGradients& gradients, float* scratch);
};

const AttentionKernels& attention_kernels_for(InstructionSet set);

// Those for this process.
const AttentionKernels& attention_kernels();

}  // namespace penalmt
