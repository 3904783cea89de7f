// The one place that knows which devices this build has.
#include "compute/backend.h"
#include "compute/cpu/cpu_backend.h"
#include "compute/cpu/kernels/dispatch.h"

namespace compute {

base::Result<std::unique_ptr<Backend>> make_cpu_backend(const BackendOptions& options) {
  const cpu::KernelTable* kernels = TRY(cpu::choose_kernels(options.kernels));
  const cpu::ThreadPoolOptions threads{.n_threads = options.n_threads, .places = options.places};
  return std::make_unique<cpu::CpuBackend>(*kernels, options.numerics, threads);
}

}  // namespace compute
