#include "platform/cgroups.h"

#include <algorithm>

#include "base/strings.h"
#include "platform/proc_file.h"

namespace platform {
namespace {

namespace fs = std::filesystem;

// One mounted hierarchy, a line of mountinfo:
//   33 31 0:30 /docker/7f /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
//              mount_root mount_point                      type          options
struct Mount {
  bool is_v2;
  std::string mount_root;
  std::string mount_point;
  std::string options;
};

// mountinfo writes blanks in paths as \040, a backslash as \134.
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '\\' && i + 3 < text.size();
    out += is_escape
               ? static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'))
               : text[i];
    if (is_escape) i += 3;
  }
  return out;
}

std::vector<Mount> cgroup_mounts(const fs::path& root) {
  std::vector<Mount> mounts;
  const std::string text = read_proc_file(root / "proc/self/mountinfo");
  for (const std::string_view line : base::split(text, '\n')) {
    const size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto left = base::split(line.substr(0, dash), ' ');
    const auto right = base::split(line.substr(dash + 3), ' ');
    if (left.size() < 5 || right.size() < 3 || !right[0].starts_with("cgroup")) continue;
    mounts.push_back({right[0] == "cgroup2", unescape(left[3]), unescape(left[4]), std::string(right[2])});
  }
  return mounts;
}

bool names(std::string_view comma_list, std::string_view wanted) {
  const auto parts = base::split(comma_list, ',');
  return std::find(parts.begin(), parts.end(), wanted) != parts.end();
}

// This process's group in the hierarchy of a controller, from a line of proc/self/cgroup:
// "4:cpu,cpuacct:/docker/7f", in v2 "0::/user.slice".
std::optional<std::string> own_group(const fs::path& root, bool is_v2, std::string_view controller) {
  const std::string text = read_proc_file(root / "proc/self/cgroup");
  for (const std::string_view line : base::split(text, '\n')) {
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (is_v2 ? controllers.empty() : names(controllers, controller))
      return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

// The folders from the process's group up to the mount. A container often sees only its own group, mounted as
// the root, while proc/self/cgroup names it from the host's root or as "/..": then the mount itself is all
// there is.
std::vector<fs::path> folders_of(const fs::path& root, const Mount& mount, const std::string& group) {
  const fs::path top = root / fs::path(mount.mount_point).relative_path();
  const fs::path relative = fs::path(group).lexically_relative(mount.mount_root);
  std::vector<fs::path> folders;
  std::error_code ignored;
  if (!relative.empty() && *relative.begin() != "..")
    for (fs::path part = relative; !part.empty() && part != "."; part = part.parent_path())
      if (fs::is_directory(top / part, ignored)) folders.push_back(top / part);
  folders.push_back(top);
  return folders;
}

void keep_least(std::optional<double>& least, double value) {
  least = std::min(least.value_or(value), value);
}

std::optional<double> quota_of(const CgroupChain& chain, const fs::path& folder) {
  if (chain.is_v2) {
    const std::string text = read_proc_file(folder / "cpu.max");  // "150000 100000" or "max 100000"
    const auto parts = base::split(base::trim(text), ' ');
    if (parts.size() != 2) return std::nullopt;
    const auto quota = parse_number(parts[0]), period = parse_number(parts[1]);
    if (!quota || !period || *period == 0) return std::nullopt;
    return static_cast<double>(*quota) / static_cast<double>(*period);
  }
  const auto quota = parse_number(read_proc_file(folder / "cpu.cfs_quota_us"));  // -1: none
  const auto period = parse_number(read_proc_file(folder / "cpu.cfs_period_us"));
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

// v1 writes "no limit" as the largest multiple of the page size.
constexpr uint64_t kNoLimitV1 = uint64_t{1} << 62;

std::optional<CgroupMemory> memory_of(const CgroupChain& chain, const fs::path& folder) {
  const auto number = [&](const char* name) { return parse_number(read_proc_file(folder / name)); };
  std::optional<uint64_t> limit = chain.is_v2 ? number("memory.max") : number("memory.limit_in_bytes");
  // Past memory.high nothing fails, but the kernel slows the group down to a crawl.
  if (const auto high = chain.is_v2 ? number("memory.high") : std::nullopt)
    limit = std::min(limit.value_or(*high), *high);
  const auto used = chain.is_v2 ? number("memory.current") : number("memory.usage_in_bytes");
  if (!limit || !used || (!chain.is_v2 && *limit >= kNoLimitV1)) return std::nullopt;
  const std::string stat = read_proc_file(folder / "memory.stat");
  const uint64_t cache = chain.is_v2 ? find_number(stat, "inactive_file").value_or(0) +
                                           find_number(stat, "active_file").value_or(0)
                                     : find_number(stat, "total_inactive_file").value_or(0) +
                                           find_number(stat, "total_active_file").value_or(0);
  const uint64_t held = *used - std::min(*used, cache);
  return CgroupMemory{*limit, *limit - std::min(*limit, held)};
}

}  // namespace

std::vector<CgroupChain> cgroup_chains(const fs::path& root, std::string_view controller) {
  std::vector<CgroupChain> chains;
  for (const Mount& mount : cgroup_mounts(root)) {
    if (!mount.is_v2 && !names(mount.options, controller)) continue;
    const auto group = own_group(root, mount.is_v2, controller);
    if (group) chains.push_back({mount.is_v2, folders_of(root, mount, *group)});
  }
  return chains;
}

std::optional<double> cgroup_cpu_quota(const fs::path& root) {
  std::optional<double> least;
  for (const CgroupChain& chain : cgroup_chains(root, "cpu"))
    for (const fs::path& folder : chain.folders)
      if (const auto quota = quota_of(chain, folder)) keep_least(least, *quota);
  return least;
}

std::optional<CgroupMemory> cgroup_memory(const fs::path& root) {
  std::optional<CgroupMemory> tightest;
  for (const CgroupChain& chain : cgroup_chains(root, "memory"))
    for (const fs::path& folder : chain.folders)
      if (const auto memory = memory_of(chain, folder);
          memory && (!tightest || memory->free_bytes < tightest->free_bytes))
        tightest = memory;
  return tightest;
}

std::optional<CpuThrottling> cgroup_cpu_throttling(const fs::path& root) {
  for (const CgroupChain& chain : cgroup_chains(root, "cpu")) {
    const std::string stat = read_proc_file(chain.folders.front() / "cpu.stat");
    const auto periods = find_number(stat, "nr_periods"), throttled = find_number(stat, "nr_throttled");
    if (periods && throttled) return CpuThrottling{*periods, *throttled};
  }
  return std::nullopt;
}

}  // namespace platform
