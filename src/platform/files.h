#pragma once
// Whole files: reading with a limit, directories, free space.
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "platform/unique_fd.h"

namespace platform {

// For reading; the descriptor is closed on exec. A directory is an error.
[[nodiscard]] base::Result<UniqueFd> open_for_reading(const std::filesystem::path& path);

// The whole file, which may also be a pipe ("/dev/stdin"). Code::exhausted if it holds more than `max_bytes`.
[[nodiscard]] base::Result<std::string> read_file(const std::filesystem::path& path, uint64_t max_bytes);
// The same from a descriptor; `name` is for messages.
[[nodiscard]] base::Result<std::string> read_all(int fd, const std::string& name, uint64_t max_bytes);

[[nodiscard]] base::Status make_directories(const std::filesystem::path& path);
// No error if there is no such file.
[[nodiscard]] base::Status remove_file(const std::filesystem::path& path);
// A file or a folder with all that is in it; links are removed, not followed. No error if there is none.
[[nodiscard]] base::Status remove_tree(const std::filesystem::path& path);
// Makes renames and removals in a directory survive a power cut.
[[nodiscard]] base::Status sync_directory(const std::filesystem::path& path);

// What an ordinary user may still write to the file system that holds `path`.
[[nodiscard]] base::Result<uint64_t> free_disk_bytes(const std::filesystem::path& path);

}  // namespace platform
