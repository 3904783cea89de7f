#pragma once
// The machine's topology, from hwloc. Apart from `platform`, and included by programs alone, so that the
// numeric core depends on no library.
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "platform/topology.h"

namespace topology {

// Nodes in the order of their numbers, without those that have no CPU for this process (memory alone, or
// outside the affinity mask). A machine that does not tell its cores has one for each CPU.
// Fails with Code::unavailable if hwloc cannot read the machine, or none of its CPUs is allowed.
base::Result<platform::Topology> read_topology();

// The same of a machine that need not exist, in hwloc's words ("node:2 core:4 pu:2"), or of this one, cut to
// `allowed_cpus`.
base::Result<platform::Topology> read_topology(const std::optional<std::string>& synthetic,
                                               std::span<const int> allowed_cpus);

struct KnownTopology {
  platform::Topology topology;
  std::string warning;  // a sentence on what is not known; or empty
};
// What was read or, if that failed, the cores of the affinity mask as one node.
KnownTopology topology_or_one_node(const base::Result<platform::Topology>& read);

}  // namespace topology
