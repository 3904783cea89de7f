#pragma once
// Memory that is taken in small pieces and given back all at once.
//
// A template's syntax tree and the values of one rendering live in arenas: nothing in them is freed singly,
// so values may be copied like numbers, may refer to each other in circles, and a list nested a million deep
// costs no recursion when it goes.
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace chat {

class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  void* allocate(size_t size_bytes, size_t alignment) {
    const size_t padding = (alignment - reinterpret_cast<size_t>(next_) % alignment) % alignment;
    if (size_bytes + padding > left_) return allocate_in_new_chunk(size_bytes);
    char* result = next_ + padding;
    next_ = result + size_bytes;
    left_ -= size_bytes + padding;
    used_bytes_ += size_bytes + padding;
    return result;
  }

  template <class T, class... Arguments>
  T* make(Arguments&&... arguments) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    return new (allocate(sizeof(T), alignof(T))) T{std::forward<Arguments>(arguments)...};
  }

  template <class T>
  std::span<T> array(size_t n) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    T* first = static_cast<T*>(allocate(n * sizeof(T), alignof(T)));  // NOLINT(bugprone-sizeof-expression)
    for (size_t i = 0; i < n; ++i) new (static_cast<void*>(first + i)) T{};
    return {first, n};
  }

  template <class T>
  std::span<T> copy(std::span<const T> source) {
    std::span<T> result = array<T>(source.size());
    for (size_t i = 0; i < source.size(); ++i) result[i] = source[i];
    return result;
  }
  template <class T>
  std::span<T> copy(const std::vector<T>& source) {
    return copy(std::span<const T>(source));
  }

  size_t used_bytes() const { return used_bytes_; }

 private:
  void* allocate_in_new_chunk(size_t size_bytes);

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  size_t left_ = 0;
  size_t used_bytes_ = 0;
  size_t next_chunk_bytes_ = 8192;
};

}  // namespace chat
