#pragma once
// The operations of backend.h on the CPU: a kernel table for the inner loops, a thread pool, and the cut of
// the work.
//
// Work that a thread would finish before another one wakes up stays with the caller; the rest is one phase
// per operation, so the number of barriers in a step is about that of its large operations.
#include <memory>
#include <vector>

#include "compute/backend.h"
#include "compute/cpu/attention.h"
#include "compute/cpu/cpu_matrix.h"
#include "compute/cpu/kernels/kernel_table.h"
#include "compute/cpu/panel_memory.h"
#include "compute/cpu/quantized_rows.h"
#include "compute/cpu/rope_table.h"
#include "compute/cpu/thread_pool.h"
#include "compute/cpu/work_buffer.h"

namespace compute::cpu {

class CpuBackend final : public Backend {
 public:
  CpuBackend(const KernelTable& kernels, Numerics numerics, const ThreadPoolOptions& threads);

  bool supports(tensor::DType type) const override;
  base::Result<std::unique_ptr<Matrix>> make_matrix(const tensor::TensorView& source,
                                                    std::span<const int32_t> row_order) override;
  base::Result<std::unique_ptr<Matrix>> map_matrix(const tensor::TensorView& source,
                                                   tensor::Layout layout) override;
  std::string_view layout_name() const override { return kPanelLayoutName; }
  base::Result<std::unique_ptr<KvMemory>> make_kv_memory(const KvShape& shape, int64_t n_pages) override;

  void embed(const Matrix& table, std::span<const TokenId> ids, Rows output) override;
  void rms_norm(Rows input, const float* weight, int64_t width, float eps, Rows output) override;
  void linear(Rows input, std::span<const LinearTerm> terms) override;
  void rope(Rows heads, int head_dim, const Rope& rope, std::span<const SequenceRows> sequences) override;
  void store_kv(KvMemory& memory, int layer_index, Rows k, Rows v,
                std::span<const SequenceRows> sequences) override;
  void attention(Rows q, const KvMemory& memory, int layer_index, const AttentionShape& shape,
                 std::span<const SequenceRows> sequences, Rows output) override;
  void silu_multiply(Rows gate, Rows up, Rows output) override;
  void attention_step(const AttentionStep& step) override;
  void attention_block(Rows input, std::span<const LinearTerm> qkv, const AttentionStep& step,
                       const LinearTerm& output) override;
  void gated_mlp(Rows input, const LinearTerm& gate, const LinearTerm& up, const LinearTerm& down) override;
  void gather_rows(Rows input, std::span<const int32_t> row_indices, Rows output) override;
  void copy_page(KvMemory& memory, int32_t from, int32_t to, int n_tokens) override;

  Numerics numerics() const override { return numerics_; }
  int n_threads() const override { return pool_.size(); }
  std::string_view kernels_name() const override { return kernels_.name; }

 private:
  // What a product multiplies with; `quantized` only where a weight meets int8.
  struct Input {
    Rows rows;
    QuantizedRows quantized;
  };
  // The part of a linear() call that one term's panels make up.
  void multiply(const LinearTerm& term, int64_t first_panel, int64_t last_panel, const Input& input,
                int thread_index);
  void multiply_panels(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel,
                       const Input& input, const KernelTable::LinearOutput& out);
  QuantizedRows quantized_rows_in(WorkBuffer& memory, int64_t n_rows, int64_t n_columns);
  QuantizedRows quantized(const Rows& input);
  void quantize_rows(const Rows& input, int64_t begin, int64_t end, const QuantizedRows& to);
  Input as_input(const Rows& rows, std::span<const LinearTerm> terms);
  void multiply_run_of_bytes(const Input& input, std::span<const LinearTerm> terms, int64_t begin,
                             int64_t end, int thread_index);
  void multiply_runs_of_bytes(const Input& input, std::span<const LinearTerm> terms);
  void multiply_chunks(const Input& input, std::span<const LinearTerm> terms);
  bool meets_int8(const PackedMatrix& weight) const;
  // Whether one phase does all of the step, with a thread for each head of each sequence.
  bool is_short(const AttentionStep& step) const;
  AttentionTask begin_short(const AttentionStep& step);
  void attend_heads(const AttentionStep& step, const AttentionTask& task, int64_t begin, int64_t end);
  void attend_head(const AttentionStep& step, const AttentionTask& task, const RopeTable& table,
                   const SequenceRows& sequence, int kv_head);
  void normed_and_rotated(const AttentionStep& step, const RopeTable& table, const float* norm, float* head,
                          int64_t position);
  void gate_up_panels(const Input& input, const LinearTerm& gate, const LinearTerm& up,
                      const QuantizedRows& hidden, int64_t first_panel, int64_t last_panel, int thread_index);
  RopeTable& table_of(const Rope& rope);

  const KernelTable& kernels_;
  const Numerics numerics_;
  ThreadPool pool_;
  PanelArena weights_memory_;
  Attention attention_;
  std::vector<std::unique_ptr<RopeTable>> rope_tables_;
  WorkBuffer quantized_memory_, hidden_memory_;
  struct Chunk {
    const LinearTerm* term;
    int64_t first_panel;
    int64_t last_panel;
  };
  std::vector<Chunk> chunks_;              // of the same call
  std::vector<WorkBuffer> own_quantized_;  // [n_threads], what each thread quantised for itself
  std::vector<WorkBuffer> repacked_;       // [n_threads], panels of matrices that keep none
};

}  // namespace compute::cpu
