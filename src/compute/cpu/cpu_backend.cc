#include "compute/cpu/cpu_backend.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/strings.h"
#include "compute/cpu/kv_pages.h"
#include "tensor/dtype.h"

namespace compute::cpu {
namespace {

// Floats that a thread should have to do before another one is woken for it: a few microseconds of a vector
// kernel.
constexpr int64_t kVectorGrain = 16384;
// Bytes of weights, times rows, that one thread has done before another one would have woken up.
constexpr int64_t kLinearGrainBytes = 16384;
// Steps of up to this many rows are bound by reading weights: each thread gets one contiguous run of bytes.
constexpr int64_t kFewRows = 16;
// Panels that a thread takes at a time in longer steps: what the kernels keep in the nearest cache together.
constexpr int64_t kChunkPanels = 4;

const PackedMatrix& packed(const Matrix& matrix) {
  return static_cast<const CpuMatrix&>(matrix).packed();
}

int64_t row_grain(int64_t n_columns) {
  return std::max<int64_t>(1, kVectorGrain / n_columns);
}

bool is_float(tensor::DType type) {
  return type == tensor::DType::F32 || type == tensor::DType::F16 || type == tensor::DType::BF16;
}

}  // namespace

CpuBackend::CpuBackend(const KernelTable& kernels, Numerics numerics, int n_threads)
    : kernels_(kernels), numerics_(numerics), pool_({.n_threads = n_threads}), attention_(kernels, pool_) {}

bool CpuBackend::supports(tensor::DType type) const {
  return can_pack(type);
}

base::Result<std::unique_ptr<Matrix>> CpuBackend::make_matrix(const tensor::TensorView& source,
                                                              std::span<const int32_t> row_order) {
  if (!supports(source.dtype)) {
    return base::fail(base::Code::unsupported,
                      base::cat("weights of type ", tensor::name(source.dtype), " are not supported"));
  }
  const tensor::DTypeInfo& type = tensor::info(source.dtype);
  if (source.n_columns() <= 0 || source.n_columns() % type.block_elements != 0) {
    return base::fail(base::Code::corrupt, base::cat("rows of ", source.n_columns(), " elements do not fit ",
                                                     type.name, "'s blocks of ", type.block_elements));
  }
  const int64_t n_rows = row_order.empty() ? source.n_rows() : static_cast<int64_t>(row_order.size());
  PackedMatrix packed = packed_shape(source.dtype, n_rows, source.n_columns());
  PanelMemory memory =
      TRY(weights_memory_.allocate(static_cast<uint64_t>(packed.n_panels() * packed.panel_bytes)));
  packed.panels = memory.data();
  pool_.split(packed.n_panels(), 1, [&](int64_t begin, int64_t end, int) {
    pack_panels(source, row_order, begin, end, memory.data());
  });
  return std::make_unique<CpuMatrix>(packed, std::move(memory));
}

base::Result<std::unique_ptr<KvMemory>> CpuBackend::make_kv_memory(const KvShape& shape, int64_t n_pages) {
  return TRY(KvPages::make(shape, n_pages));
}

void CpuBackend::embed(const Matrix& table, std::span<const TokenId> ids, Rows output) {
  CHECK(output.n_columns == table.n_in());
  pool_.split(static_cast<int64_t>(ids.size()), row_grain(output.n_columns),
              [&](int64_t begin, int64_t end, int) {
                for (int64_t i = begin; i < end; ++i)
                  dequantize_packed_row(packed(table), ids[i], output.row(i));
              });
}

void CpuBackend::rms_norm(Rows input, const float* weight, int64_t width, float eps, Rows output) {
  DCHECK(input.n_columns % width == 0 && output.n_columns == input.n_columns);
  pool_.split(input.n_rows, row_grain(input.n_columns), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t column = 0; column < input.n_columns; column += width) {
        kernels_.rms_norm(input.row(i) + column, weight, width, eps, output.row(i) + column);
      }
    }
  });
}

bool CpuBackend::meets_int8(const PackedMatrix& weight) const {
  return numerics_ == Numerics::fast && !is_float(weight.type);
}

void CpuBackend::quantize(const Rows& input) {
  std::byte* memory = quantized_memory_.get(QuantizedRows::size_bytes(input.n_rows, input.n_columns));
  quantized_ = QuantizedRows::in(memory, input.n_rows, input.n_columns, kernels_.tile_tokens);
  pool_.split(input.n_rows, row_grain(input.n_columns), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i)
      kernels_.quantize_row(input.row(i), input.n_columns, quantized_.row(i));
  });
}

void CpuBackend::linear(Rows input, std::span<const LinearTerm> terms) {
  if (input.n_rows == 0) return;
  bool any_int8 = false;
  for (const LinearTerm& term : terms) {
    CHECK(term.weight->n_in() == input.n_columns && term.weight->n_out() == term.output.n_columns);
    any_int8 |= meets_int8(packed(*term.weight));
  }
  if (any_int8) quantize(input);
  if (input.n_rows <= kFewRows) {
    multiply_runs_of_bytes(input, terms);
  } else {
    multiply_chunks(input, terms);
  }
}

// One phase for all terms: their panels laid end to end are cut into equal runs of bytes.
void CpuBackend::multiply_runs_of_bytes(const Rows& input, std::span<const LinearTerm> terms) {
  int64_t n_bytes = 0;
  for (const LinearTerm& term : terms)
    n_bytes += packed(*term.weight).n_panels() * packed(*term.weight).panel_bytes;
  pool_.balance(n_bytes, kLinearGrainBytes / input.n_rows, [&](int64_t begin, int64_t end, int) {
    int64_t start = 0;  // of the term
    for (const LinearTerm& term : terms) {
      const PackedMatrix& weight = packed(*term.weight);
      // A panel belongs to the run in which its first byte lies.
      const auto panel_at = [&](int64_t byte) {
        return std::clamp<int64_t>((byte - start + weight.panel_bytes - 1) / weight.panel_bytes, 0,
                                   weight.n_panels());
      };
      const int64_t first = begin <= start ? 0 : panel_at(begin);
      const int64_t last = end <= start ? 0 : panel_at(end);
      if (first < last) multiply(term, first, last, input);
      start += weight.n_panels() * weight.panel_bytes;
    }
  });
}

// The last chunks are halves, so that the threads end closer together.
void CpuBackend::multiply_chunks(const Rows& input, std::span<const LinearTerm> terms) {
  chunks_.clear();
  for (const LinearTerm& term : terms) {
    const int64_t n_panels = packed(*term.weight).n_panels();
    for (int64_t first = 0; first < n_panels; first += kChunkPanels) {
      chunks_.push_back({&term, first, std::min(first + kChunkPanels, n_panels)});
    }
  }
  const size_t n_halved = std::min(chunks_.size(), static_cast<size_t>(2 * pool_.size()));
  for (size_t i = chunks_.size() - n_halved, n = chunks_.size(); i < n; ++i) {
    const int64_t middle = std::min(chunks_[i].first_panel + kChunkPanels / 2, chunks_[i].last_panel);
    if (middle < chunks_[i].last_panel) chunks_.push_back({chunks_[i].term, middle, chunks_[i].last_panel});
    chunks_[i].last_panel = middle;
  }
  pool_.each(static_cast<int64_t>(chunks_.size()), [&](int64_t i, int) {
    multiply(*chunks_[i].term, chunks_[i].first_panel, chunks_[i].last_panel, input);
  });
}

void CpuBackend::multiply(const LinearTerm& term, int64_t first_panel, int64_t last_panel,
                          const Rows& input) {
  const PackedMatrix& weight = packed(*term.weight);
  const KernelTable::LinearOutput out{.data = term.output.data,
                                      .stride = term.output.n_columns,
                                      .bias = term.bias,
                                      .add = term.add_to_output};
  if (meets_int8(weight)) {
    kernels_.linear_fast(weight, first_panel, last_panel, quantized_, 0, input.n_rows, out);
  } else {
    kernels_.linear_exact(weight, first_panel, last_panel, input.data, input.n_columns, input.n_rows, out);
  }
}

RopeTable& CpuBackend::table_of(const Rope& rope) {
  for (const auto& table : rope_tables_) {
    if (table->belongs_to(rope)) return *table;
  }
  return *rope_tables_.emplace_back(std::make_unique<RopeTable>(rope));
}

void CpuBackend::rope(Rows heads, int head_dim, const Rope& rope, std::span<const SequenceRows> sequences) {
  RopeTable& table = table_of(rope);
  const int64_t n_pairs = static_cast<int64_t>(rope.inverse_frequencies.size());
  for (const SequenceRows& sequence : sequences) {
    table.cover(sequence.position, sequence.position + sequence.n_rows, pool_);
    pool_.split(sequence.n_rows, row_grain(heads.n_columns), [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; ++i) {
        const float* cosines = table.cosines(sequence.position + i);
        const float* sines = table.sines(sequence.position + i);
        float* row = heads.row(sequence.first_row + i);
        for (int64_t column = 0; column < heads.n_columns; column += head_dim) {
          kernels_.rope(row + column, n_pairs, rope.interleaved, cosines, sines);
        }
      }
    });
  }
}

void CpuBackend::store_kv(KvMemory& memory, int layer_index, Rows k, Rows v,
                          std::span<const SequenceRows> sequences) {
  KvPages& pages = static_cast<KvPages&>(memory);
  const int64_t head_dim = pages.shape().head_dim;
  for (const SequenceRows& sequence : sequences) {
    const int64_t grain = std::max<int64_t>(1, kVectorGrain / (head_dim * sequence.n_rows));
    pool_.split(pages.shape().n_kv_heads, grain, [&](int64_t first_head, int64_t last_head, int) {
      for (int64_t i = 0; i < sequence.n_rows;) {
        const int64_t position = sequence.position + i;
        const int64_t slot = position % kPageTokens;
        const int64_t n_tokens = std::min(kPageTokens - slot, sequence.n_rows - i);
        for (int64_t head = first_head; head < last_head; ++head) {
          pages.store(sequence.pages[position / kPageTokens], layer_index, static_cast<int>(head),
                      static_cast<int>(slot), static_cast<int>(n_tokens),
                      k.row(sequence.first_row + i) + head * head_dim,
                      v.row(sequence.first_row + i) + head * head_dim, k.n_columns);
        }
        i += n_tokens;
      }
    });
  }
}

void CpuBackend::attention(Rows q, const KvMemory& memory, int layer_index, const AttentionShape& shape,
                           std::span<const SequenceRows> sequences, Rows output) {
  attention_.run({q, static_cast<const KvPages&>(memory), layer_index, shape, sequences, output});
}

void CpuBackend::silu_multiply(Rows gate, Rows up, Rows output) {
  // 16 floats are a cache line: threads do not share one.
  const int64_t n_lines = (gate.n_rows * gate.n_columns + 15) / 16;
  pool_.split(n_lines, kVectorGrain / 16, [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * 16;
    const int64_t n = std::min(end * 16, gate.n_rows * gate.n_columns) - first;
    kernels_.silu_multiply(gate.data + first, up.data + first, n, output.data + first);
  });
}

void CpuBackend::gather_rows(Rows input, std::span<const int32_t> row_indices, Rows output) {
  for (size_t i = 0; i < row_indices.size(); ++i) {
    std::memcpy(output.row(static_cast<int64_t>(i)), input.row(row_indices[i]),
                input.n_columns * sizeof(float));
  }
}

void CpuBackend::copy_page(KvMemory& memory, int32_t from, int32_t to, int n_tokens) {
  static_cast<KvPages&>(memory).copy_page(from, to, n_tokens);
}

}  // namespace compute::cpu
