#include "platform/topology.h"

#include <algorithm>

namespace platform {

std::vector<Place> thread_places(const Topology& topology, int n_threads) {
  std::vector<Place> places;
  for (int node = 0; node < std::ssize(topology.nodes); ++node)
    for (const Core& core : topology.nodes[static_cast<size_t>(node)].cores) places.push_back({core, node});
  const size_t n_wanted = static_cast<size_t>(std::max(0, n_threads));
  if (places.size() < n_wanted) return {};
  places.erase(places.begin(), places.end() - static_cast<std::ptrdiff_t>(n_wanted));
  return places;
}

}  // namespace platform
