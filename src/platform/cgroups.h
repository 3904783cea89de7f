#pragma once
// What control groups (v1 and v2) allow this process. `root` is "/" except in tests, which lay out a tree of
// their own (proc/self/cgroup, proc/self/mountinfo and the mounted hierarchies).
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace platform {

// The folders of one controller that bind this process: its own group first, then each one above, up to the
// mount.
struct CgroupChain {
  bool is_v2 = false;
  std::vector<std::filesystem::path> folders;
};
// Every hierarchy that has the controller ("cpu", "memory"); usually one.
std::vector<CgroupChain> cgroup_chains(const std::filesystem::path& root, std::string_view controller);

// The tightest CPU quota up the chain, in CPUs (1.5); nothing if there is none.
std::optional<double> cgroup_cpu_quota(const std::filesystem::path& root);

struct CgroupMemory {
  uint64_t limit_bytes;
  // Limit minus use; the group's page cache counts as free, because the kernel takes it back before it
  // refuses memory.
  uint64_t free_bytes;
};
// Of the group up the chain with the least free; nothing if none has a limit.
std::optional<CgroupMemory> cgroup_memory(const std::filesystem::path& root);

// How often and how long the kernel has stopped this process's own group for its CPU quota.
struct CpuThrottling {
  uint64_t periods;
  uint64_t throttled_periods;
};
std::optional<CpuThrottling> cgroup_cpu_throttling(const std::filesystem::path& root);

}  // namespace platform
