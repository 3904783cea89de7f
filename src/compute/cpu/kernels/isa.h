#pragma once
// Regions of code for an instruction set that the baseline build does not assume:
//
//   ISA_BEGIN("avx2,fma,f16c")
//   ... functions ...
//   ISA_END
//
// Opens after all includes, so that no function of the standard library is compiled for the set (the linker
// could keep that copy for the whole program). Lambdas do not reliably take over the region's set: use named
// functions.

#define ISA_STRING_(text) #text
#define ISA_PRAGMA_(text) _Pragma(ISA_STRING_(text))

#if defined(__clang__)
#define ISA_BEGIN(features) \
  ISA_PRAGMA_(clang attribute push(__attribute__((target(features))), apply_to = function))
#define ISA_END ISA_PRAGMA_(clang attribute pop)
#else
#define ISA_BEGIN(features) ISA_PRAGMA_(GCC push_options) ISA_PRAGMA_(GCC target(features))
#define ISA_END ISA_PRAGMA_(GCC pop_options)
#endif

// The instruction sets behind the tables of dispatch.cc, which checks for exactly these.
#define ISA_AVX2 "avx2,fma,f16c"
#define ISA_AVX_VNNI "avx2,fma,f16c,avxvnni"
#define ISA_AVX512 "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"
#define ISA_AMX "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,amx-tile,amx-int8"

// Before a loop over registers, whose count is a template argument: no register array survives a loop that
// stays one.
#if defined(__clang__)
#define ISA_UNROLL _Pragma("clang loop unroll(full)")
#else
#define ISA_UNROLL _Pragma("GCC unroll 32")
#endif
