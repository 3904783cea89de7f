#include "platform/cpu_facts.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "tests/temp_dir.h"

namespace platform {
namespace {

// Four cores with two threads each: CPU n and n + 4 share one.
void lay_out_cores(const tests::TempDir& dir) {
  for (int cpu = 0; cpu < 8; ++cpu)
    dir.write(base::cat("sys/devices/system/cpu/cpu", cpu, "/topology/thread_siblings_list"),
              base::cat(cpu % 4, ",", cpu % 4 + 4, "\n"));
  dir.write("proc/cpuinfo", "processor : 0\nmodel name\t: Fast CPU 9000\n");
}

void set_quota(const tests::TempDir& dir, const char* cpu_max) {
  dir.write("proc/self/cgroup", "0::/\n");
  dir.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  dir.write("sys/fs/cgroup/cpu.max", cpu_max);
}

const std::vector<int> kAll = {0, 1, 2, 3, 4, 5, 6, 7};

TEST(CpuFacts, CountsCoresNotThreads) {
  const tests::TempDir dir;
  lay_out_cores(dir);
  const CpuFacts facts = cpu_facts(dir.path(), kAll);
  EXPECT_EQ(facts.model_name, "Fast CPU 9000");
  EXPECT_EQ(facts.n_cpus, 8);
  EXPECT_EQ(facts.n_cores, 4);
  EXPECT_EQ(facts.usable_cores, 4);
}

TEST(CpuFacts, GroupsTheThreadsOfACore) {
  const tests::TempDir dir;
  lay_out_cores(dir);
  EXPECT_EQ(cpus_by_core(dir.path(), std::vector<int>{0, 1, 3, 5, 7}),
            (std::vector<std::vector<int>>{{0}, {1, 5}, {3, 7}}));
}

TEST(CpuFacts, KeepsToTheAffinityMask) {
  const tests::TempDir dir;
  lay_out_cores(dir);
  EXPECT_EQ(cpu_facts(dir.path(), std::vector<int>{0, 4, 1}).usable_cores, 2);
}

TEST(CpuFacts, AFractionalQuotaRoundsDownButNotToNothing) {
  const tests::TempDir dir;
  lay_out_cores(dir);
  for (const auto& [cpu_max, expected] : {std::pair{"250000 100000", 2},
                                          {"50000 100000", 1},
                                          {"100000 100000", 1},
                                          {"399999 100000", 3},
                                          {"6400000 100000", 4},
                                          {"max 100000", 4}}) {
    set_quota(dir, cpu_max);
    EXPECT_EQ(cpu_facts(dir.path(), kAll).usable_cores, expected) << cpu_max;
  }
}

TEST(CpuFacts, AMachineThatTellsNothingHasACorePerCpu) {
  const tests::TempDir dir;
  EXPECT_EQ(cpu_facts(dir.path(), std::vector<int>{0, 3}).usable_cores, 2);
}

TEST(CpuFacts, ThisMachineHasAtLeastOneCore) {
  EXPECT_GE(cpu_facts().usable_cores, 1);
  EXPECT_GE(cpu_facts().n_cpus, cpu_facts().n_cores);
}

TEST(CpuFacts, TakesTheLeastOfMaskAndQuota) {
  const tests::TempDir dir;
  lay_out_cores(dir);
  set_quota(dir, "300000 100000");
  EXPECT_EQ(cpu_facts(dir.path(), kAll).usable_cores, 3);
  EXPECT_EQ(cpu_facts(dir.path(), std::vector<int>{0, 4, 1}).usable_cores, 2);  // two cores
  set_quota(dir, "100000 100000");
  EXPECT_EQ(cpu_facts(dir.path(), std::vector<int>{0, 4, 1}).usable_cores, 1);
}

TEST(CpuFacts, AGroupAboveMayHaveTheQuota) {
  const tests::TempDir dir;
  lay_out_cores(dir);
  set_quota(dir, "max 100000");
  dir.write("proc/self/cgroup", "0::/pod/container\n");
  dir.write("sys/fs/cgroup/pod/container/cpu.max", "max 100000\n");
  dir.write("sys/fs/cgroup/pod/cpu.max", "250000 100000\n");
  const CpuFacts facts = cpu_facts(dir.path(), kAll);
  EXPECT_EQ(facts.quota, 2.5);
  EXPECT_EQ(facts.usable_cores, 2);
}

TEST(CpuFacts, KeepsToTheQuotaOfVersionOne) {
  const tests::TempDir dir;
  lay_out_cores(dir);
  dir.write("proc/self/cgroup", "4:cpu,cpuacct:/docker/7f\n");
  dir.write("proc/self/mountinfo",
            "33 31 0:30 /docker/7f /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
  for (const auto& [quota_us, expected] :
       {std::pair{"-1", 4}, {"350000", 3}, {"50000", 1}, {"100000", 1}, {"900000", 4}}) {
    dir.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", quota_us);
    dir.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");
    EXPECT_EQ(cpu_facts(dir.path(), kAll).usable_cores, expected) << quota_us;
  }
  EXPECT_EQ(cpu_facts(dir.path(), std::vector<int>{3, 7}).usable_cores, 1);  // 9 CPUs' time on one core
}

}  // namespace
}  // namespace platform
