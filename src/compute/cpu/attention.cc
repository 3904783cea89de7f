#include "compute/cpu/attention.h"

#include <algorithm>

#include "base/check.h"
#include "compute/cpu/kv_quantize.h"

namespace compute::cpu {
namespace {

// Queries that meet a page together: enough that fetching the page from the next cache is nothing beside its
// use. A multiple of the kernels' 12.
constexpr int kUnitQueries = 96;

// Rows of a unit. 7 heads: 12 rows are seven full tiles of 12 queries, 13 would leave 7 queries over.
int64_t rows_at_once(int group) {
  for (int rows = kUnitQueries / group; rows >= 1 && rows * group >= kUnitQueries / 2; --rows)
    if (rows * group % 12 == 0) return rows;
  return std::max(1, kUnitQueries / group);
}

constexpr int64_t kTurnGrain = 16384;  // floats whose turning is worth waking a thread for

int64_t pages_of(int64_t n_tokens) {
  return (n_tokens + kPageTokens - 1) / kPageTokens;
}

}  // namespace

void Attention::run(const AttentionTask& task) {
  CHECK(task.shape.head_dim <= kMaxHeadDim && task.q.data != task.output.data);
  if (!task.turned()) return attend_all(task);
  AttentionTask turned = task;
  turned.q.data = turned_q_memory_.array<float>(task.q.n_rows * task.q.n_columns);
  pool_.split(task.q.n_rows, std::max<int64_t>(1, kTurnGrain / task.q.n_columns),
              [&](int64_t begin, int64_t end, int) {
                for (int64_t row = begin; row < end; ++row) {
                  std::copy_n(task.q.row(row), task.q.n_columns, turned.q.row(row));
                  for (int64_t column = 0; column < task.q.n_columns; column += task.shape.head_dim)
                    hadamard(turned.q.row(row) + column, task.shape.head_dim);
                }
              });
  attend_all(turned);
}

void Attention::attend_all(const AttentionTask& task) {
  plan(task);
  partials_ = partials_memory_.array<PagePartial>(task.q.n_rows * task.shape.n_heads);
  const int n_threads = pool_.size();
  const int64_t n_units = static_cast<int64_t>(units_.size());
  if (n_threads == 1 || n_units >= 4 * n_threads) {
    pool_.each(n_units, [&](int64_t i, int) {
      attend(task, units_[i], 0, units_[i].n_pages, i + 1 < n_units ? &units_[i + 1] : nullptr);
      finish(task, units_[i]);
    });
    return;
  }
  const int n_parts =
      n_items_ < 2 * n_threads ? 1 : n_threads;  // two pages take about as long as waking a thread
  plan_cuts(task, n_parts);
  pool_.split(n_items_, n_parts == 1 ? n_items_ : 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = 0; i < n_units; ++i) {
      const Unit& unit = units_[i];
      const int64_t first = std::max(begin - unit.first_item, int64_t{0});
      const int64_t last = std::min(end - unit.first_item, unit.n_pages);
      const Unit* next = i + 1 < n_units && units_[i + 1].first_item < end ? &units_[i + 1] : nullptr;
      if (first < last) attend(task, unit, first, last, next);
    }
  });
  for (const Unit& unit : units_) {
    merge_apart(task, unit);
    finish(task, unit);
  }
}

void Attention::start(const AttentionTask& task) {
  CHECK(task.shape.head_dim <= kMaxHeadDim && task.q.data != task.output.data);
  partials_ = partials_memory_.array<PagePartial>(task.q.n_rows * task.shape.n_heads);
}

void Attention::attend_alone(const AttentionTask& task, const SequenceRows& sequence, int kv_head) {
  const int64_t n_pages = pages_of(sequence.position + 1);
  const Unit unit{&sequence, kv_head, 0, 1, n_pages, 0, n_pages};
  attend(task, unit, 0, n_pages, nullptr);
  finish(task, unit);
}

// Units from the last rows of a sequence to the first: those with most pages begin first.
void Attention::plan(const AttentionTask& task) {
  units_.clear();
  n_items_ = 0;
  const int64_t unit_rows = rows_at_once(task.group());
  for (const SequenceRows& sequence : task.sequences) {
    for (int64_t last_row = sequence.n_rows; last_row > 0;) {
      const int64_t first_row = std::max(int64_t{0}, last_row - unit_rows);
      for (int head = 0; head < task.shape.n_kv_heads; ++head) {
        const int64_t n_pages = pages_of(sequence.position + last_row);
        units_.push_back({&sequence, head, first_row, last_row - first_row, n_pages, n_items_, n_pages});
        n_items_ += n_pages;
      }
      last_row = first_row;
    }
  }
}

void Attention::plan_cuts(const AttentionTask& task, int n_parts) {
  int64_t n_apart = 0;
  for (Unit& unit : units_) {
    for (int part = 1; part < n_parts;
         ++part) {  // the first cut behind the unit's first page; as ThreadPool::split
      const int64_t cut = n_items_ * part / n_parts - unit.first_item;
      if (cut > 0) unit.first_apart = std::min(unit.first_apart, cut);
    }
    unit.apart_offset = n_apart;
    n_apart += unit.n_rows * task.group() * (unit.n_pages - unit.first_apart);
  }
  apart_partials_ = apart_partials_memory_.array<PagePartial>(n_apart);
  apart_values_ = apart_values_memory_.array<float>(n_apart * task.shape.head_dim);
}

void Attention::attend(const AttentionTask& task, const Unit& unit, int64_t first_page, int64_t last_page,
                       const Unit* next_unit) {
  KernelTable::PageQuery queries[kUnitQueries];
  for (int64_t page = first_page; page < last_page; ++page) {
    const std::byte* ahead = page + 1 < last_page   ? k_of(task, unit, page + 1)
                             : next_unit != nullptr ? k_of(task, *next_unit, 0)
                                                    : nullptr;
    int n = 0;
    for (int64_t row = unit.first_row; row < unit.first_row + unit.n_rows; ++row) {
      if (unit.sequence->position + row < page * kPageTokens) continue;  // the page lies in the row's future
      for (int head = 0; head < task.group(); ++head) {
        queries[n++] = query_of(task, unit, page, row, head);
        if (n < kUnitQueries) continue;
        attend_page(task, unit, page, {queries, static_cast<size_t>(n)}, nullptr);
        n = 0;
      }
    }
    if (n > 0) attend_page(task, unit, page, {queries, static_cast<size_t>(n)}, ahead);
  }
}

const std::byte* Attention::k_of(const AttentionTask& task, const Unit& unit, int64_t page) {
  return task.memory.k(unit.sequence->pages[page], task.layer_index, unit.kv_head);
}

void Attention::attend_page(const AttentionTask& task, const Unit& unit, int64_t page,
                            std::span<const KernelTable::PageQuery> queries, const std::byte* ahead) {
  const std::byte* k = k_of(task, unit, page);
  const std::byte* v = task.memory.v(unit.sequence->pages[page], task.layer_index, unit.kv_head);
  const int head_dim = task.shape.head_dim;
  kernels_.attend_page(task.memory.shape().type, k, v, head_dim, task.shape.scale, queries.data(),
                       static_cast<int>(queries.size()), ahead);
}

KernelTable::PageQuery Attention::query_of(const AttentionTask& task, const Unit& unit, int64_t page,
                                           int64_t row, int head) {
  const int64_t step_row = unit.sequence->first_row + row;
  const int64_t query_head = int64_t{unit.kv_head} * task.group() + head;
  const int64_t n_visible = unit.sequence->position + row + 1 - page * kPageTokens;
  KernelTable::PageQuery query{.q = task.q.row(step_row) + query_head * task.shape.head_dim,
                               .n_keys = static_cast<int>(std::min<int64_t>(n_visible, kPageTokens))};
  if (page < unit.first_apart) {
    query.merge = page > 0;
    query.partial = &partial(task, step_row, query_head);
    query.values = task.output.row(step_row) + query_head * task.shape.head_dim;
  } else {
    const int64_t n_apart = unit.n_pages - unit.first_apart;
    const int64_t result = unit.apart_offset + ((row - unit.first_row) * task.group() + head) * n_apart +
                           (page - unit.first_apart);
    query.merge = false;
    query.partial = apart_partials_ + result;
    query.values = apart_values_ + result * task.shape.head_dim;
  }
  return query;
}

void Attention::merge_apart(const AttentionTask& task, const Unit& unit) {
  const int64_t n_apart = unit.n_pages - unit.first_apart;
  if (n_apart == 0) return;
  const int64_t n_queries = unit.n_rows * task.group();
  const int64_t grain = std::max<int64_t>(1, 16384 / (n_apart * task.shape.head_dim));
  pool_.split(n_queries, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t query = begin; query < end; ++query) {
      const int64_t row = unit.first_row + query / task.group();
      const int64_t head = int64_t{unit.kv_head} * task.group() + query % task.group();
      const int64_t step_row = unit.sequence->first_row + row;
      const int64_t n_pages = pages_of(unit.sequence->position + row + 1) - unit.first_apart;
      const int64_t result = unit.apart_offset + query * n_apart;
      if (n_pages <= 0) continue;
      kernels_.merge_pages(apart_partials_ + result, apart_values_ + result * task.shape.head_dim, n_pages,
                           task.shape.head_dim, &partial(task, step_row, head),
                           task.output.row(step_row) + head * task.shape.head_dim);
    }
  });
}

void Attention::finish(const AttentionTask& task, const Unit& unit) {
  for (int64_t row = 0; row < unit.n_rows; ++row) {
    const int64_t step_row = unit.sequence->first_row + unit.first_row + row;
    for (int64_t h = 0; h < task.group(); ++h) {
      const int64_t head = int64_t{unit.kv_head} * task.group() + h;
      float* values = task.output.row(step_row) + head * task.shape.head_dim;
      kernels_.finish_attention(partial(task, step_row, head), values, task.shape.head_dim, values);
      if (task.turned()) hadamard(values, task.shape.head_dim);
    }
  }
}

}  // namespace compute::cpu
