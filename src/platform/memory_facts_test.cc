#include "platform/memory_facts.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/temp_dir.h"

namespace platform {
namespace {

constexpr uint64_t kMiB = 1 << 20;

void lay_out(const tests::TempDir& dir) {
  dir.write("proc/meminfo", "MemTotal:       8388608 kB\nMemFree:  100 kB\nMemAvailable:   4194304 kB\n");
  dir.write("proc/self/status",
            "Name:\tx\nVmSize:\t 1048576 kB\nVmHWM:\t 300 kB\nVmRSS:\t 200 kB\nRssAnon:\t 50 kB\n"
            "VmSwap:\t 7 kB\n");
}

void set_group_limit(const tests::TempDir& dir, const char* max, const char* current) {
  dir.write("proc/self/cgroup", "0::/\n");
  dir.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  dir.write("sys/fs/cgroup/memory.max", max);
  dir.write("sys/fs/cgroup/memory.current", current);
}

TEST(MemoryFacts, TakesWhatTheMachineHasFree) {
  const tests::TempDir dir;
  lay_out(dir);
  const MemoryFacts facts = memory_facts(dir.path(), std::nullopt);
  EXPECT_EQ(facts.total_bytes, 8192 * kMiB);
  EXPECT_EQ(facts.usable_bytes, 4096 * kMiB);
  EXPECT_EQ(facts.limited_by, "free memory of the machine");
}

TEST(MemoryFacts, ATighterControlGroupDecides) {
  const tests::TempDir dir;
  lay_out(dir);
  set_group_limit(dir, "1073741824", "1048576");
  const MemoryFacts facts = memory_facts(dir.path(), std::nullopt);
  EXPECT_EQ(facts.total_bytes, 1024 * kMiB);
  EXPECT_EQ(facts.usable_bytes, 1023 * kMiB);
  EXPECT_EQ(facts.limited_by, "limit of the control group");
}

// Row 21 of the peers' defects: a model that was just read or downloaded fills the page cache, which is free.
TEST(MemoryFacts, FilePagesOfTheControlGroupCountAsFree) {
  const tests::TempDir dir;
  lay_out(dir);
  set_group_limit(dir, "1073741824", "1073741824");
  dir.write("sys/fs/cgroup/memory.stat", "anon 104857600\ninactive_file 629145600\nactive_file 314572800\n");
  EXPECT_EQ(memory_facts(dir.path(), std::nullopt).usable_bytes, 900 * kMiB);
}

TEST(MemoryFacts, TheAddressSpaceLimitCountsWhatIsMappedAlready) {
  const tests::TempDir dir;
  lay_out(dir);
  EXPECT_EQ(memory_facts(dir.path(), 1536 * kMiB).usable_bytes, 512 * kMiB);
  EXPECT_EQ(memory_facts(dir.path(), 512 * kMiB).usable_bytes, 0u);
  EXPECT_EQ(memory_facts(dir.path(), 1536 * kMiB).limited_by, "address space limit (ulimit -v)");
}

TEST(MemoryFacts, ReadsTheProcesssOwnMemory) {
  const tests::TempDir dir;
  lay_out(dir);
  const ProcessMemory memory = process_memory(dir.path());
  EXPECT_EQ(memory.resident_bytes, 200u * 1024);
  EXPECT_EQ(memory.peak_resident_bytes, 300u * 1024);
  EXPECT_EQ(memory.anonymous_bytes, 50u * 1024);
  EXPECT_EQ(memory.swapped_bytes, 7u * 1024);
}

TEST(MemoryFacts, SeesThisProcessGrow) {
  const uint64_t before = process_memory().anonymous_bytes;
  const std::vector<char> block(64 * kMiB, 1);
  __asm__ volatile("" ::"r"(block.data()) : "memory");  // or the compiler leaves the block out
  EXPECT_GT(process_memory().anonymous_bytes, before + 48 * kMiB);
  EXPECT_GT(memory_facts().usable_bytes, 0u);
}

}  // namespace
}  // namespace platform
