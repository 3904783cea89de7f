#pragma once
// Attention of a step over the pages of its sequences, cut into work for the threads of a pool.
#include <cstdint>
#include <span>
#include <vector>

#include "compute/backend.h"
#include "compute/cpu/kernels/kernel_table.h"
#include "compute/cpu/kv_pages.h"
#include "compute/cpu/thread_pool.h"
#include "compute/cpu/work_buffer.h"

namespace compute::cpu {

// What one call of Backend::attention is asked to do.
struct AttentionTask {
  Rows q;
  const KvPages& memory;
  int layer_index;
  AttentionShape shape;
  std::span<const SequenceRows> sequences;
  Rows output;

  // Keys and values of this type are stored turned: so are the queries, and the output is turned back.
  bool turned() const { return memory.shape().type == KvType::q4; }
  int group() const { return shape.n_heads / shape.n_kv_heads; }  // query heads of a KV head
};

// Keeps the work buffers between calls.
//
// A *unit* is one KV head and some consecutive rows of one sequence: all their query heads meet a page
// together, so that it is read once. Many units (a prompt, a full batch) are taken by free threads as they
// come; few (one sequence at a long context) are cut along their pages:
//
//   pages of   | unit 0          | unit 1          | unit 2          |
//   threads    | 0                      | 1                          |
//              |  folded         | folded |apart | folded            |
//
// The first thread of a unit folds its pages into the output as it goes; those of later threads are kept
// apart and merged at the end, in order, so that the cut leaves no trace in the bits.
class Attention {
 public:
  Attention(const KernelTable& kernels, ThreadPool& pool) : kernels_(kernels), pool_(pool) {}

  // REQUIRES: output does not overlap q; head_dim <= kMaxHeadDim.
  void run(const AttentionTask& task);

  // The same piecemeal, for callers that have threads of their own to do it: after start(), attend_alone()
  // for each KV head of each sequence, from any thread. REQUIRES: each sequence has one row; queries are
  // turned if keys are stored so.
  void start(const AttentionTask& task);
  void attend_alone(const AttentionTask& task, const SequenceRows& sequence, int kv_head);

 private:
  struct Unit {
    const SequenceRows* sequence;
    int kv_head;
    int64_t first_row;  // within the sequence
    int64_t n_rows;
    int64_t n_pages;
    int64_t first_item;        // number of its first page among the pages of all units
    int64_t first_apart = 0;   // page; n_pages if all are folded
    int64_t apart_offset = 0;  // of its results apart: [query][page - first_apart]
  };

  void attend_all(const AttentionTask& task);  // with queries as the keys are stored
  void plan(const AttentionTask& task);
  void plan_cuts(const AttentionTask& task, int n_parts);
  // `next_unit` is what this thread turns to afterwards, or null.
  void attend(const AttentionTask& task, const Unit& unit, int64_t first_page, int64_t last_page,
              const Unit* next_unit);
  static const std::byte* k_of(const AttentionTask& task, const Unit& unit, int64_t page);
  void attend_page(const AttentionTask& task, const Unit& unit, int64_t page,
                   std::span<const KernelTable::PageQuery> queries, const std::byte* ahead);
  KernelTable::PageQuery query_of(const AttentionTask& task, const Unit& unit, int64_t page, int64_t row,
                                  int head);
  void merge_apart(const AttentionTask& task, const Unit& unit);
  void finish(const AttentionTask& task, const Unit& unit);
  PagePartial& partial(const AttentionTask& task, int64_t row, int64_t head) {
    return partials_[row * task.shape.n_heads + head];
  }

  const KernelTable& kernels_;
  ThreadPool& pool_;
  std::vector<Unit> units_;
  int64_t n_items_ = 0;  // pages of all units
  WorkBuffer turned_q_memory_;
  WorkBuffer partials_memory_;
  WorkBuffer apart_partials_memory_;
  WorkBuffer apart_values_memory_;
  PagePartial* partials_ = nullptr;        // [rows of the step][n_heads]
  PagePartial* apart_partials_ = nullptr;  // [results apart]
  float* apart_values_ = nullptr;          // [results apart][head_dim]
};

}  // namespace compute::cpu
