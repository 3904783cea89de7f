#include "platform/cgroups.h"

#include <gtest/gtest.h>

#include "tests/temp_dir.h"

namespace platform {
namespace {

// A machine with control groups v2 alone, this process in /work/job.
void lay_out_v2(const tests::TempDir& dir) {
  dir.write("proc/self/cgroup", "0::/work/job\n");
  dir.write("proc/self/mountinfo",
            "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
            "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  std::filesystem::create_directories(dir / "sys/fs/cgroup/work/job");
}

// v1: cpu and memory are hierarchies of their own.
void lay_out_v1(const tests::TempDir& dir) {
  dir.write("proc/self/cgroup", "5:memory:/work\n3:cpu,cpuacct:/work/job\n0::/\n");
  dir.write("proc/self/mountinfo",
            "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
            "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
            "33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
            "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
  std::filesystem::create_directories(dir / "sys/fs/cgroup/cpu,cpuacct/work/job");
  std::filesystem::create_directories(dir / "sys/fs/cgroup/memory/work");
}

TEST(Cgroups, NothingWithoutAnyOrWithoutLimits) {
  const tests::TempDir dir;
  EXPECT_FALSE(cgroup_cpu_quota(dir.path()));
  EXPECT_FALSE(cgroup_memory(dir.path()));
  lay_out_v2(dir);
  dir.write("sys/fs/cgroup/work/cpu.max", "max 100000\n");
  dir.write("sys/fs/cgroup/work/memory.max", "max\n");
  dir.write("sys/fs/cgroup/work/memory.current", "100\n");
  EXPECT_FALSE(cgroup_cpu_quota(dir.path()));
  EXPECT_FALSE(cgroup_memory(dir.path()));
}

TEST(Cgroups, TakesTheTightestQuotaUpTheChain) {
  const tests::TempDir dir;
  lay_out_v2(dir);
  dir.write("sys/fs/cgroup/work/job/cpu.max", "800000 100000\n");
  dir.write("sys/fs/cgroup/work/cpu.max", "150000 100000\n");
  EXPECT_EQ(cgroup_cpu_quota(dir.path()), 1.5);
}

TEST(Cgroups, ReadsTheQuotaOfV1) {
  const tests::TempDir dir;
  lay_out_v1(dir);
  dir.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  dir.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_FALSE(cgroup_cpu_quota(dir.path()));
  dir.write("sys/fs/cgroup/cpu,cpuacct/work/job/cpu.cfs_quota_us", "250000\n");
  dir.write("sys/fs/cgroup/cpu,cpuacct/work/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_cpu_quota(dir.path()), 2.5);
}

TEST(Cgroups, ItsOwnPageCacheCountsAsFree) {
  const tests::TempDir dir;
  lay_out_v2(dir);
  dir.write("sys/fs/cgroup/work/job/memory.max", "1000000\n");
  dir.write("sys/fs/cgroup/work/job/memory.current", "900000\n");
  dir.write("sys/fs/cgroup/work/job/memory.stat",
            "anon 200000\nfile 700000\ninactive_file 400000\nactive_file 300000\n");
  const auto memory = cgroup_memory(dir.path()).value();
  EXPECT_EQ(memory.limit_bytes, 1'000'000u);
  EXPECT_EQ(memory.free_bytes, 800'000u);
}

TEST(Cgroups, TakesTheGroupWithTheLeastFree) {
  const tests::TempDir dir;
  lay_out_v2(dir);
  dir.write("sys/fs/cgroup/work/job/memory.max", "1000\n");
  dir.write("sys/fs/cgroup/work/job/memory.current", "100\n");
  dir.write("sys/fs/cgroup/work/memory.max", "2000\n");
  dir.write("sys/fs/cgroup/work/memory.current", "1900\n");
  EXPECT_EQ(cgroup_memory(dir.path())->free_bytes, 100u);
  dir.write("sys/fs/cgroup/work/job/memory.high", "150\n");
  EXPECT_EQ(cgroup_memory(dir.path())->free_bytes, 50u);
  dir.write("sys/fs/cgroup/work/memory.current", "2500\n");
  EXPECT_EQ(cgroup_memory(dir.path())->free_bytes, 0u);
}

TEST(Cgroups, ReadsTheMemoryOfV1) {
  const tests::TempDir dir;
  lay_out_v1(dir);
  dir.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  dir.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "5000\n");
  EXPECT_FALSE(cgroup_memory(dir.path()));
  dir.write("sys/fs/cgroup/memory/work/memory.limit_in_bytes", "10000\n");
  dir.write("sys/fs/cgroup/memory/work/memory.usage_in_bytes", "9000\n");
  dir.write("sys/fs/cgroup/memory/work/memory.stat",
            "inactive_file 1\nactive_file 1\ntotal_inactive_file 3000\ntotal_active_file 1000\n");
  EXPECT_EQ(cgroup_memory(dir.path())->free_bytes, 5000u);
}

TEST(Cgroups, InAContainerTheMountIsTheOwnGroup) {
  const tests::TempDir dir;
  // The group is named from the host's root, and only it is mounted.
  dir.write("proc/self/cgroup", "0::/docker/7f\n");
  dir.write("proc/self/mountinfo", "30 22 0:26 /docker/7f /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  dir.write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(cgroup_cpu_quota(dir.path()), 0.5);
  // With a namespace of its own the mount's root is "/..".
  dir.write("proc/self/cgroup", "0::/../other\n");
  dir.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  EXPECT_EQ(cgroup_cpu_quota(dir.path()), 0.5);
}

TEST(Cgroups, FindsMountsWithBlanksInTheirNames) {
  const tests::TempDir dir;
  dir.write("proc/self/cgroup", "0::/\n");
  dir.write("proc/self/mountinfo", "30 22 0:26 / /my\\040groups rw - cgroup2 cgroup rw\n");
  dir.write("my groups/cpu.max", "300000 100000\n");
  EXPECT_EQ(cgroup_cpu_quota(dir.path()), 3.0);
}

TEST(Cgroups, CountsThrottledPeriods) {
  const tests::TempDir dir;
  lay_out_v2(dir);
  EXPECT_FALSE(cgroup_cpu_throttling(dir.path()));
  dir.write("sys/fs/cgroup/work/job/cpu.stat",
            "usage_usec 5\nnr_periods 20\nnr_throttled 3\nthrottled_usec 9\n");
  EXPECT_EQ(cgroup_cpu_throttling(dir.path())->throttled_periods, 3u);
}

TEST(Cgroups, TakesNonsenseAsNoLimit) {
  const tests::TempDir dir;
  lay_out_v2(dir);
  for (const char* text : {"", "x", "1", "100 0", "-5 100", "1 2 3", "99999999999999999999999 1"}) {
    dir.write("sys/fs/cgroup/work/job/cpu.max", text);
    EXPECT_FALSE(cgroup_cpu_quota(dir.path())) << text;
  }
}

}  // namespace
}  // namespace platform
