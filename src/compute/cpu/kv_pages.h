#pragma once
// KV memory of the CPU backend: pages of 64 tokens, each holding all layers.
//
//   page:  layer 0: head 0: K, V       kv_layout.h
//                   head 1: ...
//          layer 1: ...
//
// Address space is reserved at once, memory is taken when a page is first written: resident size grows with
// use. On huge pages where the system grants them: a head's part of a page is 4 to 32 KiB, so with small ones
// attention would wait for address translation every few hundred nanoseconds.
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "compute/backend.h"

namespace compute::cpu {

class KvPages final : public KvMemory {
 public:
  // Fails with Code::exhausted if the system refuses the address space.
  static base::Result<std::unique_ptr<KvPages>> make(const KvShape& shape, int64_t n_pages);

  const KvShape& shape() const { return shape_; }
  int64_t n_pages() const { return n_pages_; }

  // First byte of K and V of one head in one layer of a page. V follows K.
  std::byte* k(int32_t page, int layer_index, int kv_head) const {
    return memory_.get() + page * page_bytes_ +
           (int64_t{layer_index} * shape_.n_kv_heads + kv_head) * 2 * head_bytes_;
  }
  std::byte* v(int32_t page, int layer_index, int kv_head) const {
    return k(page, layer_index, kv_head) + head_bytes_;
  }

  // Writes the keys and values of `n_tokens` consecutive tokens of one head to slots [first_slot, ...) of a
  // page. Rows of k and v are `stride` floats apart. bf16 rounds to nearest even; the others: kv_quantize.h.
  // One thread at a time for a head of a page: neighbouring tokens share bytes in q4.
  void store(int32_t page, int layer_index, int kv_head, int first_slot, int n_tokens, const float* k_rows,
             const float* v_rows, int64_t stride);

  void copy_page(int32_t from, int32_t to, int n_tokens);

 private:
  struct Unmap {
    uint64_t size_bytes;
    void operator()(std::byte* memory) const;
  };

  KvPages(const KvShape& shape, int64_t n_pages, std::byte* memory, uint64_t size_bytes);

  KvShape shape_;
  int64_t n_pages_;
  int64_t page_bytes_;
  int64_t head_bytes_;  // of K, or V, of one head in one layer of a page
  std::unique_ptr<std::byte[], Unmap> memory_;
};

}  // namespace compute::cpu
