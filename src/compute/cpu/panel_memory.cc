#include "compute/cpu/panel_memory.h"

#include <sys/mman.h>

#include <string>
#include <utility>

namespace compute::cpu {
namespace {

constexpr uint64_t kHugePage = uint64_t{2} << 20;
constexpr uint64_t kChunkBytes = uint64_t{32} << 20;
// Larger ones get a mapping of their own: a chunk's end is lost when the next matrix does not fit in.
constexpr uint64_t kSmallBytes = uint64_t{4} << 20;

constexpr uint64_t round_up(uint64_t bytes, uint64_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

// `size_bytes` from a multiple of a huge page on; the rest of what the mapping needs for that is given back.
base::Result<std::shared_ptr<std::byte[]>> map(uint64_t size_bytes) {
  size_bytes = round_up(size_bytes, 4096);
  const uint64_t mapped = size_bytes + kHugePage;
  void* memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return base::fail(base::Code::exhausted,
                      "no memory for " + std::to_string(size_bytes) + " bytes of packed weights");
  std::byte* begin = static_cast<std::byte*>(memory);
  const uint64_t before =
      round_up(reinterpret_cast<uintptr_t>(begin), kHugePage) - reinterpret_cast<uintptr_t>(begin);
  std::byte* data = begin + before;
  if (before > 0) munmap(begin, before);
  if (mapped > before + size_bytes) munmap(data + size_bytes, mapped - before - size_bytes);
  madvise(data, size_bytes, MADV_HUGEPAGE);  // a wish: what does not come true costs nothing
  return std::shared_ptr<std::byte[]>(data, [size_bytes](std::byte* memory) { munmap(memory, size_bytes); });
}

}  // namespace

base::Result<PanelMemory> PanelMemory::allocate(uint64_t size_bytes) {
  std::shared_ptr<std::byte[]> mapping = TRY(map(size_bytes));
  std::byte* data = mapping.get();
  return PanelMemory(std::move(mapping), data, size_bytes);
}

base::Result<PanelMemory> PanelArena::allocate(uint64_t size_bytes) {
  if (size_bytes > kSmallBytes) return PanelMemory::allocate(size_bytes);
  if (chunk_ == nullptr || size_bytes > kChunkBytes - used_bytes_) {
    chunk_ = TRY(map(kChunkBytes));
    used_bytes_ = 0;
  }
  std::byte* data = chunk_.get() + used_bytes_;
  used_bytes_ += round_up(size_bytes, 64);
  return PanelMemory(chunk_, data, size_bytes);
}

}  // namespace compute::cpu
