#pragma once
// Memory for packed weights: straight from the operating system, zeroed, on huge pages where it grants them.
//
// A reader of 96 MB in small pages gets 18 GB/s from the last-level cache where one in huge pages gets 27
// (one core of an Emerald Rapids). Matrices of a small model are smaller than a huge page, so an arena lays
// them side by side.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"

namespace compute::cpu {

// A run of memory, 64-byte aligned. Matrices of one arena may share a mapping; it goes when the last of them
// does.
class PanelMemory {
 public:
  // In a mapping of its own. Fails with Code::exhausted.
  static base::Result<PanelMemory> allocate(uint64_t size_bytes);

  std::byte* data() const { return data_; }
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  friend class PanelArena;
  PanelMemory(std::shared_ptr<std::byte[]> mapping, std::byte* data, uint64_t size_bytes)
      : mapping_(std::move(mapping)), data_(data), size_bytes_(size_bytes) {}

  std::shared_ptr<std::byte[]> mapping_;
  std::byte* data_;
  uint64_t size_bytes_;
};

// Not thread-safe.
class PanelArena {
 public:
  // Fails with Code::exhausted.
  base::Result<PanelMemory> allocate(uint64_t size_bytes);

 private:
  std::shared_ptr<std::byte[]> chunk_;  // the one being filled
  uint64_t used_bytes_ = 0;
};

}  // namespace compute::cpu
