#include "compute/cpu/cpu_backend.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/strings.h"
#include "compute/cpu/kv_pages.h"
#include "compute/cpu/kv_quantize.h"
#include "compute/cpu/packed_layouts.h"
#include "tensor/dequantize.h"
#include "tensor/dtype.h"

namespace compute::cpu {
namespace {

// Floats that a thread should have to do before another one is called for it: about a microsecond of a vector
// kernel, a few times what it takes to hear of a phase.
constexpr int64_t kVectorGrain = 4096;
// Bytes of weights, times rows, that one thread has done before another one would have woken up.
constexpr int64_t kLinearGrainBytes = 16384;
// Steps of up to this many rows are bound by reading weights: each thread gets one contiguous run of bytes.
constexpr int64_t kFewRows = 16;
// Pages up to which a decoded token's heads are attended in one phase with what comes before: then the
// threads' shares are short, however unequal.
constexpr int64_t kShortPages = 8;
// Panels that a thread takes at a time in longer steps: what the kernels keep in the nearest cache together.
constexpr int64_t kChunkPanels = 4;

const CpuMatrix& cpu_matrix(const Matrix& matrix) {
  return static_cast<const CpuMatrix&>(matrix);
}

const PackedMatrix& packed(const Matrix& matrix) {
  return cpu_matrix(matrix).packed();
}

// Rows [first_row, first_row + n) of `source`.
tensor::TensorView rows_of(const tensor::TensorView& source, int64_t first_row, int64_t n) {
  const uint64_t row_bytes = tensor::row_bytes(source.dtype, static_cast<uint64_t>(source.n_columns()));
  return {.dtype = source.dtype,
          .shape = {n, source.n_columns()},
          .bytes = source.bytes.subspan(static_cast<uint64_t>(first_row) * row_bytes,
                                        static_cast<uint64_t>(n) * row_bytes)};
}

// The shape of a matrix that can be made of `source`; its panels are still to be placed.
base::Result<PackedMatrix> checked_shape(const tensor::TensorView& source, int64_t n_rows) {
  if (!can_pack(source.dtype)) {
    return base::fail(base::Code::unsupported,
                      base::cat("weights of type ", tensor::name(source.dtype), " are not supported"));
  }
  const tensor::DTypeInfo& type = tensor::info(source.dtype);
  if (source.n_columns() <= 0 || source.n_columns() % type.block_elements != 0) {
    return base::fail(base::Code::corrupt, base::cat("rows of ", source.n_columns(), " elements do not fit ",
                                                     type.name, "'s blocks of ", type.block_elements));
  }
  return packed_shape(source.dtype, n_rows, source.n_columns());
}

base::Status check_panels(const tensor::TensorView& source, const PackedMatrix& shape) {
  const auto expected = static_cast<uint64_t>(shape.n_panels() * shape.panel_bytes);
  if (source.bytes.size() != expected)
    return base::fail(base::Code::corrupt, base::cat("has ", source.bytes.size(), " packed bytes, its shape ",
                                                     tensor::to_string(source.shape), " takes ", expected));
  if (reinterpret_cast<uintptr_t>(source.bytes.data()) % kWordBytes != 0)
    return base::fail(base::Code::corrupt, "is packed, but does not begin at a multiple of 64 bytes");
  return {};
}

int64_t row_grain(int64_t n_columns) {
  return std::max<int64_t>(1, kVectorGrain / n_columns);
}

bool is_float(tensor::DType type) {
  return type == tensor::DType::F32 || type == tensor::DType::F16 || type == tensor::DType::BF16;
}

}  // namespace

CpuBackend::CpuBackend(const KernelTable& kernels, Numerics numerics, const ThreadPoolOptions& threads)
    : kernels_(kernels),
      numerics_(numerics),
      pool_(threads),
      attention_(kernels, pool_),
      own_quantized_(static_cast<size_t>(pool_.size())),
      repacked_(static_cast<size_t>(pool_.size())) {}

bool CpuBackend::supports(tensor::DType type) const {
  return can_pack(type);
}

base::Result<std::unique_ptr<Matrix>> CpuBackend::make_matrix(const tensor::TensorView& source,
                                                              std::span<const int32_t> row_order) {
  const int64_t n_rows = row_order.empty() ? source.n_rows() : static_cast<int64_t>(row_order.size());
  PackedMatrix packed = TRY(checked_shape(source, n_rows));
  PanelMemory memory =
      TRY(weights_memory_.allocate(static_cast<uint64_t>(packed.n_panels() * packed.panel_bytes)));
  packed.panels = memory.data();
  pool_.split(packed.n_panels(), 1, [&](int64_t begin, int64_t end, int) {
    pack_panels(source, row_order, begin, end, memory.data());
  });
  return std::make_unique<CpuMatrix>(packed, std::move(memory));
}

base::Result<std::unique_ptr<Matrix>> CpuBackend::map_matrix(const tensor::TensorView& source,
                                                             tensor::Layout layout) {
  PackedMatrix packed = TRY(checked_shape(source, source.n_rows()));
  if (layout == tensor::Layout::rows) return std::make_unique<CpuMatrix>(packed, source);
  TRY(check_panels(source, packed));
  packed.panels = source.bytes.data();
  return std::make_unique<CpuMatrix>(packed);
}

base::Result<std::unique_ptr<KvMemory>> CpuBackend::make_kv_memory(const KvShape& shape, int64_t n_pages) {
  return TRY(KvPages::make(shape, n_pages));
}

namespace {

void embed_one(const CpuMatrix& table, TokenId id, float* output) {
  if (!table.rows()) return dequantize_packed_row(table.packed(), id, output);
  const tensor::TensorView row = rows_of(*table.rows(), id, 1);
  tensor::dequantize_row(row.dtype, row.bytes.data(), row.n_columns(), output);
}

}  // namespace

void CpuBackend::embed(const Matrix& table, std::span<const TokenId> ids, Rows output) {
  CHECK(output.n_columns == table.n_in());
  pool_.split(static_cast<int64_t>(ids.size()), row_grain(output.n_columns),
              [&](int64_t begin, int64_t end, int) {
                for (int64_t i = begin; i < end; ++i) embed_one(cpu_matrix(table), ids[i], output.row(i));
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

QuantizedRows CpuBackend::quantized_rows_in(WorkBuffer& memory, int64_t n_rows, int64_t n_columns) {
  return QuantizedRows::in(memory.get(QuantizedRows::size_bytes(n_rows, n_columns)), n_rows, n_columns,
                           kernels_.tile_tokens);
}

QuantizedRows CpuBackend::quantized(const Rows& input) {
  const QuantizedRows made = quantized_rows_in(quantized_memory_, input.n_rows, input.n_columns);
  pool_.split(input.n_rows, row_grain(input.n_columns),
              [&](int64_t begin, int64_t end, int) { quantize_rows(input, begin, end, made); });
  return made;
}

void CpuBackend::quantize_rows(const Rows& input, int64_t begin, int64_t end, const QuantizedRows& to) {
  for (int64_t i = begin; i < end; ++i) kernels_.quantize_row(input.row(i), input.n_columns, to.row(i));
}

CpuBackend::Input CpuBackend::as_input(const Rows& rows, std::span<const LinearTerm> terms) {
  bool any_int8 = false;
  for (const LinearTerm& term : terms) {
    CHECK(term.weight->n_in() == rows.n_columns && term.weight->n_out() == term.output.n_columns);
    any_int8 |= meets_int8(packed(*term.weight));
  }
  return {rows, any_int8 ? quantized(rows) : QuantizedRows{}};
}

void CpuBackend::linear(Rows input, std::span<const LinearTerm> terms) {
  if (input.n_rows == 0) return;
  const Input both = as_input(input, terms);
  if (input.n_rows <= kFewRows) {
    multiply_runs_of_bytes(both, terms);
  } else {
    multiply_chunks(both, terms);
  }
}

namespace {

int64_t bytes_of(std::span<const LinearTerm> terms) {
  int64_t n_bytes = 0;
  for (const LinearTerm& term : terms)
    n_bytes += packed(*term.weight).n_panels() * packed(*term.weight).panel_bytes;
  return n_bytes;
}

}  // namespace

// One phase for all terms: their panels laid end to end are cut into equal runs of bytes.
void CpuBackend::multiply_runs_of_bytes(const Input& input, std::span<const LinearTerm> terms) {
  pool_.balance(bytes_of(terms), kLinearGrainBytes / input.rows.n_rows,
                [&](int64_t begin, int64_t end, int thread_index) {
                  multiply_run_of_bytes(input, terms, begin, end, thread_index);
                });
}

// A panel belongs to the run in which its first byte lies.
void CpuBackend::multiply_run_of_bytes(const Input& input, std::span<const LinearTerm> terms, int64_t begin,
                                       int64_t end, int thread_index) {
  int64_t start = 0;  // of the term
  for (const LinearTerm& term : terms) {
    const PackedMatrix& weight = packed(*term.weight);
    const auto panel_at = [&](int64_t byte) {
      return std::clamp<int64_t>((byte - start + weight.panel_bytes - 1) / weight.panel_bytes, 0,
                                 weight.n_panels());
    };
    const int64_t first = begin <= start ? 0 : panel_at(begin);
    const int64_t last = end <= start ? 0 : panel_at(end);
    if (first < last) multiply(term, first, last, input, thread_index);
    start += weight.n_panels() * weight.panel_bytes;
  }
}

// The last chunks are halves, so that the threads end closer together.
void CpuBackend::multiply_chunks(const Input& input, std::span<const LinearTerm> terms) {
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
  pool_.each(static_cast<int64_t>(chunks_.size()), [&](int64_t i, int thread_index) {
    multiply(*chunks_[i].term, chunks_[i].first_panel, chunks_[i].last_panel, input, thread_index);
  });
}

void CpuBackend::multiply(const LinearTerm& term, int64_t first_panel, int64_t last_panel, const Input& input,
                          int thread_index) {
  const CpuMatrix& weight = cpu_matrix(*term.weight);
  const KernelTable::LinearOutput out{.data = term.output.data,
                                      .stride = term.output.n_columns,
                                      .bias = term.bias,
                                      .add = term.add_to_output};
  if (!weight.rows()) return multiply_panels(weight.packed(), first_panel, last_panel, input, out);
  // A few panels at a time, which meet the input while they are still in the cache.
  for (int64_t panel = first_panel; panel < last_panel; panel += kChunkPanels) {
    const int64_t first_row = panel * kPanelRows;
    const int64_t n_panels = std::min(kChunkPanels, last_panel - panel);
    const tensor::TensorView rows =
        rows_of(*weight.rows(), first_row, std::min(n_panels * kPanelRows, weight.n_out() - first_row));
    PackedMatrix part = packed_shape(rows.dtype, rows.n_rows(), rows.n_columns());
    std::byte* panels = repacked_[static_cast<size_t>(thread_index)].get(
        static_cast<size_t>(part.n_panels() * part.panel_bytes));
    pack_panels(rows, {}, 0, part.n_panels(), panels);
    part.panels = panels;
    KernelTable::LinearOutput part_out = out;
    part_out.data += first_row;
    if (part_out.bias != nullptr) part_out.bias += first_row;
    multiply_panels(part, 0, part.n_panels(), input, part_out);
  }
}

void CpuBackend::multiply_panels(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel,
                                 const Input& input, const KernelTable::LinearOutput& out) {
  const Rows& rows = input.rows;
  if (meets_int8(weight)) {
    kernels_.linear_fast(weight, first_panel, last_panel, input.quantized, 0, rows.n_rows, out);
  } else {
    kernels_.linear_exact(weight, first_panel, last_panel, rows.data, rows.n_columns, rows.n_rows, out);
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

bool CpuBackend::is_short(const AttentionStep& step) const {
  if (pool_.size() == 1) return false;
  const int64_t n_heads = std::ssize(step.sequences) * step.shape.n_kv_heads;
  return n_heads > 1 && std::all_of(step.sequences.begin(), step.sequences.end(), [](const SequenceRows& s) {
           return s.n_rows == 1 && s.position < kShortPages * kPageTokens;
         });
}

// One phase: the thread that stores a key's head attends it too, and finds it in its own cache.
void CpuBackend::attention_step(const AttentionStep& step) {
  if (!is_short(step)) return Backend::attention_step(step);
  const AttentionTask task = begin_short(step);
  pool_.split(std::ssize(step.sequences) * step.shape.n_kv_heads, 1,
              [&](int64_t begin, int64_t end, int) { attend_heads(step, task, begin, end); });
}

AttentionTask CpuBackend::begin_short(const AttentionStep& step) {
  for (const SequenceRows& sequence : step.sequences)
    table_of(step.rope).cover(sequence.position, sequence.position + 1, pool_);
  const AttentionTask task{step.q,           static_cast<const KvPages&>(step.memory),
                           step.layer_index, step.shape,
                           step.sequences,   step.output};
  attention_.start(task);
  return task;
}

// Heads [begin, end) of the first sequence's, then the second's, and so on.
void CpuBackend::attend_heads(const AttentionStep& step, const AttentionTask& task, int64_t begin,
                              int64_t end) {
  const int64_t n_kv_heads = step.shape.n_kv_heads;
  const RopeTable& table = table_of(step.rope);
  for (int64_t i = begin; i < end; ++i)
    attend_head(step, task, table, step.sequences[static_cast<size_t>(i / n_kv_heads)],
                static_cast<int>(i % n_kv_heads));
}

// Few rows: three phases in one run. What the heads made is quantised by each thread for itself: one thread
// would take as long for all, and the others would wait.
void CpuBackend::attention_block(Rows input, std::span<const LinearTerm> qkv, const AttentionStep& step,
                                 const LinearTerm& output) {
  const Rows attended = step.output;
  const bool is_small = attended.n_rows * attended.n_columns < 2 * kVectorGrain;
  if (!is_small || !is_short(step)) return Backend::attention_block(input, qkv, step, output);
  const Input both = as_input(input, qkv);
  const AttentionTask task = begin_short(step);
  const int64_t grain = kLinearGrainBytes / input.n_rows;
  const int64_t n_heads = std::ssize(step.sequences) * step.shape.n_kv_heads;
  pool_.run([&](int thread_index) {
    pool_.balance_part(bytes_of(qkv), grain, thread_index, [&](int64_t begin, int64_t end, int) {
      multiply_run_of_bytes(both, qkv, begin, end, thread_index);
    });
    pool_.meet(thread_index);
    attend_heads(step, task, n_heads * thread_index / pool_.size(),
                 n_heads * (thread_index + 1) / pool_.size());
    pool_.meet(thread_index);
    Input own{attended, {}};
    if (meets_int8(packed(*output.weight))) {
      own.quantized = quantized_rows_in(own_quantized_[static_cast<size_t>(thread_index)], attended.n_rows,
                                        attended.n_columns);
      quantize_rows(attended, 0, attended.n_rows, own.quantized);
    }
    pool_.balance_part(bytes_of({&output, 1}), grain, thread_index, [&](int64_t begin, int64_t end, int) {
      multiply_run_of_bytes(own, {&output, 1}, begin, end, thread_index);
    });
  });
}

void CpuBackend::attend_head(const AttentionStep& step, const AttentionTask& task, const RopeTable& table,
                             const SequenceRows& sequence, int kv_head) {
  const int64_t head_dim = step.shape.head_dim, position = sequence.position;
  float* k = step.k.row(sequence.first_row) + kv_head * head_dim;
  normed_and_rotated(step, table, step.k_norm, k, position);
  for (int i = 0; i < task.group(); ++i) {
    float* q = step.q.row(sequence.first_row) + (int64_t{kv_head} * task.group() + i) * head_dim;
    normed_and_rotated(step, table, step.q_norm, q, position);
    if (task.turned()) hadamard(q, step.shape.head_dim);
  }
  static_cast<KvPages&>(step.memory)
      .store(sequence.pages[position / kPageTokens], step.layer_index, kv_head,
             static_cast<int>(position % kPageTokens), 1, k,
             step.v.row(sequence.first_row) + kv_head * head_dim, step.k.n_columns);
  attention_.attend_alone(task, sequence, kv_head);
}

void CpuBackend::normed_and_rotated(const AttentionStep& step, const RopeTable& table, const float* norm,
                                    float* head, int64_t position) {
  if (norm != nullptr) kernels_.rms_norm(head, norm, step.shape.head_dim, step.norm_eps, head);
  kernels_.rope(head, static_cast<int64_t>(step.rope.inverse_frequencies.size()), step.rope.interleaved,
                table.cosines(position), table.sines(position));
}

// Few rows: two phases in one run. Who has computed some rows of gate and up also joins and quantises them.
void CpuBackend::gated_mlp(Rows input, const LinearTerm& gate, const LinearTerm& up, const LinearTerm& down) {
  const PackedMatrix &g = packed(*gate.weight), &u = packed(*up.weight), &d = packed(*down.weight);
  if (input.n_rows > kFewRows || !meets_int8(g) || !meets_int8(u) || !meets_int8(d))
    return Backend::gated_mlp(input, gate, up, down);
  CHECK(g.n_rows == u.n_rows && g.n_rows == d.n_columns && g.n_columns == input.n_columns);
  const Input both{input, quantized(input)};
  const Input hidden{gate.output, quantized_rows_in(hidden_memory_, input.n_rows, d.n_columns)};
  // Pairs of panels, because 32 rows are what the next product has a scale for.
  constexpr int64_t kPair = kGroup / kPanelRows;
  const int64_t pair_bytes = kPair * (g.panel_bytes + u.panel_bytes) * input.n_rows;
  pool_.run([&](int thread_index) {
    pool_.balance_part(g.n_panels() / kPair, std::max<int64_t>(1, kLinearGrainBytes / pair_bytes),
                       thread_index, [&](int64_t begin, int64_t end, int) {
                         gate_up_panels(both, gate, up, hidden.quantized, begin * kPair, end * kPair,
                                        thread_index);
                       });
    pool_.meet(thread_index);
    pool_.balance_part(bytes_of({&down, 1}), kLinearGrainBytes / input.n_rows, thread_index,
                       [&](int64_t begin, int64_t end, int) {
                         multiply_run_of_bytes(hidden, {&down, 1}, begin, end, thread_index);
                       });
  });
}

void CpuBackend::gate_up_panels(const Input& input, const LinearTerm& gate, const LinearTerm& up,
                                const QuantizedRows& hidden, int64_t first_panel, int64_t last_panel,
                                int thread_index) {
  if (first_panel >= last_panel) return;
  multiply(gate, first_panel, last_panel, input, thread_index);
  multiply(up, first_panel, last_panel, input, thread_index);
  const int64_t first = first_panel * kPanelRows, n = (last_panel - first_panel) * kPanelRows;
  for (int64_t i = 0; i < input.rows.n_rows; ++i) {
    float* joined = gate.output.row(i) + first;
    kernels_.silu_multiply(joined, up.output.row(i) + first, n, joined);
    kernels_.quantize_row(joined, n, hidden.row(i).from_group(first / kGroup));
  }
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
