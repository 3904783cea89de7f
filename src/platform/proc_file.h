#pragma once
// The small text files under /proc and /sys. A file that is missing or unreadable is empty: facts that a
// machine does not offer are left out by whoever reads them.
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace platform {

std::string read_proc_file(const std::filesystem::path& path);

// The number that follows `key` at the start of a line: "MemAvailable:   123 kB", "inactive_file 4096".
std::optional<uint64_t> find_number(std::string_view text, std::string_view key);

// The whole text as one number, blanks around it allowed; nothing for "max" and the like.
std::optional<uint64_t> parse_number(std::string_view text);

}  // namespace platform
