#pragma once
// The compression function of SHA-256 over whole blocks of 64 bytes: one definition in portable code, and one
// that uses the processor's instructions.
#include <array>
#include <cstddef>
#include <cstdint>

namespace base::internal {

using Sha256State = std::array<uint32_t, 8>;
using Sha256Blocks = void (*)(Sha256State& state, const std::byte* blocks, size_t n_blocks);

void sha256_blocks_portable(Sha256State& state, const std::byte* blocks, size_t n_blocks);

// The processor's own, or null where this build or this processor has none.
Sha256Blocks sha256_blocks_native();

extern const std::array<uint32_t, 64> kSha256Constants;

}  // namespace base::internal
