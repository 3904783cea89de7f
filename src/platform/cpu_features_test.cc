#include "platform/cpu_features.h"

#include <gtest/gtest.h>

namespace platform {
namespace {

constexpr CpuidRegisters kEverything = {~0u, ~0u, ~0u, ~0u, ~0u, 0x600E7};

TEST(CpuFeatures, FindsEverythingThatIsThere) {
  EXPECT_EQ(feature_names(decode_features(kEverything)),
            "avx2 fma f16c avx_vnni avx512f avx512bw avx512vl avx512dq avx512_vnni avx512_bf16 avx512_vbmi "
            "amx_tile amx_int8");
  EXPECT_EQ(decode_features({}), CpuFeatures{});
}

TEST(CpuFeatures, WhatTheSystemDoesNotSaveIsNotUsed) {
  CpuidRegisters registers = kEverything;
  registers.xcr0 = 0x07;
  EXPECT_EQ(feature_names(decode_features(registers)), "avx2 fma f16c avx_vnni");
  registers.xcr0 = 0xE7;  // without tiles
  EXPECT_TRUE(decode_features(registers).avx512_vbmi);
  EXPECT_FALSE(decode_features(registers).amx_int8);
  registers.xcr0 = 0x67;  // without the upper sixteen registers
  EXPECT_FALSE(decode_features(registers).avx512f);
  registers.xcr0 = 0;
  EXPECT_EQ(decode_features(registers), CpuFeatures{});
}

TEST(CpuFeatures, ReadsEachBitFromItsPlace) {
  CpuidRegisters registers = {.leaf1_ecx = 1u << 28, .leaf7_ebx = 1u << 5, .xcr0 = 0xE7};
  EXPECT_EQ(feature_names(decode_features(registers)), "avx2");
  registers.leaf7_ebx = (1u << 16) | (1u << 31);
  registers.leaf7_ecx = 1u << 11;
  EXPECT_EQ(feature_names(decode_features(registers)), "avx512f avx512vl avx512_vnni");
  registers.leaf7_edx = 1u << 25;
  registers.xcr0 |= 0x60000;
  EXPECT_EQ(feature_names(decode_features(registers)), "avx512f avx512vl avx512_vnni amx_int8");
}

#if defined(__x86_64__)
TEST(CpuFeatures, AgreesWithTheCompilersOwnDetection) {
  const CpuFeatures features = cpu_features();
  EXPECT_EQ(features.avx2, __builtin_cpu_supports("avx2") != 0);
  EXPECT_EQ(features.fma, __builtin_cpu_supports("fma") != 0);
  EXPECT_EQ(features.avx512f, __builtin_cpu_supports("avx512f") != 0);
  EXPECT_EQ(features.avx512bw, __builtin_cpu_supports("avx512bw") != 0);
  EXPECT_EQ(features.amx_int8, __builtin_cpu_supports("amx-int8") != 0);
  EXPECT_EQ(features.avx512_vnni, __builtin_cpu_supports("avx512vnni") != 0);
}
#endif

}  // namespace
}  // namespace platform
