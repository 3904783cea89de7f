#include "platform/topology.h"

#include <gtest/gtest.h>

namespace platform {
namespace {

using Cores = std::vector<Core>;
using Nodes = std::vector<int>;

Cores cores_of(const std::vector<Place>& places) {
  Cores cores;
  for (const Place& place : places) cores.push_back(place.cpus);
  return cores;
}

Nodes nodes_of(const std::vector<Place>& places) {
  Nodes nodes;
  for (const Place& place : places) nodes.push_back(place.node);
  return nodes;
}

const Topology kOneNode{{{{{0, 2}, {1, 3}}}}};           // two cores of two threads
const Topology kTwoNodes{{{{{0}, {2}}}, {{{1}, {3}}}}};  // numbered in turns, as many machines do

TEST(ThreadPlaces, AThreadHasAllOfItsCore) {
  EXPECT_EQ(cores_of(thread_places(kOneNode, 2)), (Cores{{0, 2}, {1, 3}}));
}

TEST(ThreadPlaces, NodesAreFilledOneAfterTheOther) {
  EXPECT_EQ(cores_of(thread_places(kTwoNodes, 4)), (Cores{{0}, {2}, {1}, {3}}));
  EXPECT_EQ(nodes_of(thread_places(kTwoNodes, 4)), (Nodes{0, 0, 1, 1}));
}

TEST(ThreadPlaces, FewThreadsTakeTheLastCores) {
  EXPECT_EQ(cores_of(thread_places(kOneNode, 1)), (Cores{{1, 3}}));
  EXPECT_EQ(cores_of(thread_places(kTwoNodes, 2)), (Cores{{1}, {3}}));
  EXPECT_EQ(cores_of(thread_places(kTwoNodes, 3)), (Cores{{2}, {1}, {3}}));
  EXPECT_EQ(nodes_of(thread_places(kTwoNodes, 3)), (Nodes{0, 1, 1}));
}

TEST(ThreadPlaces, MoreThreadsThanCoresAreNotPinned) {
  EXPECT_EQ(cores_of(thread_places(kOneNode, 3)), Cores{});
  EXPECT_EQ(cores_of(thread_places(kTwoNodes, 5)), Cores{});
  EXPECT_EQ(cores_of(thread_places(Topology{}, 1)), Cores{});
}

TEST(ThreadPlaces, ACoreOfWhichOneCpuIsAllowedIsStillOneCore) {
  const Topology masked{{{{{2}, {1, 3}}}}};
  EXPECT_EQ(cores_of(thread_places(masked, 2)), (Cores{{2}, {1, 3}}));
  EXPECT_EQ(cores_of(thread_places(masked, 3)), Cores{});
}

TEST(ThreadPlaces, NoThreadsNeedNoCores) {
  EXPECT_EQ(cores_of(thread_places(kTwoNodes, 0)), Cores{});
}

}  // namespace
}  // namespace platform
