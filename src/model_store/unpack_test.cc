#include "model_store/unpack.h"

#include <gtest/gtest.h>

#include <cstring>

#include "model_store/fake_wheel.h"

namespace model_store {
namespace {

using base::as_bytes;
using base::Code;

class MemoryFile final : public platform::WritableFile {
 public:
  base::Status write(base::Bytes bytes) override {
    if (contents.size() + bytes.size() > limit) return base::fail(Code::exhausted, "full");
    contents += base::as_text(bytes);
    return {};
  }
  base::Status commit() override { return {}; }
  std::string contents;
  size_t limit = SIZE_MAX;
};

bool go_on(uint64_t) {
  return true;
}

base::Result<std::string> unpack(const std::string& zip, std::string_view entry, uint64_t size,
                                 MemoryFile& out) {
  return unpack_entry(as_bytes(zip), entry, size, out, go_on);
}

TEST(Unpack, TakesExactlyTheEntryAsked) {
  const std::string zip =
      make_zip({{"a/model", "wrong"}, {"model", "the right one"}, {"../model", "bad"}, {"model2", "wrong"}});
  MemoryFile out;
  EXPECT_EQ(unpack(zip, "model", 13, out).value(), base::sha256_hex(as_bytes("the right one")));
  EXPECT_EQ(out.contents, "the right one");
}

TEST(Unpack, UnpacksALargeEntryWhole) {
  std::string contents;
  for (int i = 0; i < 700'000; ++i) contents += static_cast<char>('a' + i % 251 * i % 23);
  MemoryFile out;
  EXPECT_TRUE(unpack(make_zip({{"m", contents}}), "m", contents.size(), out).has_value());
  EXPECT_EQ(out.contents, contents);
}

TEST(Unpack, AMissingEntryIsNamed) {
  MemoryFile out;
  const auto result = unpack(make_zip({{"a", "x"}}), "model", 1, out);
  EXPECT_EQ(result.error().code, Code::not_found);
  EXPECT_EQ(result.error().message, "the archive holds no 'model'");
}

TEST(Unpack, RefusesAnotherSize) {
  const std::string zip = make_zip({{"model", "12345"}});
  MemoryFile out;
  EXPECT_EQ(unpack(zip, "model", 4, out).error().code, Code::corrupt);
  EXPECT_EQ(unpack(zip, "model", 6, out).error().code, Code::corrupt);
  EXPECT_EQ(out.contents, "");
}

TEST(Unpack, BelievesTheBytesNotTheHeaders) {
  // An archive that states 5 bytes, in both of its headers, and holds 5000.
  std::string zip = make_zip({{"model", std::string(5000, 'x')}});
  const uint32_t real = 5000, stated = 5;
  int n_changed = 0;
  for (size_t at = 0; at + 4 <= zip.size(); ++at) {
    uint32_t word;
    std::memcpy(&word, zip.data() + at, 4);
    if (word != real) continue;
    std::memcpy(zip.data() + at, &stated, 4);
    ++n_changed;
  }
  ASSERT_GT(n_changed, 0);
  MemoryFile out;
  EXPECT_FALSE(unpack(zip, "model", 5, out).has_value());
  EXPECT_LE(out.contents.size(), 5u);
}

TEST(Unpack, NoticesDamage) {
  std::string contents;
  for (int i = 0; i < 20'000; ++i) contents += static_cast<char>(i * 7919 >> 5);
  std::string zip = make_zip({{"model", contents}});
  zip[zip.size() / 2] ^= 0x10;
  MemoryFile out;
  EXPECT_EQ(unpack(zip, "model", contents.size(), out).error().code, Code::corrupt);
  EXPECT_EQ(unpack(zip.substr(0, 5000), "model", contents.size(), out).error().code, Code::corrupt);
  EXPECT_EQ(unpack("no archive at all", "model", 1, out).error().code, Code::corrupt);
  EXPECT_EQ(unpack("", "model", 1, out).error().code, Code::corrupt);
}

TEST(Unpack, RefusesALink) {
  MemoryFile out;
  const auto result = unpack(make_zip({{"model", "/etc/passwd", /*is_link=*/true}}), "model", 11, out);
  EXPECT_EQ(result.error().message, "'model' is not a plain file");
}

TEST(Unpack, PassesOnAFailedWriteAndAStop) {
  const std::string zip = make_zip({{"model", std::string(3 << 20, 'x')}});
  MemoryFile out;
  out.limit = 2 << 20;
  EXPECT_EQ(unpack(zip, "model", 3 << 20, out).error().code, Code::exhausted);
  MemoryFile other;
  EXPECT_EQ(unpack_entry(as_bytes(zip), "model", 3 << 20, other, [](uint64_t) { return false; }).error().code,
            Code::cancelled);
  EXPECT_LT(other.contents.size(), size_t{3} << 20);
}

}  // namespace
}  // namespace model_store
