#include "topology/read_topology.h"

#include <hwloc.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/strings.h"
#include "platform/cpu_facts.h"

namespace topology {
namespace {

using base::Code;
using base::fail;
using base::Result;

struct Destroy {
  void operator()(hwloc_topology_t machine) const { hwloc_topology_destroy(machine); }
};
using Machine = std::unique_ptr<hwloc_topology, Destroy>;

// hwloc looks for what it likes (0.8 ms on a machine of two cores, with filters too). Filters would be wrong:
// without the packages or groups that hold them, all nodes seem to be near to all CPUs.
bool load(hwloc_topology_t machine, const std::optional<std::string>& synthetic) {
  return (!synthetic || hwloc_topology_set_synthetic(machine, synthetic->c_str()) == 0) &&
         hwloc_topology_load(machine) == 0;
}

Result<Machine> loaded(const std::optional<std::string>& synthetic) {
  hwloc_topology_t made = nullptr;
  if (hwloc_topology_init(&made) != 0) return fail(Code::unavailable, "hwloc does not start");
  Machine machine(made);
  if (!load(made, synthetic)) return fail(Code::unavailable, "hwloc cannot read the machine's topology");
  return machine;
}

// The first of them: memory of several kinds may be near to the same core, ordinary memory has the lowest
// number.
int node_of(hwloc_obj_t cpu) {
  return std::max(0, hwloc_bitmap_first(cpu->nodeset));
}

}  // namespace

Result<platform::Topology> read_topology() {
  return read_topology(std::nullopt, platform::allowed_cpus());
}

Result<platform::Topology> read_topology(const std::optional<std::string>& synthetic,
                                         std::span<const int> allowed_cpus) {
  const Machine machine = TRY(loaded(synthetic));
  // By node and core. hwloc's logical numbers follow the tree of caches; a CPU without a core is its own.
  std::map<int, std::map<std::pair<bool, unsigned>, platform::Core>> nodes;
  const int n_cpus = hwloc_get_nbobjs_by_type(machine.get(), HWLOC_OBJ_PU);
  for (int i = 0; i < n_cpus; ++i) {
    const hwloc_obj_t cpu = hwloc_get_obj_by_type(machine.get(), HWLOC_OBJ_PU, static_cast<unsigned>(i));
    const int number = static_cast<int>(cpu->os_index);
    if (std::ranges::find(allowed_cpus, number) == allowed_cpus.end()) continue;
    const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(machine.get(), HWLOC_OBJ_CORE, cpu);
    const hwloc_obj_t owner = core != nullptr ? core : cpu;
    nodes[node_of(cpu)][{core != nullptr, owner->logical_index}].push_back(number);
  }
  if (nodes.empty()) return fail(Code::unavailable, "none of the machine's CPUs may be used");
  platform::Topology topology;
  for (auto& [node, cores] : nodes) {
    platform::MemoryNode& made = topology.nodes.emplace_back();
    for (auto& [core, cpus] : cores) {
      std::ranges::sort(cpus);
      made.cores.push_back(std::move(cpus));
    }
  }
  return topology;
}

KnownTopology topology_or_one_node(const Result<platform::Topology>& read) {
  if (read) return {*read, ""};
  return {{{{platform::cpus_by_core("/", platform::allowed_cpus())}}},
          base::cat(read.error().message, ": threads are placed as if all memory were equally near")};
}

}  // namespace topology
