#include "compute/cpu/kernels/dispatch.h"
#include "platform/cpu_features.h"

namespace compute::cpu {
namespace {

bool runs_avx2(const platform::CpuFeatures& cpu) {
  return cpu.avx2 && cpu.fma && cpu.f16c;
}

bool runs_avx_vnni(const platform::CpuFeatures& cpu) {
  return runs_avx2(cpu) && cpu.avx_vnni;
}

bool runs_avx512(const platform::CpuFeatures& cpu) {
  return runs_avx2(cpu) && cpu.avx512f && cpu.avx512bw && cpu.avx512vl && cpu.avx512dq && cpu.avx512_vnni;
}

// The system is asked only where there is something to ask for.
bool runs_amx(const platform::CpuFeatures& cpu) {
  return runs_avx512(cpu) && cpu.amx_tile && cpu.amx_int8 && platform::request_tiles();
}

}  // namespace

std::span<const KernelChoice> built_kernels() {
  static const platform::CpuFeatures cpu = platform::cpu_features();
  static const KernelChoice choices[] = {{&amx_kernels(), runs_amx(cpu)},
                                         {&avx512_kernels(), runs_avx512(cpu)},
                                         {&avx_vnni_kernels(), runs_avx_vnni(cpu)},
                                         {&avx2_kernels(), runs_avx2(cpu)},
                                         {&scalar_kernels(), true}};
  return choices;
}

}  // namespace compute::cpu
