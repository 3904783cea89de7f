#include "platform/topology.h"

#include <algorithm>

namespace platform {

std::vector<Core> worker_cpus(const Topology& topology, int n_threads) {
  std::vector<Core> cores;
  for (const MemoryNode& node : topology.nodes)
    cores.insert(cores.end(), node.cores.begin(), node.cores.end());
  const size_t n_wanted = static_cast<size_t>(std::max(0, n_threads));
  if (cores.size() < n_wanted) return {};
  cores.erase(cores.begin(), cores.end() - static_cast<std::ptrdiff_t>(n_wanted));
  return cores;
}

}  // namespace platform
