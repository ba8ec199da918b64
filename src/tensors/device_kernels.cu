// What runs on a GPU of our own making, each the twin of a CPU kernel: dropout drawn from counters,
// residuals with their normalisation and penal term, attention of packed sentences, the losses of
// the output layer. CUDA C++ that needs none of CUDA's headers: device_program.h has it compiled
// when it is first needed. The tests compile it for the CPU, too (tests/emulated_cuda/threads.h),
// hence the few words of CUDA's that stand here: __syncthreads, __syncwarp, PENALMT_SHARED and the
// sums and maxima of a warp below.
//
// No result depends on the order in which blocks run: no number is added atomically but a count of
// blocks.
//
// PENALMT_DEPTH, the numbers of an attention head, compiles the attention alone, for that depth;
// without it there is all the rest. PENALMT_EVERYTHING: both, for any depth.

typedef long long int64;
typedef unsigned long long uint64;
typedef unsigned int uint32;
typedef unsigned short bfloat16;

#define PENALMT_KERNEL extern "C" __global__ void

static const int kLanes = 32;  // of a warp

__device__ inline float widen(float x) { return x; }
__device__ inline float widen(bfloat16 x) { return __uint_as_float(static_cast<uint32>(x) << 16); }
__device__ inline void narrow(float value, float& out) { out = value; }
// Round to nearest, ties to even; never called with NaN.
__device__ inline void narrow(float value, bfloat16& out) {
  const uint32 bits = __float_as_uint(value);
  out = static_cast<bfloat16>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

__device__ inline int lane() { return static_cast<int>(threadIdx.x) % kLanes; }
__device__ inline int warp() { return static_cast<int>(threadIdx.x) / kLanes; }
__device__ inline int warps() { return static_cast<int>(blockDim.x) / kLanes; }
__device__ inline int64 warp_of_all() { return static_cast<int64>(blockIdx.x) * warps() + warp(); }

// ---- dropout, as dropout_bits.h has it ----------------------------------------------------------

__device__ inline uint64 mix64(uint64 x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

__device__ inline uint32 mix32(uint32 x) {
  x ^= x >> 16;
  x *= 0x85EBCA6Bu;
  x ^= x >> 13;
  x *= 0xC2B2AE35u;
  return x ^ (x >> 16);
}

// A dropout of the network: `mixed` is mix64 of its number.
struct Dropout {
  uint64 mixed;
  uint32 threshold;
  float scale;
};

// What a channel of the row with that counter is multiplied by.
__device__ inline float factor_of(const Dropout& dropout, uint64 key, int64 channel,
                                  int64 channels) {
  const int64 half = (channels + 1) / 2;
  const bool low = channel < half;
  const uint32 drawn = static_cast<uint32>(low ? channel : channel - half);
  const uint32 bits =
      mix32(static_cast<uint32>(key) + drawn * 0x9E3779B9u) ^ static_cast<uint32>(key >> 32);
  return (low ? bits & 0xFFFFu : bits >> 16) < dropout.threshold ? 0.0f : dropout.scale;
}

__device__ inline uint64 row_key(int64 counter, const Dropout& dropout) {
  return mix64(static_cast<uint64>(counter) ^ dropout.mixed);
}

// y [rows, channels] = x times its factors; the factors themselves where x is null. A thread a
// number.
PENALMT_KERNEL dropout_rows(const float* x, const int64* counters, uint64 mixed, uint32 threshold,
                            float scale, float* y, int64 rows, int64 channels) {
  const int64 i = static_cast<int64>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= rows * channels) return;
  const int64 row = i / channels;
  const Dropout dropout = {mixed, threshold, scale};
  const float factor =
      factor_of(dropout, row_key(counters[row], dropout), i - row * channels, channels);
  y[i] = x ? x[i] * factor : factor;
}

#if !defined(PENALMT_DEPTH) || defined(PENALMT_EVERYTHING)

// ---- residual and normalisation, as residual_norm.h
// -----------------------------------------------

// A warp a row.
template <class Branch>
__device__ void residual_norm_of(const float* x, const Branch* branch, const float* weight,
                                 const float* bias, float epsilon, const int64* counters,
                                 const Dropout& dropout, float* y, float* sum, float* means,
                                 float* rstds, int64 rows, int64 channels) {
  const int64 row = warp_of_all();
  if (row >= rows) return;
  const float* in = x + row * channels;
  const Branch* add = branch + row * channels;
  float *h = sum + row * channels, *out = y + row * channels;
  const uint64 key = dropout.threshold ? row_key(counters[row], dropout) : 0;
  float total = 0;
  for (int64 c = lane(); c < channels; c += kLanes) {
    float z = widen(add[c]);
    if (dropout.threshold) z *= factor_of(dropout, key, c, channels);
    h[c] = in[c] + z;
    total += h[c];
  }
  const float mean = warp_sum(total) / static_cast<float>(channels);
  float squares = 0;
  for (int64 c = lane(); c < channels; c += kLanes) squares += (h[c] - mean) * (h[c] - mean);
  const float rstd = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(channels) + epsilon);
  if (lane() == 0) {
    means[row] = mean;
    rstds[row] = rstd;
  }
  for (int64 c = lane(); c < channels; c += kLanes)
    out[c] = (h[c] - mean) * rstd * weight[c] + bias[c];
}

PENALMT_KERNEL residual_norm_float(const float* x, const float* branch, const float* weight,
                                   const float* bias, float epsilon, const int64* counters,
                                   uint64 mixed, uint32 threshold, float scale, float* y,
                                   float* sum, float* means, float* rstds, int64 rows,
                                   int64 channels) {
  residual_norm_of(x, branch, weight, bias, epsilon, counters, {mixed, threshold, scale}, y, sum,
                   means, rstds, rows, channels);
}
PENALMT_KERNEL residual_norm_bfloat16(const float* x, const bfloat16* branch, const float* weight,
                                      const float* bias, float epsilon, const int64* counters,
                                      uint64 mixed, uint32 threshold, float scale, float* y,
                                      float* sum, float* means, float* rstds, int64 rows,
                                      int64 channels) {
  residual_norm_of(x, branch, weight, bias, epsilon, counters, {mixed, threshold, scale}, y, sum,
                   means, rstds, rows, channels);
}

// A warp a row. weighted [rows, channels]: the gradient times the normalised sum, whose column sums
// are the gradient at `weight`. gradient_branch: null where it is that at x; real: null where all
// rows are.
template <class Branch>
__device__ void residual_norm_backward_of(const float* gradient, const float* x, const float* sum,
                                          const float* means, const float* rstds,
                                          const float* weight, const int64* counters,
                                          const Dropout& dropout, const unsigned char* real,
                                          float tau, int relative, float* gradient_x,
                                          Branch* gradient_branch, float* weighted, int64 rows,
                                          int64 channels) {
  const int64 row = warp_of_all();
  if (row >= rows) return;
  const float *g = gradient + row * channels, *h = sum + row * channels;
  const float mean = means[row], rstd = rstds[row], width = static_cast<float>(channels);
  float total = 0, dot = 0;
  for (int64 c = lane(); c < channels; c += kLanes) {
    const float normalised = (h[c] - mean) * rstd, scaled = g[c] * weight[c];
    total += scaled;
    dot += scaled * normalised;
    weighted[row * channels + c] = g[c] * normalised;
  }
  const float a = warp_sum(total) / width, b = warp_sum(dot) / width;
  const bool penalised = tau != 0 && gradient_branch && (!real || real[row]);
  float strength = tau;
  if (penalised && relative) {
    float squares = 0;
    for (int64 c = lane(); c < channels; c += kLanes)
      squares += x[row * channels + c] * x[row * channels + c];
    squares = warp_sum(squares);
    strength = tau * width / (squares > width / 10 ? squares : width / 10);
  }
  const uint64 key = dropout.threshold && gradient_branch ? row_key(counters[row], dropout) : 0;
  for (int64 c = lane(); c < channels; c += kLanes) {
    const int64 i = row * channels + c;
    const float at_x = rstd * (g[c] * weight[c] - a - (h[c] - mean) * rstd * b);
    gradient_x[i] = at_x;
    if (!gradient_branch) continue;
    float at_z = penalised ? at_x + strength * (h[c] - x[i]) : at_x;
    if (dropout.threshold) at_z *= factor_of(dropout, key, c, channels);
    narrow(at_z, gradient_branch[i]);
  }
}

PENALMT_KERNEL residual_norm_backward_float(const float* gradient, const float* x, const float* sum,
                                            const float* means, const float* rstds,
                                            const float* weight, const int64* counters,
                                            uint64 mixed, uint32 threshold, float scale,
                                            const unsigned char* real, float tau, int relative,
                                            float* gradient_x, float* gradient_branch,
                                            float* weighted, int64 rows, int64 channels) {
  residual_norm_backward_of(gradient, x, sum, means, rstds, weight, counters,
                            {mixed, threshold, scale}, real, tau, relative, gradient_x,
                            gradient_branch, weighted, rows, channels);
}
PENALMT_KERNEL residual_norm_backward_bfloat16(
    const float* gradient, const float* x, const float* sum, const float* means, const float* rstds,
    const float* weight, const int64* counters, uint64 mixed, uint32 threshold, float scale,
    const unsigned char* real, float tau, int relative, float* gradient_x,
    bfloat16* gradient_branch, float* weighted, int64 rows, int64 channels) {
  residual_norm_backward_of(gradient, x, sum, means, rstds, weight, counters,
                            {mixed, threshold, scale}, real, tau, relative, gradient_x,
                            gradient_branch, weighted, rows, channels);
}

// ---- column sums
// -----------------------------------------------------------------------------------

// sums [columns] of a [rows, columns], and of b where it is not null to sums + columns. Block
// (slice, columns) takes 32 columns of a slice of the rows, its warps every so many rows of it;
// `slices` blocks that share their columns leave their sums in `partials` [slices, blocks / slices,
// 32], and the last of them, by its ticket, adds those up in their order. tickets: zeros, and again
// zeros afterwards.
template <class A>
__device__ void column_sums_of(const A* a, const float* b, float* sums, float* partials,
                               uint32* tickets, int slices, int64 rows, int64 columns,
                               float* shared) {
  const int64 blocks_each = (columns + kLanes - 1) / kLanes;
  const int64 place = blockIdx.x / slices, slice = blockIdx.x - place * slices;
  const int64 places = gridDim.x / slices;
  const bool second = place >= blocks_each;
  const int64 column = (second ? place - blocks_each : place) * kLanes + lane();
  const bool there = column < columns;
  float total = 0;
  const int64 step = static_cast<int64>(slices) * warps();
  if (second) {
#pragma unroll 8
    for (int64 row = slice * warps() + warp(); row < rows; row += step)
      total += there ? b[row * columns + column] : 0.0f;
  } else {
#pragma unroll 8
    for (int64 row = slice * warps() + warp(); row < rows; row += step)
      total += there ? widen(a[row * columns + column]) : 0.0f;
  }
  shared[warp() * kLanes + lane()] = total;
  __syncthreads();
  if (warp() == 0) {
    for (int w = 1; w < warps(); ++w) total += shared[w * kLanes + lane()];
    partials[(slice * places + place) * kLanes + lane()] = total;
  }
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    const uint32 before = atomicAdd(&tickets[place], 1u);
    shared[0] = before + 1 == static_cast<uint32>(slices) ? 1.0f : 0.0f;
    if (shared[0] != 0) tickets[place] = 0;
  }
  __syncthreads();
  const bool last = shared[0] != 0;
  if (!last || warp() != 0) return;
  __threadfence();
  total = 0;
#pragma unroll 8
  for (int64 s = 0; s < slices; ++s) total += partials[(s * places + place) * kLanes + lane()];
  if (there) sums[(second ? columns : 0) + column] = total;
}

PENALMT_KERNEL column_sums_float(const float* a, const float* b, float* sums, float* partials,
                                 uint32* tickets, int slices, int64 rows, int64 columns) {
  PENALMT_SHARED(shared);
  column_sums_of(a, b, sums, partials, tickets, slices, rows, columns, shared);
}
PENALMT_KERNEL column_sums_bfloat16(const bfloat16* a, const float* b, float* sums, float* partials,
                                    uint32* tickets, int slices, int64 rows, int64 columns) {
  PENALMT_SHARED(shared);
  column_sums_of(a, b, sums, partials, tickets, slices, rows, columns, shared);
}

// ---- embeddings
// --------------------------------------------------------------------------------------

// y [rows, channels] = dropout(scale * words[ids] + positions[places]). A warp a row.
PENALMT_KERNEL embed_rows(const float* words, const int64* ids, const float* positions,
                          const int64* places, float scale_of_words, const int64* counters,
                          uint64 mixed, uint32 threshold, float scale, float* y, int64 rows,
                          int64 channels) {
  const int64 row = warp_of_all();
  if (row >= rows) return;
  const Dropout dropout = {mixed, threshold, scale};
  const uint64 key = threshold ? row_key(counters[row], dropout) : 0;
  const float *word = words + ids[row] * channels, *position = positions + places[row] * channels;
  for (int64 c = lane(); c < channels; c += kLanes) {
    const float value = word[c] * scale_of_words + position[c];
    y[row * channels + c] = threshold ? value * factor_of(dropout, key, c, channels) : value;
  }
}

// The gradient at the words that occur: word number u of them is kinds[u] and stands in the rows
// order[starts[u]] .. order[starts[u + 1] - 1]. A block a word: its warps take every so many of
// these rows, 128 channels at a time. `at_words` is zero before.
PENALMT_KERNEL embed_rows_backward(const float* gradient, const int64* kinds, const int64* starts,
                                   const int64* order, float scale_of_words, const int64* counters,
                                   uint64 mixed, uint32 threshold, float scale, float* at_words,
                                   int64 channels) {
  PENALMT_SHARED(shared);
  const int kAtOnce = 4;
  const Dropout dropout = {mixed, threshold, scale};
  const int64 begin = starts[blockIdx.x], end = starts[blockIdx.x + 1];
  for (int64 first = 0; first < channels; first += kAtOnce * kLanes) {
    float sums[kAtOnce] = {};
    for (int64 i = begin + warp(); i < end; i += warps()) {
      const int64 row = order[i];
      const uint64 key = threshold ? row_key(counters[row], dropout) : 0;
#pragma unroll
      for (int k = 0; k < kAtOnce; ++k) {
        const int64 c = first + k * kLanes + lane();
        if (c >= channels) continue;
        const float at = gradient[row * channels + c];
        sums[k] += threshold ? at * factor_of(dropout, key, c, channels) : at;
      }
    }
#pragma unroll
    for (int k = 0; k < kAtOnce; ++k) shared[(warp() * kAtOnce + k) * kLanes + lane()] = sums[k];
    __syncthreads();
    const int64 c = first + threadIdx.x;
    if (threadIdx.x < kAtOnce * kLanes && c < channels) {
      float sum = 0;
      for (int w = 0; w < warps(); ++w) sum += shared[w * kAtOnce * kLanes + threadIdx.x];
      at_words[kinds[blockIdx.x] * channels + c] = sum * scale_of_words;
    }
    __syncthreads();
  }
}

// ---- the losses of the output layer, as token_loss.h and token_pair_loss.h
// ---------------------------

__device__ inline float block_sum(float value, float* shared) {
  value = warp_sum(value);
  __syncthreads();
  if (lane() == 0) shared[warp()] = value;
  __syncthreads();
  float sum = 0;
  for (int w = 0; w < warps(); ++w) sum += shared[w];
  return sum;
}

__device__ inline float block_max(float value, float* shared) {
  value = warp_max(value);
  __syncthreads();
  if (lane() == 0) shared[warp()] = value;
  __syncthreads();
  float largest = shared[0];
  for (int w = 1; w < warps(); ++w) largest = shared[w] > largest ? shared[w] : largest;
  return largest;
}

template <class Number>
__device__ inline void clear_row(Number* row, int64 count) {
  for (int64 v = threadIdx.x; v < count; v += blockDim.x) row[v] = Number(0);
}

struct RowMass {
  float highest, log_mass;
};

template <class Number>
__device__ inline RowMass mass_of(const Number* logits, int64 vocabulary, float* shared) {
  float highest = -INFINITY;
  for (int64 v = threadIdx.x; v < vocabulary; v += blockDim.x) {
    const float x = widen(logits[v]);
    highest = x > highest ? x : highest;
  }
  highest = block_max(highest, shared);
  float mass = 0;
  for (int64 v = threadIdx.x; v < vocabulary; v += blockDim.x)
    mass += expf(widen(logits[v]) - highest);
  return {highest, logf(block_sum(mass, shared))};
}

// A block a row. losses [rows, 3]: smoothed, not smoothed, 1 where the likeliest is right; zeros
// where there is no token. The logits become their gradient where `gradient` is set.
template <class Number>
__device__ void token_loss_of(Number* logits, int64 vocabulary, const int64* gold, int64 pad,
                              float smoothing, int gradient, float* losses, float* shared) {
  Number* row = logits + blockIdx.x * vocabulary;
  float* loss = losses + blockIdx.x * 3;
  const int64 right = gold[blockIdx.x];
  if (right == pad) {
    clear_row(row, vocabulary);
    clear_row(loss, 3);
    return;
  }
  const RowMass mass = mass_of(row, vocabulary, shared);
  float sum = 0;
  for (int64 v = threadIdx.x; v < vocabulary; v += blockDim.x) sum += widen(row[v]) - mass.highest;
  sum = block_sum(sum, shared);
  const float at_right = widen(row[right]) - mass.highest;
  __syncthreads();  // the row is written from here on
  if (gradient) {
    const float base = smoothing / static_cast<float>(vocabulary);
    for (int64 v = threadIdx.x; v < vocabulary; v += blockDim.x) {
      const float p = expf(widen(row[v]) - mass.highest - mass.log_mass);
      narrow(p - base - (v == right ? 1.0f - smoothing : 0.0f), row[v]);
    }
  }
  if (threadIdx.x != 0) return;
  const float nll = mass.log_mass - at_right,
              uniform = mass.log_mass - sum / static_cast<float>(vocabulary);
  loss[0] = (1.0f - smoothing) * nll + smoothing * uniform;
  loss[1] = nll;
  loss[2] = at_right == 0 ? 1.0f : 0.0f;
}

// The same of two rows that are to agree: their logits become their gradients.
template <class Number>
__device__ void pair_loss_of(Number* logits_first, Number* logits_second, int64 vocabulary,
                             const int64* gold, int64 pad, float smoothing, float of_first,
                             float of_second, float first_to_second, float second_to_first,
                             float* losses, float* shared) {
  Number *first = logits_first + blockIdx.x * vocabulary,
         *second = logits_second + blockIdx.x * vocabulary;
  float* loss = losses + blockIdx.x * 3;
  const int64 right = gold[blockIdx.x];
  if (right == pad) {
    clear_row(first, vocabulary);
    clear_row(second, vocabulary);
    clear_row(loss, 3);
    return;
  }
  const RowMass mass_first = mass_of(first, vocabulary, shared),
                mass_second = mass_of(second, vocabulary, shared);
  const float from_first = mass_first.highest + mass_first.log_mass,
              from_second = mass_second.highest + mass_second.log_mass;
  float forward = 0, backward = 0, sum_first = 0, sum_second = 0;
  for (int64 v = threadIdx.x; v < vocabulary; v += blockDim.x) {
    const float p = widen(first[v]) - from_first, q = widen(second[v]) - from_second;
    forward += expf(p) * (p - q);
    backward += expf(q) * (q - p);
    sum_first += p;
    sum_second += q;
  }
  forward = block_sum(forward, shared);
  backward = block_sum(backward, shared);
  sum_first = block_sum(sum_first, shared);
  sum_second = block_sum(sum_second, shared);
  const float right_first = widen(first[right]) - from_first,
              right_second = widen(second[right]) - from_second;
  const bool correct = widen(first[right]) == mass_first.highest;
  __syncthreads();  // the rows are written from here on
  const float base = smoothing / static_cast<float>(vocabulary), at_right = 1.0f - smoothing;
  for (int64 v = threadIdx.x; v < vocabulary; v += blockDim.x) {
    const float p = widen(first[v]) - from_first, q = widen(second[v]) - from_second;
    const float of_p = expf(p), of_q = expf(q), target = base + (v == right ? at_right : 0.0f);
    narrow(of_first * (of_p - target) + first_to_second * of_p * (p - q - forward) +
               second_to_first * (of_p - of_q),
           first[v]);
    narrow(of_second * (of_q - target) + first_to_second * (of_q - of_p) +
               second_to_first * of_q * (q - p - backward),
           second[v]);
  }
  if (threadIdx.x != 0) return;
  const float share = of_first / (of_first + of_second);
  loss[0] = of_first * (-at_right * right_first - base * sum_first) +
            of_second * (-at_right * right_second - base * sum_second) + first_to_second * forward +
            second_to_first * backward;
  loss[1] = -share * right_first - (1 - share) * right_second;
  loss[2] = correct ? 1.0f : 0.0f;
}

#define PENALMT_LOSSES(NAME, NUMBER)                                                               \
  PENALMT_KERNEL token_loss_##NAME(NUMBER* logits, int64 vocabulary, const int64* gold, int64 pad, \
                                   float smoothing, int gradient, float* losses) {                 \
    PENALMT_SHARED(shared);                                                                        \
    token_loss_of(logits, vocabulary, gold, pad, smoothing, gradient, losses, shared);             \
  }                                                                                                \
  PENALMT_KERNEL pair_loss_##NAME(NUMBER* first, NUMBER* second, int64 vocabulary,                 \
                                  const int64* gold, int64 pad, float smoothing, float of_first,   \
                                  float of_second, float first_to_second, float second_to_first,   \
                                  float* losses) {                                                 \
    PENALMT_SHARED(shared);                                                                        \
    pair_loss_of(first, second, vocabulary, gold, pad, smoothing, of_first, of_second,             \
                 first_to_second, second_to_first, losses, shared);                                \
  }
PENALMT_LOSSES(float, float)
PENALMT_LOSSES(bfloat16, bfloat16)

#endif
#if defined(PENALMT_DEPTH) || defined(PENALMT_EVERYTHING)

// ---- attention of packed sentences, as packed_attention.h
// ------------------------------------------

#ifdef PENALMT_DEPTH
#define PENALMT_HEAD_DEPTH(depth) PENALMT_DEPTH
static const int kParts = (PENALMT_DEPTH + kLanes - 1) / kLanes;
#else
#define PENALMT_HEAD_DEPTH(depth) (depth)
static const int kParts = 128 / kLanes;
#endif

// Rows in shared memory are so far apart that neighbouring lanes meet different banks, four numbers
// at a time.
static const int kRowGap = 4;

struct alignas(16) Four {
  float a, b, c, d;
};

// The rows of one head: [rows, depth], `stride` numbers apart.
template <class Number>
struct Head {
  Number* data;
  int64 stride;
  __device__ Number* row(int64 number) const { return data + number * stride; }
};

// 32 rows from `first` on, zeros beyond `rows`, to shared memory.
template <class Number>
__device__ inline void load_tile(const Head<const Number>& head, int64 first, int64 rows, int depth,
                                 float scale, float* tile) {
  for (int i = static_cast<int>(threadIdx.x); i < kLanes * depth; i += blockDim.x) {
    const int r = i / depth, d = i - r * depth;
    tile[r * (depth + kRowGap) + d] =
        first + r < rows ? widen(head.row(first + r)[d]) * scale : 0.0f;
  }
}

// A warp's own row, to its place in shared memory.
template <class Number>
__device__ inline void load_row(const Head<const Number>& head, int64 row, bool there, int depth,
                                float scale, float* own) {
  for (int d = lane(); d < depth; d += kLanes)
    own[d] = there ? widen(head.row(row)[d]) * scale : 0.0f;
}

// depth: a multiple of 4.
__device__ inline float dot_of(const float* a, const float* b, int depth) {
  const Four *fours_a = reinterpret_cast<const Four*>(a),
             *fours_b = reinterpret_cast<const Four*>(b);
  Four sum = {0, 0, 0, 0};
#pragma unroll
  for (int i = 0; i < depth / 4; ++i) {
    const Four x = fours_a[i], y = fours_b[i];
    sum.a += x.a * y.a;
    sum.b += x.b * y.b;
    sum.c += x.c * y.c;
    sum.d += x.d * y.d;
  }
  return (sum.a + sum.b) + (sum.c + sum.d);
}

// sums += the tile's rows, weighted; lane l holds the channels l, l + 32, ..
__device__ inline void add_rows(const float* weights, const float* tile, int depth, float* sums) {
#pragma unroll
  for (int part = 0; part < kParts; ++part) {
    const int d = lane() + part * kLanes;
    if (d >= depth) continue;
    float even = sums[part], odd = 0;
#pragma unroll
    for (int r = 0; r < kLanes; r += 2) {
      even += weights[r] * tile[r * (depth + kRowGap) + d];
      odd += weights[r + 1] * tile[(r + 1) * (depth + kRowGap) + d];
    }
    sums[part] = even + odd;
  }
}

template <class Number>
__device__ inline void store_row(const float* sums, int depth, float scale, Number* row) {
#pragma unroll
  for (int part = 0; part < kParts; ++part) {
    const int d = lane() + part * kLanes;
    if (d < depth) narrow(sums[part] * scale, row[d]);
  }
}

// The sentence and head of a block, and its parts of shared memory.
struct HeadBlock {
  int64 head, first, queries, first_key, keys;
  float *tile_a, *tile_b, *row_a, *row_b, *weights_a, *weights_b;

  __device__ HeadBlock(const int64* starts, const int64* memory_starts, int64 heads, int depth,
                       float* shared) {
    const int64 sentence = blockIdx.x / heads;
    head = blockIdx.x - sentence * heads;
    first = starts[sentence];
    queries = starts[sentence + 1] - first;
    first_key = memory_starts[sentence];
    keys = memory_starts[sentence + 1] - first_key;
    tile_a = shared;
    tile_b = tile_a + kLanes * (depth + kRowGap);
    row_a = tile_b + kLanes * (depth + kRowGap) + warp() * depth;
    row_b = row_a + warps() * depth;
    weights_a = tile_b + kLanes * (depth + kRowGap) + 2 * warps() * depth + warp() * kLanes;
    weights_b = weights_a + warps() * kLanes;
  }
  template <class Number>
  __device__ Head<Number> rows(Number* x, int64 stride, int64 from, int64 depth) const {
    return {x + from * stride + head * depth, stride};
  }
};

// A block a head of a sentence, a warp a query at a time. softmax [rows, heads, 2]: the highest
// score, and 1 / the sum of exponentials.
template <class Number>
__device__ void attention_of(const Number* q, const Number* k, const Number* v, int64 stride_q,
                             int64 stride_kv, Number* out, int64 stride_out, float* softmax,
                             const int64* starts, const int64* memory_starts, int64 heads,
                             int depth, int causal, float* shared) {
  const HeadBlock block(starts, memory_starts, heads, depth, shared);
  const Head<const Number> queries = block.rows(q, stride_q, block.first, depth),
                           keys = block.rows(k, stride_kv, block.first_key, depth),
                           values = block.rows(v, stride_kv, block.first_key, depth);
  const float scale = 1.0f / sqrtf(static_cast<float>(depth));
  for (int64 t0 = 0; t0 < block.queries; t0 += warps()) {
    const int64 t = t0 + warp();
    const bool there = t < block.queries;
    load_row(queries, t, there, depth, scale, block.row_a);
    __syncwarp();
    float highest = -INFINITY, mass = 0, mixed[kParts] = {};
    const int64 end = causal && t0 + warps() < block.keys ? t0 + warps() : block.keys;
    for (int64 m0 = 0; m0 < end; m0 += kLanes) {
      if (t0 == 0 || block.keys > kLanes) {
        __syncthreads();
        load_tile(keys, m0, block.keys, depth, 1.0f, block.tile_a);
        load_tile(values, m0, block.keys, depth, 1.0f, block.tile_b);
        __syncthreads();
      }
      const int64 m = m0 + lane();
      const bool seen = there && m < block.keys && (!causal || m <= t);
      const float score =
          seen ? dot_of(block.row_a, block.tile_a + lane() * (depth + kRowGap), depth) : -INFINITY;
      const float largest = warp_max(score), top = largest > highest ? largest : highest;
      const float weight = seen ? expf(score - top) : 0.0f;
      const float fade = highest == -INFINITY ? 0.0f : expf(highest - top);
      mass = mass * fade + warp_sum(weight);
      block.weights_a[lane()] = weight;
      __syncwarp();
#pragma unroll
      for (int part = 0; part < kParts; ++part) mixed[part] *= fade;
      add_rows(block.weights_a, block.tile_b, depth, mixed);
      __syncwarp();
      highest = top;
    }
    if (!there) continue;
    store_row(mixed, depth, 1.0f / mass, block.rows(out, stride_out, block.first, depth).row(t));
    if (lane() == 0) {
      float* kept = softmax + ((block.first + t) * heads + block.head) * 2;
      kept[0] = highest;
      kept[1] = 1.0f / mass;
    }
  }
}

// The gradient at the queries; deltas [rows, heads]: the dot product of out and its gradient.
template <class Number>
__device__ void attention_queries_of(const Number* q, const Number* k, const Number* v,
                                     int64 stride_q, int64 stride_kv, const Number* out,
                                     const Number* gradient, int64 stride_out, const float* softmax,
                                     float* deltas, Number* gradient_q, const int64* starts,
                                     const int64* memory_starts, int64 heads, int depth, int causal,
                                     float* shared) {
  const HeadBlock block(starts, memory_starts, heads, depth, shared);
  const Head<const Number> queries = block.rows(q, stride_q, block.first, depth),
                           keys = block.rows(k, stride_kv, block.first_key, depth),
                           values = block.rows(v, stride_kv, block.first_key, depth),
                           outs = block.rows(out, stride_out, block.first, depth),
                           gradients = block.rows(gradient, stride_out, block.first, depth);
  const float scale = 1.0f / sqrtf(static_cast<float>(depth));
  for (int64 t0 = 0; t0 < block.queries; t0 += warps()) {
    const int64 t = t0 + warp(), place = (block.first + t) * heads + block.head;
    const bool there = t < block.queries;
    load_row(queries, t, there, depth, scale, block.row_a);
    load_row(gradients, t, there, depth, 1.0f, block.row_b);
    __syncwarp();
    float delta = 0;
    for (int d = lane(); d < depth && there; d += kLanes)
      delta += block.row_b[d] * widen(outs.row(t)[d]);
    delta = warp_sum(delta);
    if (there && lane() == 0) deltas[place] = delta;
    const float highest = there ? softmax[place * 2] : 0,
                factor = there ? softmax[place * 2 + 1] : 0;
    float sums[kParts] = {};
    const int64 end = causal && t0 + warps() < block.keys ? t0 + warps() : block.keys;
    for (int64 m0 = 0; m0 < end; m0 += kLanes) {
      if (t0 == 0 || block.keys > kLanes) {
        __syncthreads();
        load_tile(keys, m0, block.keys, depth, 1.0f, block.tile_a);
        load_tile(values, m0, block.keys, depth, 1.0f, block.tile_b);
        __syncthreads();
      }
      const int64 m = m0 + lane();
      float slope = 0;
      if (there && m < block.keys && (!causal || m <= t)) {
        const float *key = block.tile_a + lane() * (depth + kRowGap),
                    *value = block.tile_b + lane() * (depth + kRowGap);
        const float weight = expf(dot_of(block.row_a, key, depth) - highest) * factor;
        slope = weight * (dot_of(block.row_b, value, depth) - delta);
      }
      block.weights_a[lane()] = slope;
      __syncwarp();
      add_rows(block.weights_a, block.tile_a, depth, sums);
      __syncwarp();
    }
    if (there)
      store_row(sums, depth, scale, block.rows(gradient_q, stride_q, block.first, depth).row(t));
  }
}

// The gradients at keys and values, a warp a key at a time.
template <class Number>
__device__ void attention_keys_of(const Number* q, const Number* k, const Number* v, int64 stride_q,
                                  int64 stride_kv, const Number* gradient, int64 stride_out,
                                  const float* softmax, const float* deltas, Number* gradient_k,
                                  Number* gradient_v, const int64* starts,
                                  const int64* memory_starts, int64 heads, int depth, int causal,
                                  float* shared) {
  const HeadBlock block(starts, memory_starts, heads, depth, shared);
  const Head<const Number> queries = block.rows(q, stride_q, block.first, depth),
                           keys = block.rows(k, stride_kv, block.first_key, depth),
                           values = block.rows(v, stride_kv, block.first_key, depth),
                           gradients = block.rows(gradient, stride_out, block.first, depth);
  const float scale = 1.0f / sqrtf(static_cast<float>(depth));
  for (int64 m0 = 0; m0 < block.keys; m0 += warps()) {
    const int64 m = m0 + warp();
    const bool there = m < block.keys;
    load_row(keys, m, there, depth, 1.0f, block.row_a);
    load_row(values, m, there, depth, 1.0f, block.row_b);
    __syncwarp();
    float at_key[kParts] = {}, at_value[kParts] = {};
    for (int64 t0 = 0; t0 < block.queries; t0 += kLanes) {
      if (causal && t0 + kLanes <= m0) continue;  // these queries see no key of this block's
      if (m0 == 0 || block.queries > kLanes) {
        __syncthreads();
        load_tile(queries, t0, block.queries, depth, scale, block.tile_a);
        load_tile(gradients, t0, block.queries, depth, 1.0f, block.tile_b);
        __syncthreads();
      }
      const int64 t = t0 + lane();
      float weight = 0, slope = 0;
      if (there && t < block.queries && (!causal || m <= t)) {
        const int64 place = (block.first + t) * heads + block.head;
        const float *query = block.tile_a + lane() * (depth + kRowGap),
                    *from = block.tile_b + lane() * (depth + kRowGap);
        weight =
            expf(dot_of(block.row_a, query, depth) - softmax[place * 2]) * softmax[place * 2 + 1];
        slope = weight * (dot_of(block.row_b, from, depth) - deltas[place]);
      }
      block.weights_a[lane()] = slope;
      block.weights_b[lane()] = weight;
      __syncwarp();
      add_rows(block.weights_a, block.tile_a, depth, at_key);
      add_rows(block.weights_b, block.tile_b, depth, at_value);
      __syncwarp();
    }
    if (!there) continue;
    store_row(at_key, depth, 1.0f,
              block.rows(gradient_k, stride_kv, block.first_key, depth).row(m));
    store_row(at_value, depth, 1.0f,
              block.rows(gradient_v, stride_kv, block.first_key, depth).row(m));
  }
}

#define PENALMT_ATTENTION(NAME, NUMBER)                                                            \
  PENALMT_KERNEL attention_##NAME(const NUMBER* q, const NUMBER* k, const NUMBER* v,               \
                                  int64 stride_q, int64 stride_kv, NUMBER* out, int64 stride_out,  \
                                  float* softmax, const int64* starts, const int64* memory_starts, \
                                  int64 heads, int depth, int causal) {                            \
    PENALMT_SHARED(shared);                                                                        \
    attention_of(q, k, v, stride_q, stride_kv, out, stride_out, softmax, starts, memory_starts,    \
                 heads, PENALMT_HEAD_DEPTH(depth), causal, shared);                                \
  }                                                                                                \
  PENALMT_KERNEL attention_queries_##NAME(                                                         \
      const NUMBER* q, const NUMBER* k, const NUMBER* v, int64 stride_q, int64 stride_kv,          \
      const NUMBER* out, const NUMBER* gradient, int64 stride_out, const float* softmax,           \
      float* deltas, NUMBER* gradient_q, const int64* starts, const int64* memory_starts,          \
      int64 heads, int depth, int causal) {                                                        \
    PENALMT_SHARED(shared);                                                                        \
    attention_queries_of(q, k, v, stride_q, stride_kv, out, gradient, stride_out, softmax, deltas, \
                         gradient_q, starts, memory_starts, heads, PENALMT_HEAD_DEPTH(depth),      \
                         causal, shared);                                                          \
  }                                                                                                \
  PENALMT_KERNEL attention_keys_##NAME(                                                            \
      const NUMBER* q, const NUMBER* k, const NUMBER* v, int64 stride_q, int64 stride_kv,          \
      const NUMBER* gradient, int64 stride_out, const float* softmax, const float* deltas,         \
      NUMBER* gradient_k, NUMBER* gradient_v, const int64* starts, const int64* memory_starts,     \
      int64 heads, int depth, int causal) {                                                        \
    PENALMT_SHARED(shared);                                                                        \
    attention_keys_of(q, k, v, stride_q, stride_kv, gradient, stride_out, softmax, deltas,         \
                      gradient_k, gradient_v, starts, memory_starts, heads,                        \
                      PENALMT_HEAD_DEPTH(depth), causal, shared);                                  \
  }
PENALMT_ATTENTION(float, float)
PENALMT_ATTENTION(bfloat16, bfloat16)

#endif
