#include "platform/topology.h"

#include <gtest/gtest.h>

namespace platform {
namespace {

using Cores = std::vector<Core>;

const Topology kOneNode{{{{{0, 2}, {1, 3}}}}};           // two cores of two threads
const Topology kTwoNodes{{{{{0}, {2}}}, {{{1}, {3}}}}};  // numbered in turns, as many machines do

TEST(WorkerCpus, AThreadHasAllOfItsCore) {
  EXPECT_EQ(worker_cpus(kOneNode, 2), (Cores{{0, 2}, {1, 3}}));
}

TEST(WorkerCpus, NodesAreFilledOneAfterTheOther) {
  EXPECT_EQ(worker_cpus(kTwoNodes, 4), (Cores{{0}, {2}, {1}, {3}}));
}

TEST(WorkerCpus, FewThreadsTakeTheLastCores) {
  EXPECT_EQ(worker_cpus(kOneNode, 1), (Cores{{1, 3}}));
  EXPECT_EQ(worker_cpus(kTwoNodes, 2), (Cores{{1}, {3}}));
  EXPECT_EQ(worker_cpus(kTwoNodes, 3), (Cores{{2}, {1}, {3}}));
}

TEST(WorkerCpus, MoreThreadsThanCoresAreNotPinned) {
  EXPECT_EQ(worker_cpus(kOneNode, 3), Cores{});
  EXPECT_EQ(worker_cpus(kTwoNodes, 5), Cores{});
  EXPECT_EQ(worker_cpus(Topology{}, 1), Cores{});
}

TEST(WorkerCpus, ACoreOfWhichOneCpuIsAllowedIsStillOneCore) {
  const Topology masked{{{{{2}, {1, 3}}}}};
  EXPECT_EQ(worker_cpus(masked, 2), (Cores{{2}, {1, 3}}));
  EXPECT_EQ(worker_cpus(masked, 3), Cores{});
}

TEST(WorkerCpus, NoThreadsNeedNoCores) {
  EXPECT_EQ(worker_cpus(kTwoNodes, 0), Cores{});
}

}  // namespace
}  // namespace platform
