#pragma once
// Memory for intermediate results that grows to what is asked for and stays; its contents are lost when it
// grows.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace compute::cpu {

class WorkBuffer {
 public:
  // At least `size_bytes` bytes, 64-byte aligned, valid until the next call. Throws std::bad_alloc.
  std::byte* get(size_t size_bytes) {
    if (size_bytes > capacity_) {
      const size_t new_capacity = std::max(size_bytes, capacity_ + capacity_ / 2);
      memory_.reset();
      capacity_ = 0;
      memory_.reset(static_cast<std::byte*>(::operator new(new_capacity, kAlignment)));
      capacity_ = new_capacity;
    }
    return memory_.get();
  }

  template <class T>
  T* array(int64_t n) {
    return reinterpret_cast<T*>(get(static_cast<size_t>(n) * sizeof(T)));
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete(memory, kAlignment); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  size_t capacity_ = 0;
};

}  // namespace compute::cpu
