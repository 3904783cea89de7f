#pragma once
// How much memory this process may still take, and how much it holds. `root` is "/" except in tests.
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace platform {

struct MemoryFacts {
  uint64_t total_bytes;   // the machine's, or its control group's limit if that is less
  uint64_t usable_bytes;  // what may still be taken before something fails
  // What sets usable_bytes, for messages: "free memory of the machine", "limit of the control group",
  // "address space limit (ulimit -v)".
  std::string limited_by;
};

MemoryFacts memory_facts();
// `address_space_limit` is RLIMIT_AS, nothing if unlimited.
MemoryFacts memory_facts(const std::filesystem::path& root, std::optional<uint64_t> address_space_limit);

struct ProcessMemory {
  uint64_t resident_bytes;  // RSS, mapped file pages included
  uint64_t peak_resident_bytes;
  uint64_t anonymous_bytes;  // RssAnon: what is not backed by a file
  uint64_t swapped_bytes;
};
ProcessMemory process_memory();
ProcessMemory process_memory(const std::filesystem::path& root);

}  // namespace platform
