#pragma once
// Which instructions this processor has and this operating system saves on a switch of threads. Kernel choice
// stands on it: a processor may have AVX-512 while the system keeps it off.
#include <cstdint>
#include <string>

namespace platform {

struct CpuFeatures {
  bool avx2 = false, fma = false, f16c = false, avx_vnni = false;
  bool avx512f = false, avx512bw = false, avx512vl = false, avx512dq = false, avx512_vnni = false;
  bool avx512_bf16 = false, avx512_vbmi = false;
  bool amx_tile = false, amx_int8 = false;  // usable after request_tiles() alone
  bool operator==(const CpuFeatures&) const = default;
};

// All false on processors other than x86-64.
CpuFeatures cpu_features();

// Asks the system to let this process use tile registers, which it saves only for those that ask. False if it
// does not, or knows no such registers. Asking again is harmless.
bool request_tiles();

// "avx2 fma f16c avx512f", for logs.
std::string feature_names(const CpuFeatures& features);

// The registers that features are read from; cpu_features() is decode_features() of this machine's.
struct CpuidRegisters {
  uint32_t leaf1_ecx = 0;
  uint32_t leaf7_ebx = 0, leaf7_ecx = 0;  // subleaf 0
  uint32_t leaf7_edx = 0;
  uint32_t leaf7_1_eax = 0;  // subleaf 1
  uint64_t xcr0 = 0;         // state that the system saves; 0 if it has no xgetbv
};
CpuFeatures decode_features(const CpuidRegisters& registers);

}  // namespace platform
