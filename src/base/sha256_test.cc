#include "base/sha256.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "base/sha256_blocks.h"

namespace base {
namespace {

// FIPS 180-4's examples.
TEST(Sha256, GivesTheKnownDigests) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(as_bytes("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(as_bytes(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotCareHowTheMessageIsCut) {
  std::mt19937 random(1);
  std::string message(1000, '\0');
  for (char& c : message) c = static_cast<char>(random());
  for (size_t size : {0u, 1u, 55u, 56u, 57u, 63u, 64u, 65u, 119u, 120u, 128u, 1000u}) {
    const Bytes bytes = as_bytes(message).first(size);
    Sha256 hash;
    for (size_t at = 0; at < size;) {
      const size_t n = std::min<size_t>(1 + random() % 90, size - at);
      hash.update(bytes.subspan(at, n));
      at += n;
    }
    EXPECT_EQ(hash.finish_hex(), sha256_hex(bytes)) << size;
  }
}

TEST(Sha256, TheProcessorsInstructionsAgreeWithTheDefinition) {
  const internal::Sha256Blocks native = internal::sha256_blocks_native();
  if (native == nullptr) GTEST_SKIP() << "this processor has no SHA instructions";
  std::mt19937 random(2);
  for (size_t n_blocks : {0u, 1u, 2u, 7u}) {
    std::vector<std::byte> blocks(64 * n_blocks + 1);
    for (std::byte& b : blocks) b = static_cast<std::byte>(random());
    internal::Sha256State expected;
    for (uint32_t& word : expected) word = static_cast<uint32_t>(random());
    internal::Sha256State actual = expected;
    internal::sha256_blocks_portable(expected, blocks.data() + 1, n_blocks);
    native(actual, blocks.data() + 1, n_blocks);
    EXPECT_EQ(actual, expected) << n_blocks << " blocks";
  }
}

}  // namespace
}  // namespace base
