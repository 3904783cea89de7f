#pragma once
// Takes one file out of a zip archive (a wheel is one) that nobody vouches for.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "platform/atomic_file.h"

namespace model_store {

// Writes the entry of exactly that name to `out` (without committing it) and returns the SHA-256 of what was
// written. Nothing else in the archive is looked at. Code::not_found if it is not there, Code::corrupt if the
// archive is damaged or the entry is not a plain file of exactly `size_bytes`, Code::cancelled if `progress`
// (called with the bytes written so far) returns false.
[[nodiscard]] base::Result<std::string> unpack_entry(base::Bytes archive, std::string_view entry,
                                                     uint64_t size_bytes, platform::WritableFile& out,
                                                     const std::function<bool(uint64_t)>& progress);

}  // namespace model_store
