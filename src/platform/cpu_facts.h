#pragma once
// How many CPUs this process may really use. `root` is "/" except in tests.
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace platform {

struct CpuFacts {
  std::string model_name;       // "Intel(R) Xeon(R) Processor"; may be empty
  int n_cpus;                   // logical CPUs in the affinity mask
  int n_cores;                  // physical cores among them
  std::optional<double> quota;  // of control groups, in CPUs
  // What a thread pool should take: cores, or the quota if that is less. A fractional quota rounds down,
  // because threads that wait for one that the kernel has stopped lose more than the fraction gives; at
  // least 1.
  int usable_cores;
};

CpuFacts cpu_facts();
CpuFacts cpu_facts(const std::filesystem::path& root, std::span<const int> allowed_cpus);

// The affinity mask.
std::vector<int> allowed_cpus();

// `cpus` by physical core, both in ascending order: {{0, 4}, {1, 5}} where 0 and 4 share a core.
std::vector<std::vector<int>> cpus_by_core(const std::filesystem::path& root, std::span<const int> cpus);

}  // namespace platform
