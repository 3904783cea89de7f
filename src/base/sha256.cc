#include "base/sha256.h"

#include <algorithm>

#include "base/sha256_blocks.h"

namespace base {
namespace internal {

constexpr std::array<uint32_t, 64> kSha256Constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

namespace {

uint32_t load_big_endian(const std::byte* from) {
  return __builtin_bswap32(load_le<uint32_t>(from));
}

void one_block(Sha256State& state, const std::byte* block) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i) w[i] = load_big_endian(block + 4 * i);
  for (int i = 16; i < 64; ++i) {
    const uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (int i = 0; i < 64; ++i) {
    const uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kSha256Constants[i] + w[i];
    const uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1;
    d = c, c = b, b = a, a = t1 + t2;
  }
  const uint32_t after[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; ++i) state[i] += after[i];
}

}  // namespace

void sha256_blocks_portable(Sha256State& state, const std::byte* blocks, size_t n_blocks) {
  for (size_t i = 0; i < n_blocks; ++i) one_block(state, blocks + 64 * i);
}

}  // namespace internal

namespace {

void process(std::array<uint32_t, 8>& state, const std::byte* blocks, size_t n_blocks) {
  const internal::Sha256Blocks native = internal::sha256_blocks_native();
  (native != nullptr ? native : internal::sha256_blocks_portable)(state, blocks, n_blocks);
}

}  // namespace

Sha256::Sha256()
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {
}

void Sha256::update(Bytes bytes) {
  const size_t n_buffered = n_bytes_ % 64;
  n_bytes_ += bytes.size();
  if (n_buffered > 0) {
    const size_t n_taken = std::min(64 - n_buffered, bytes.size());
    std::copy_n(bytes.begin(), n_taken, buffer_.begin() + n_buffered);
    if (n_buffered + n_taken < 64) return;
    process(state_, buffer_.data(), 1);
    bytes = bytes.subspan(n_taken);
  }
  process(state_, bytes.data(), bytes.size() / 64);
  const Bytes rest = bytes.subspan(bytes.size() / 64 * 64);
  std::copy(rest.begin(), rest.end(), buffer_.begin());
}

// A one bit, zeros up to eight bytes before a block's end, then the message's length in bits.
void Sha256::pad() {
  const uint64_t n_bits = __builtin_bswap64(n_bytes_ * 8);
  std::array<std::byte, 72> padding{std::byte{0x80}};
  const size_t n_zeros = (119 - n_bytes_ % 64) % 64;
  std::memcpy(padding.data() + 1 + n_zeros, &n_bits, 8);
  update(Bytes(padding.data(), 1 + n_zeros + 8));
}

std::array<std::byte, 32> Sha256::finish() {
  pad();
  std::array<std::byte, 32> digest;
  for (int i = 0; i < 8; ++i) {
    const uint32_t word = __builtin_bswap32(state_[i]);
    std::memcpy(digest.data() + 4 * i, &word, 4);
  }
  return digest;
}

std::string Sha256::finish_hex() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const std::byte byte : finish()) {
    hex += kDigits[std::to_integer<int>(byte) >> 4];
    hex += kDigits[std::to_integer<int>(byte) & 0xF];
  }
  return hex;
}

std::string sha256_hex(Bytes bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish_hex();
}

}  // namespace base
