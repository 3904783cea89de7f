#include "platform/cpu_facts.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <thread>

#include "base/strings.h"
#include "platform/cgroups.h"
#include "platform/proc_file.h"

namespace platform {
namespace {

// Siblings of one core name the same list ("0,4" or "0-1"); a machine that does not say has a core per CPU.
std::string core_of(const std::filesystem::path& root, int cpu) {
  const auto topology = root / "sys/devices/system/cpu" / base::cat("cpu", cpu) / "topology";
  std::string siblings = read_proc_file(topology / "core_cpus_list");
  if (siblings.empty()) siblings = read_proc_file(topology / "thread_siblings_list");
  return siblings.empty() ? base::cat("cpu", cpu) : siblings;
}

std::string model_name(const std::filesystem::path& root) {
  const std::string text = read_proc_file(root / "proc/cpuinfo");
  for (const std::string_view line : base::split(text, '\n')) {
    const size_t colon = line.find(':');
    if (line.starts_with("model name") && colon != std::string_view::npos)
      return std::string(base::trim(line.substr(colon + 1)));
  }
  return "";
}

}  // namespace

std::vector<int> allowed_cpus() {
  // Large enough for any machine that there is; the kernel refuses a mask smaller than its own.
  constexpr int kMaxCpus = 1 << 16;
  cpu_set_t* mask = CPU_ALLOC(kMaxCpus);
  const size_t mask_bytes = CPU_ALLOC_SIZE(kMaxCpus);
  CPU_ZERO_S(mask_bytes, mask);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, mask_bytes, mask) == 0)
    for (int cpu = 0; cpu < kMaxCpus; ++cpu)
      if (CPU_ISSET_S(cpu, mask_bytes, mask)) cpus.push_back(cpu);
  CPU_FREE(mask);
  if (cpus.empty())
    for (unsigned cpu = 0; cpu < std::max(1u, std::thread::hardware_concurrency()); ++cpu)
      cpus.push_back(static_cast<int>(cpu));
  return cpus;
}

std::vector<std::vector<int>> cpus_by_core(const std::filesystem::path& root, std::span<const int> cpus) {
  std::vector<std::vector<int>> cores;
  std::map<std::string, size_t> core_index;
  for (const int cpu : cpus) {
    const auto [core, is_new] = core_index.try_emplace(core_of(root, cpu), cores.size());
    if (is_new) cores.emplace_back();
    cores[core->second].push_back(cpu);
  }
  return cores;
}

CpuFacts cpu_facts() {
  return cpu_facts("/", allowed_cpus());
}

CpuFacts cpu_facts(const std::filesystem::path& root, std::span<const int> allowed_cpus) {
  CpuFacts facts;
  facts.model_name = model_name(root);
  facts.n_cpus = static_cast<int>(allowed_cpus.size());
  facts.n_cores = static_cast<int>(cpus_by_core(root, allowed_cpus).size());
  facts.quota = cgroup_cpu_quota(root);
  facts.usable_cores = facts.n_cores;
  if (facts.quota && *facts.quota < facts.n_cores)
    facts.usable_cores = static_cast<int>(std::floor(*facts.quota));
  facts.usable_cores = std::max(1, facts.usable_cores);
  return facts;
}

}  // namespace platform
