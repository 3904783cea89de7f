#include "compute/cpu/panel_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <vector>

namespace compute::cpu {
namespace {

bool is_aligned(const std::byte* data) {
  return reinterpret_cast<uintptr_t>(data) % 64 == 0;
}

TEST(PanelMemory, IsZeroedAndAligned) {
  for (const uint64_t size : {1, 100, 4096, 5'000'000}) {
    const PanelMemory memory = PanelMemory::allocate(size).value();
    EXPECT_TRUE(is_aligned(memory.data()));
    EXPECT_EQ(memory.size_bytes(), size);
    for (uint64_t i = 0; i < size; ++i) ASSERT_EQ(memory.data()[i], std::byte{0});
    std::memset(memory.data(), 1, size);
  }
}

TEST(PanelMemory, SaysWhenThereIsNone) {
  const base::Result<PanelMemory> memory = PanelMemory::allocate(uint64_t{1} << 60);
  ASSERT_FALSE(memory.has_value());
  EXPECT_EQ(memory.error().code, base::Code::exhausted);
}

TEST(PanelArena, LaysSmallMatricesSideBySide) {
  PanelArena arena;
  const PanelMemory a = arena.allocate(1000).value(), b = arena.allocate(10).value();
  EXPECT_EQ(b.data(), a.data() + 1024);
}

TEST(PanelArena, KeepsMatricesApartWhateverTheirSize) {
  PanelArena arena;
  std::vector<PanelMemory> all;
  for (uint64_t i = 0; i < 60; ++i) {
    all.push_back(arena.allocate(1 + i * i * 1700).value());
    ASSERT_TRUE(is_aligned(all.back().data()));
    std::memset(all.back().data(), static_cast<int>(i), all.back().size_bytes());
  }
  for (uint64_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].data()[0], std::byte(i));
    ASSERT_EQ(all[i].data()[all[i].size_bytes() - 1], std::byte(i));
  }
}

TEST(PanelArena, MayGoBeforeItsMatrices) {
  std::optional<PanelArena> arena(std::in_place);
  const PanelMemory memory = arena->allocate(100).value();
  arena.reset();
  std::memset(memory.data(), 7, 100);
  EXPECT_EQ(memory.data()[99], std::byte{7});
}

}  // namespace
}  // namespace compute::cpu
