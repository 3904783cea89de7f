#pragma once
// Which kernel tables this build has, which of them this CPU can run, and the choice by name.
#include <span>
#include <string_view>

#include "base/result.h"
#include "compute/cpu/kernels/kernel_table.h"

namespace compute::cpu {

struct KernelChoice {
  const KernelTable* table;
  bool runs_here;
};

// All tables of this build, best first; the last is the scalar one. (dispatch_x86.cc, dispatch_other.cc)
std::span<const KernelChoice> built_kernels();

// "scalar", "avx2", "avx512", "amx", or "auto": the best that runs here. Fails with Code::invalid_argument
// for an unknown name and Code::unsupported for a table that this CPU cannot run; the message names those
// that would work.
base::Result<const KernelTable*> choose_kernels(std::string_view name);

}  // namespace compute::cpu
