// Reads the processor's feature registers on x86-64.
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/cpu_features.h"

namespace platform {
namespace {

// Written out, because the intrinsic wants the whole file compiled for xsave.
uint64_t read_xcr0() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t{high} << 32) | low;
}

CpuidRegisters read_registers() {
  CpuidRegisters registers;
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return registers;
  registers.leaf1_ecx = c;
  constexpr int kOsxsave = 27;
  if ((c >> kOsxsave) & 1) registers.xcr0 = read_xcr0();
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return registers;
  registers.leaf7_ebx = b;
  registers.leaf7_ecx = c;
  registers.leaf7_edx = d;
  const unsigned last_subleaf = a;
  if (last_subleaf >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) registers.leaf7_1_eax = a;
  return registers;
}

}  // namespace

CpuFeatures cpu_features() {
  return decode_features(read_registers());
}

bool request_tiles() {
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM of asm/prctl.h, Linux 5.16 and later
  constexpr long kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace platform
