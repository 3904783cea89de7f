#include "platform/cpu_features.h"

namespace platform {
namespace {

bool has_bit(uint32_t word, int bit) {
  return (word >> bit) & 1;
}

// XCR0: bits 1 and 2 are the SSE and AVX registers, 5 to 7 the mask and 512-bit registers.
constexpr uint64_t kAvxState = 0x06;
constexpr uint64_t kAvx512State = 0xE6;
constexpr uint64_t kTileState = 0x60000;  // 17 and 18: the configuration and the tiles

}  // namespace

// Bits as in Intel's Software Developer's Manual, volume 2A, CPUID.
CpuFeatures decode_features(const CpuidRegisters& r) {
  CpuFeatures features;
  const bool saves_avx = (r.xcr0 & kAvxState) == kAvxState && has_bit(r.leaf1_ecx, 28);
  if (!saves_avx) return features;
  features.fma = has_bit(r.leaf1_ecx, 12);
  features.f16c = has_bit(r.leaf1_ecx, 29);
  features.avx2 = has_bit(r.leaf7_ebx, 5);
  features.avx_vnni = has_bit(r.leaf7_1_eax, 4);
  if ((r.xcr0 & kAvx512State) != kAvx512State || !has_bit(r.leaf7_ebx, 16)) return features;
  features.avx512f = true;
  features.avx512dq = has_bit(r.leaf7_ebx, 17);
  features.avx512bw = has_bit(r.leaf7_ebx, 30);
  features.avx512vl = has_bit(r.leaf7_ebx, 31);
  features.avx512_vbmi = has_bit(r.leaf7_ecx, 1);
  features.avx512_vnni = has_bit(r.leaf7_ecx, 11);
  features.avx512_bf16 = has_bit(r.leaf7_1_eax, 5);
  if ((r.xcr0 & kTileState) != kTileState) return features;
  features.amx_tile = has_bit(r.leaf7_edx, 24);
  features.amx_int8 = has_bit(r.leaf7_edx, 25);
  return features;
}

std::string feature_names(const CpuFeatures& f) {
  const struct {
    bool present;
    const char* name;
  } all[] = {{f.avx2, "avx2"},
             {f.fma, "fma"},
             {f.f16c, "f16c"},
             {f.avx_vnni, "avx_vnni"},
             {f.avx512f, "avx512f"},
             {f.avx512bw, "avx512bw"},
             {f.avx512vl, "avx512vl"},
             {f.avx512dq, "avx512dq"},
             {f.avx512_vnni, "avx512_vnni"},
             {f.avx512_bf16, "avx512_bf16"},
             {f.avx512_vbmi, "avx512_vbmi"},
             {f.amx_tile, "amx_tile"},
             {f.amx_int8, "amx_int8"}};
  std::string names;
  for (const auto& feature : all)
    if (feature.present) names += (names.empty() ? "" : " ") + std::string(feature.name);
  return names;
}

}  // namespace platform
