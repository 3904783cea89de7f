#include "platform/memory_facts.h"

#include <sys/resource.h>

#include <algorithm>

#include "platform/cgroups.h"
#include "platform/proc_file.h"

namespace platform {
namespace {

uint64_t kib_line(const std::string& text, std::string_view key) {
  return find_number(text, key).value_or(0) * 1024;
}

void limit(MemoryFacts& facts, uint64_t usable_bytes, const char* by) {
  if (usable_bytes >= facts.usable_bytes) return;
  facts.usable_bytes = usable_bytes;
  facts.limited_by = by;
}

}  // namespace

MemoryFacts memory_facts() {
  struct rlimit address_space;
  if (::getrlimit(RLIMIT_AS, &address_space) != 0 || address_space.rlim_cur == RLIM_INFINITY)
    return memory_facts("/", std::nullopt);
  return memory_facts("/", address_space.rlim_cur);
}

MemoryFacts memory_facts(const std::filesystem::path& root, std::optional<uint64_t> address_space_limit) {
  const std::string meminfo = read_proc_file(root / "proc/meminfo");
  MemoryFacts facts{kib_line(meminfo, "MemTotal:"), kib_line(meminfo, "MemAvailable:"),
                    "free memory of the machine"};
  if (const auto group = cgroup_memory(root)) {
    limit(facts, group->free_bytes, "limit of the control group");
    facts.total_bytes = std::min(facts.total_bytes, group->limit_bytes);
  }
  if (address_space_limit) {
    const uint64_t size = kib_line(read_proc_file(root / "proc/self/status"), "VmSize:");
    limit(facts, *address_space_limit - std::min(*address_space_limit, size),
          "address space limit (ulimit -v)");
  }
  return facts;
}

ProcessMemory process_memory() {
  return process_memory("/");
}

ProcessMemory process_memory(const std::filesystem::path& root) {
  const std::string status = read_proc_file(root / "proc/self/status");
  return {kib_line(status, "VmRSS:"), kib_line(status, "VmHWM:"), kib_line(status, "RssAnon:"),
          kib_line(status, "VmSwap:")};
}

}  // namespace platform
