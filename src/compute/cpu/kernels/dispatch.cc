#include "compute/cpu/kernels/dispatch.h"

#include <string>

#include "base/strings.h"

namespace compute::cpu {
namespace {

std::string names_that_run() {
  std::string names = "auto";
  for (const KernelChoice& choice : built_kernels()) {
    if (choice.runs_here) names += base::cat(", ", choice.table->name);
  }
  return names;
}

}  // namespace

base::Result<const KernelTable*> choose_kernels(std::string_view name) {
  for (const KernelChoice& choice : built_kernels()) {
    if (name == "auto" && choice.runs_here) return choice.table;
    if (name != choice.table->name) continue;
    if (choice.runs_here) return choice.table;
    return base::fail(base::Code::unsupported,
                      base::cat("this CPU lacks the instructions of the kernel set '", name,
                                "'; it can run: ", names_that_run()));
  }
  return base::fail(base::Code::invalid_argument,
                    base::cat("unknown kernel set '", name, "'; this CPU can run: ", names_that_run()));
}

}  // namespace compute::cpu
