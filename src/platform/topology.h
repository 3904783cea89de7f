#pragma once
// Where the CPUs of a machine lie, as a plain value: src/topology reads the real one, tests make theirs.
#include <vector>

namespace platform {

using Core = std::vector<int>;  // the CPUs of a physical core that this process may use, ascending

struct MemoryNode {
  std::vector<Core> cores;  // neighbours share caches; each has a CPU
};

struct Topology {
  std::vector<MemoryNode> nodes;  // each has a core
};

// Where a thread runs.
struct Place {
  Core cpus;     // of a core of its own
  int node = 0;  // number of its node in the topology
};

// The place of each of `n_threads` threads, node by node, so that threads with neighbouring numbers have
// neighbouring memory. The last cores of the machine, because other programs tend to be found on the first.
// Empty, for nobody is pinned, if there are fewer cores than threads.
std::vector<Place> thread_places(const Topology& topology, int n_threads);

}  // namespace platform
