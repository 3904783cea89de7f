#pragma once
// The operations that a model may ask for, whatever device runs them.
//
// A backend owns the layout of weights and KV memory; models see handles. Activations are float32, row-major,
// one row per token of the step: Rows. Every operation has finished when it returns. One thread calls a
// backend at a time.
//
// Bits: for a given Numerics every result is the same bit for bit whatever the number of threads, the cut of
// a prompt into steps, the other rows of the step, and the kernel set. docs/numerics.md defines the order of
// every sum.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "platform/topology.h"
#include "tensor/layout.h"
#include "tensor/tensor_view.h"

namespace compute {

using TokenId = int32_t;

enum class Numerics {
  exact,  // weights dequantised as they are used, float32 activations and sums
  fast,   // quantised weights meet int8 activations (a scale per 32 values); other weights as in exact
};

enum class KvType {
  f32,
  bf16,
  int8,  // a scale for each token and head
  q4,    // 16 levels on heads turned by a Hadamard matrix, a scale for each token and head
};

// Tokens of one KV page. Attention's partial results are per page, so this number is part of the numerics.
inline constexpr int kPageTokens = 64;

// [n_rows, n_columns] floats; borrowed.
struct Rows {
  float* data = nullptr;
  int64_t n_rows = 0;
  int64_t n_columns = 0;
  float* row(int64_t i) const { return data + i * n_columns; }
};

// A weight matrix [out, in] in the backend's own layout. Immutable.
class Matrix {
 public:
  virtual ~Matrix() = default;
  virtual int64_t n_out() const = 0;
  virtual int64_t n_in() const = 0;
  virtual tensor::DType type() const = 0;   // of the file
  virtual uint64_t size_bytes() const = 0;  // of the weights, wherever they lie

  // The weights in the backend's layout, to be stored and given to make_matrix() again as a tensor of
  // Layout::backend. REQUIRES: it is no matrix of map_matrix().
  virtual base::Bytes bytes() const = 0;
};

// KV memory of `n_pages` pages for all layers. Pages hold garbage until stored to.
class KvMemory {
 public:
  virtual ~KvMemory() = default;
};

struct KvShape {
  int n_layers = 0;
  int n_kv_heads = 0;
  int head_dim = 0;
  KvType type = KvType::bf16;
  uint64_t page_bytes() const;  // of one page over all layers, K and V, scales included
};

// Rows [first_row, first_row + n_rows) of a step are consecutive tokens of one sequence, the first of them at
// `position` (0-based); pages[i] holds its tokens [64 i, 64 i + 64).
struct SequenceRows {
  int64_t first_row = 0;
  int64_t n_rows = 0;
  int64_t position = 0;
  std::span<const int32_t> pages;
};

// y = W x + bias. With `add_to_output`, y += W x + bias (the bracket is rounded first).
struct LinearTerm {
  const Matrix* weight = nullptr;
  const float* bias = nullptr;  // [n_out] or null
  Rows output;
  bool add_to_output = false;
};

// Rotary embedding of the first 2 * n_pairs dimensions of each head.
struct Rope {
  std::span<const float> inverse_frequencies;  // [n_pairs], radians per position
  float magnitude = 1.0f;                      // factor on cos and sin (YaRN's attention factor)
  bool interleaved = false;                    // pairs (2i, 2i+1); otherwise half-split: (i, i + n_pairs)
};

struct AttentionShape {
  int n_heads = 0;
  int n_kv_heads = 0;
  int head_dim = 0;
  float scale = 1.0f;  // on q.k
};

// Everything between a layer's QKV product and its output product.
struct AttentionStep {
  Rows q, k, v;  // changed in place
  // RMS norm of each head of q and k before they are rotated; null: none. [head_dim]
  const float* q_norm = nullptr;
  const float* k_norm = nullptr;
  float norm_eps = 0;
  Rope rope;
  KvMemory& memory;
  int layer_index = 0;
  AttentionShape shape;
  std::span<const SequenceRows> sequences;
  Rows output;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Whether make_matrix takes this type.
  virtual bool supports(tensor::DType type) const = 0;

  // Brings a weight matrix into the backend's layout. Row i of the result is row row_order[i] of `source` (as
  // stored if row_order is empty). Reads `source` once, front to back as far as row_order allows; does not
  // keep it. Fails with Code::unsupported naming the type, Code::exhausted if there is no memory.
  virtual base::Result<std::unique_ptr<Matrix>> make_matrix(const tensor::TensorView& source,
                                                            std::span<const int32_t> row_order) = 0;

  // A matrix that takes no memory of its own: it reads `source` whenever it is used, so the system may drop
  // its pages in between. Bytes of Layout::backend are used where they lie; rows are repacked at every use,
  // a few at a time, which costs as much as the product of some tokens. The same bits as make_matrix().
  // REQUIRES: source.bytes outlive the matrix. Fails as make_matrix(), and with Code::corrupt if the bytes
  // of Layout::backend do not have the size or the alignment of this layout.
  virtual base::Result<std::unique_ptr<Matrix>> map_matrix(const tensor::TensorView& source,
                                                           tensor::Layout layout) = 0;

  // Names how matrices lie in memory. Equal names mean that bytes of Layout::backend can be exchanged.
  virtual std::string_view layout_name() const = 0;

  virtual base::Result<std::unique_ptr<KvMemory>> make_kv_memory(const KvShape& shape, int64_t n_pages) = 0;

  // output[i] = table[ids[i]], dequantised. REQUIRES: ids in range.
  virtual void embed(const Matrix& table, std::span<const TokenId> ids, Rows output) = 0;

  // output = weight * input / sqrt(mean(input^2) + eps), over runs of `width` values of each row (width =
  // n_columns: the whole row; width = head_dim: head by head, the same weight[width] for each). May be in
  // place.
  virtual void rms_norm(Rows input, const float* weight, int64_t width, float eps, Rows output) = 0;

  // All terms share the input (so that it is quantised once). All outputs are distinct from the input.
  virtual void linear(Rows input, std::span<const LinearTerm> terms) = 0;

  // Rotates q's and k's heads in place; row r of a sequence is at its position + (r - first_row).
  virtual void rope(Rows heads, int head_dim, const Rope& rope, std::span<const SequenceRows> sequences) = 0;

  // Writes k and v [n_rows, n_kv_heads * head_dim] to their pages.
  virtual void store_kv(KvMemory& memory, int layer_index, Rows k, Rows v,
                        std::span<const SequenceRows> sequences) = 0;

  // Causal attention of q [n_rows, n_heads * head_dim] over the stored keys of each row's sequence, the row's
  // own included. Query head h reads KV head h / (n_heads / n_kv_heads).
  virtual void attention(Rows q, const KvMemory& memory, int layer_index, const AttentionShape& shape,
                         std::span<const SequenceRows> sequences, Rows output) = 0;

  // output = silu(gate) * up.  silu(x) = x / (1 + exp(-x)). May be in place of gate.
  virtual void silu_multiply(Rows gate, Rows up, Rows output) = 0;

  // The same as the operations they name, one after the other, for which a backend may have fewer phases.
  //
  // rms_norm and rope of q and k, store_kv, attention.
  virtual void attention_step(const AttentionStep& step);
  // linear(input, qkv), attention_step, linear(step.output, output). REQUIRES: qkv make step's q, k and v.
  virtual void attention_block(Rows input, std::span<const LinearTerm> qkv, const AttentionStep& step,
                               const LinearTerm& output);
  // linear(input, {gate, up}), silu_multiply into gate's output, linear(that, down). What the outputs of gate
  // and up hold afterwards is not defined. REQUIRES: gate and up do not add to their outputs.
  virtual void gated_mlp(Rows input, const LinearTerm& gate, const LinearTerm& up, const LinearTerm& down);

  // output[i] = input[row_indices[i]]
  virtual void gather_rows(Rows input, std::span<const int32_t> row_indices, Rows output) = 0;

  // Copies what the first n_tokens of page `from` hold to page `to`, in all layers.
  virtual void copy_page(KvMemory& memory, int32_t from, int32_t to, int n_tokens) = 0;

  virtual Numerics numerics() const = 0;
  virtual int n_threads() const = 0;
  virtual std::string_view kernels_name() const = 0;  // "avx512"
};

struct BackendOptions {
  Numerics numerics = Numerics::fast;
  int n_threads = 1;  // the caller of an operation is one of them
  // [n_threads]: where each thread runs, node by node. Empty: nobody is pinned, and all memory is equally
  // near.
  std::vector<platform::Place> places;
  std::string kernels = "auto";  // "scalar", "avx2", "avx512", "amx", or "auto": the best this CPU runs
};

// Fails with Code::invalid_argument if the kernel set is unknown, Code::unsupported if this CPU lacks it;
// both name those that would work.
base::Result<std::unique_ptr<Backend>> make_cpu_backend(const BackendOptions& options);

const char* name(Numerics numerics);
const char* name(KvType type);

}  // namespace compute
