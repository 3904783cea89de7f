#include "topology/read_topology.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <numeric>
#include <thread>

#include "platform/cpu_facts.h"

namespace topology {
namespace {

using Cores = std::vector<platform::Core>;

std::vector<int> first_cpus(int n) {
  std::vector<int> cpus(static_cast<size_t>(n));
  std::iota(cpus.begin(), cpus.end(), 0);
  return cpus;
}

// The cores of each node.
std::vector<Cores> nodes_of(const std::optional<std::string>& synthetic, std::span<const int> allowed_cpus) {
  const auto read = read_topology(synthetic, allowed_cpus);
  EXPECT_TRUE(read.has_value());
  std::vector<Cores> nodes;
  if (read)
    for (const platform::MemoryNode& node : read->nodes) nodes.push_back(node.cores);
  return nodes;
}

Cores all_cores(const platform::Topology& topology) {
  Cores cores;
  for (const platform::MemoryNode& node : topology.nodes)
    cores.insert(cores.end(), node.cores.begin(), node.cores.end());
  std::ranges::sort(cores);
  return cores;
}

TEST(ReadTopology, AgreesWithTheSystemAboutThisMachine) {
  const auto read = read_topology();
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(all_cores(*read), platform::cpus_by_core("/", platform::allowed_cpus()));
}

TEST(ReadTopology, KeepsToTheAffinityMask) {
  const int last = platform::allowed_cpus().back();
  ASSERT_LT(last, CPU_SETSIZE);
  Cores seen;
  // A thread of its own: the mask ends with it.
  std::thread([&] {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(last, &mask);
    ASSERT_EQ(sched_setaffinity(0, sizeof mask, &mask), 0);
    const auto read = read_topology();
    ASSERT_TRUE(read.has_value());
    seen = all_cores(*read);
  }).join();
  EXPECT_EQ(seen, (Cores{{last}}));
}

TEST(ReadTopology, TwoNodesHaveTheirOwnCores) {
  EXPECT_EQ(nodes_of("node:2 core:4 pu:2", first_cpus(16)),
            (std::vector<Cores>{{{0, 1}, {2, 3}, {4, 5}, {6, 7}}, {{8, 9}, {10, 11}, {12, 13}, {14, 15}}}));
}

TEST(ReadTopology, CpusThatAreNotAllowedAreLeftOut) {
  EXPECT_EQ(nodes_of("node:2 core:2 pu:2", std::vector<int>{1, 2, 3, 7}),
            (std::vector<Cores>{{{1}, {2, 3}}, {{7}}}));
  EXPECT_EQ(nodes_of("node:2 core:2 pu:2", std::vector<int>{4, 5}), (std::vector<Cores>{{{4, 5}}}));
}

TEST(ReadTopology, CpusOfACoreNeedNotBeNeighbours) {
  // Numbered first over the cores of both nodes, then over the second threads.
  EXPECT_EQ(nodes_of("node:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)", first_cpus(8)),
            (std::vector<Cores>{{{0, 4}, {1, 5}}, {{2, 6}, {3, 7}}}));
}

TEST(ReadTopology, WithoutCoresEachCpuIsOne) {
  EXPECT_EQ(nodes_of("node:2 pu:2", first_cpus(4)), (std::vector<Cores>{{{0}, {1}}, {{2}, {3}}}));
}

TEST(ReadTopology, SaysWhatItCannotRead) {
  EXPECT_EQ(read_topology("no such machine", first_cpus(1)).error().code, base::Code::unavailable);
  EXPECT_EQ(read_topology("node:1 core:2 pu:1", std::vector<int>{9}).error().code, base::Code::unavailable);
}

TEST(TopologyOrOneNode, WhatWasReadNeedsNoWarning) {
  const auto [topology, warning] = topology_or_one_node(read_topology("node:2 pu:1", first_cpus(2)));
  EXPECT_EQ(topology.nodes.size(), 2u);
  EXPECT_EQ(warning, "");
}

TEST(TopologyOrOneNode, WithoutHwlocTheAffinityMaskIsOneNode) {
  const auto [topology, warning] = topology_or_one_node(read_topology("no such machine", first_cpus(1)));
  ASSERT_EQ(topology.nodes.size(), 1u);
  EXPECT_EQ(topology.nodes[0].cores, platform::cpus_by_core("/", platform::allowed_cpus()));
  EXPECT_EQ(
      warning,
      "hwloc cannot read the machine's topology: threads are placed as if all memory were equally near");
}

}  // namespace
}  // namespace topology
