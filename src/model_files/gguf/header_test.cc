#include "model_files/gguf/header.h"

#include <gtest/gtest.h>

#include <string>

#include "base/strings.h"

namespace model_files::gguf {
namespace {

// A GGUF file put together byte by byte, right or wrong.
class FileBytes {
 public:
  template <class T>
  FileBytes& put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  FileBytes& text(std::string_view text) {
    put<uint64_t>(text.size());
    bytes_ += text;
    return *this;
  }
  FileBytes& header(uint64_t n_tensors, uint64_t n_metadata, uint32_t version = 3) {
    bytes_ += "GGUF";
    return put(version).put(n_tensors).put(n_metadata);
  }
  FileBytes& key(std::string_view name, ValueType type) {
    return text(name).put(static_cast<uint32_t>(type));
  }
  FileBytes& array(std::string_view name, ValueType element, uint64_t count) {
    return key(name, ValueType::array).put(static_cast<uint32_t>(element)).put(count);
  }
  FileBytes& tensor(std::string_view name, std::vector<uint64_t> dimensions, uint32_t type, uint64_t offset) {
    text(name).put(static_cast<uint32_t>(dimensions.size()));
    for (uint64_t n : dimensions) put(n);
    return put(type).put(offset);
  }
  FileBytes& data(size_t n_bytes, size_t alignment = 32) {
    bytes_.append((alignment - bytes_.size() % alignment) % alignment + n_bytes, '\0');
    return *this;
  }
  bool holds(std::string_view text) const {
    return text.data() >= bytes_.data() && text.data() + text.size() <= bytes_.data() + bytes_.size();
  }
  base::Bytes bytes() const { return base::as_bytes(bytes_); }
  base::Result<Header> parse() const { return parse_header(bytes()); }

 private:
  std::string bytes_;
};

std::string error_of(const FileBytes& file) {
  const auto header = file.parse();
  return header ? "" : header.error().message;
}

constexpr uint32_t kF32 = 0, kQ4_0 = 2, kQ4_K = 12;

TEST(GgufHeader, ReadsMetadataAndTensors) {
  FileBytes file;
  file.header(2, 2).key("a.n", ValueType::u16).put<uint16_t>(7).key("a.name", ValueType::string).text("x");
  file.tensor("w", {32, 2}, kQ4_0, 0).tensor("v", {3}, kF32, 64).data(64 + 12);
  const auto header = file.parse();
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->version, 3u);
  EXPECT_EQ(element(*header->metadata.find("a.n")).as_integer(), 7);
  EXPECT_EQ(header->metadata.text_or_empty("a.name"), "x");
  EXPECT_EQ(header->metadata.find("a.nothing"), nullptr);
  ASSERT_EQ(header->tensors.size(), 2u);
  EXPECT_EQ(header->tensors[0].shape, (tensor::Shape{2, 32}));
  EXPECT_EQ(header->tensors[0].size_bytes, 36u);
  EXPECT_EQ(header->tensors[1].offset, 64u);
  EXPECT_EQ(header->data_start % 32, 0u);
}

TEST(GgufHeader, EveryCutIsAnError) {
  FileBytes file;
  file.header(1, 2)
      .array("a", ValueType::string, 2)
      .text("one")
      .text("two")
      .key("b", ValueType::f32)
      .put(1.5f);
  file.tensor("w", {8}, kF32, 0).data(32);
  ASSERT_TRUE(file.parse());
  for (size_t n = 0; n < file.bytes().size(); ++n) {
    // An exact copy, so that a sanitizer sees a read past its end.
    const std::vector<std::byte> cut(file.bytes().begin(), file.bytes().begin() + n);
    EXPECT_FALSE(parse_header(cut)) << n;
  }
}

TEST(GgufHeader, PaddingAfterTheLastTensorMayBeMissing) {
  EXPECT_TRUE(FileBytes().header(1, 0).tensor("w", {3}, kF32, 0).data(12).parse());
  EXPECT_FALSE(FileBytes().header(1, 0).tensor("w", {3}, kF32, 0).data(11).parse());
}

TEST(GgufHeader, CountsThatTheFileCannotHoldAreRefusedBeforeAnyAllocation) {
  for (uint64_t count : {uint64_t{1} << 63, ~uint64_t{0}, uint64_t{1} << 40, uint64_t{100}}) {
    EXPECT_NE(error_of(FileBytes().header(count, 0).data(64)), "") << count;
    EXPECT_NE(error_of(FileBytes().header(0, count).data(64)), "") << count;
    EXPECT_NE(error_of(FileBytes().header(0, 1).array("a", ValueType::u64, count).data(64)), "") << count;
    EXPECT_NE(error_of(FileBytes().header(0, 1).array("a", ValueType::string, count).data(64)), "") << count;
  }
}

TEST(GgufHeader, VersionsAreToldApart) {
  EXPECT_TRUE(FileBytes().header(0, 0, 2).parse());
  EXPECT_EQ(error_of(FileBytes().header(0, 0, 1)), "has GGUF version 1, must be 2 or 3");
  EXPECT_EQ(error_of(FileBytes().header(0, 0, 0x03000000)),
            "is a big-endian GGUF file: convert it to little-endian");
}

TEST(GgufHeader, ErrorsNameTheTensorAndTheValue) {
  auto one = [](std::vector<uint64_t> dimensions, uint32_t type, uint64_t offset) {
    return error_of(FileBytes().header(1, 0).tensor("w", std::move(dimensions), type, offset).data(4096));
  };
  EXPECT_EQ(one({8}, 4, 0), "tensor 'w' has the unknown type 4");
  EXPECT_EQ(one({8}, 200, 0), "tensor 'w' has the unknown type 200");
  EXPECT_EQ(one({8}, kQ4_K, 0), "tensor 'w' has rows of 8 elements, but Q4_K comes in blocks of 256");
  EXPECT_EQ(one({0}, kF32, 0), "tensor 'w' has a dimension of 0, must be 1..2^40");
  EXPECT_EQ(one({1, 1, 1, 1, 1}, kF32, 0), "tensor 'w' has 5 dimensions, must have 1..4");
  EXPECT_EQ(one({8}, kF32, 32), "tensor 'w' starts at byte 32 of the data, must start at 0");
  EXPECT_NE(one({uint64_t{1} << 40, uint64_t{1} << 40}, kF32, 0), "");
  EXPECT_NE(one({uint64_t{1} << 32, uint64_t{1} << 31, 4}, kF32, 0), "");
}

TEST(GgufHeader, NamesWithControlCharactersAreShownEscaped) {
  EXPECT_EQ(error_of(FileBytes().header(0, 1).key("a\x1b[2J", ValueType::u8)),
            "a metadata key is no plain text: 'a\\x1b[2J'");
  EXPECT_NE(error_of(FileBytes().header(1, 0).tensor("w\n", {8}, kF32, 0).data(32)), "");
  EXPECT_NE(error_of(FileBytes().header(1, 0).tensor(std::string(64, 'w'), {8}, kF32, 0).data(32)), "");
}

TEST(GgufHeader, AlignmentMustBeAPowerOfTwoOfReasonableSize) {
  auto with = [](uint32_t alignment) {
    return FileBytes()
        .header(0, 1)
        .key("general.alignment", ValueType::u32)
        .put(alignment)
        .parse()
        .has_value();
  };
  for (uint32_t good : {8u, 32u, 64u, 65536u}) EXPECT_TRUE(with(good)) << good;
  for (uint32_t bad : {0u, 1u, 3u, 4u, 48u, 131072u, 1u << 31, ~0u}) EXPECT_FALSE(with(bad)) << bad;
}

TEST(GgufMetadata, EveryTypeIsReadAsWhatItIs) {
  FileBytes file;
  file.header(0, 8).key("u8", ValueType::u8).put<uint8_t>(255).key("i8", ValueType::i8).put<int8_t>(-1);
  file.key("i64", ValueType::i64).put<int64_t>(-5).key("u64", ValueType::u64).put(~uint64_t{0});
  file.key("f32", ValueType::f32)
      .put(0.5f)
      .key("f64", ValueType::f64)
      .put(0.1)
      .key("yes", ValueType::boolean);
  file.put<uint8_t>(1).array("list", ValueType::i16, 2).put<int16_t>(3).put<int16_t>(-4);
  const auto header = file.parse();
  ASSERT_TRUE(header) << header.error().message;
  auto value = [&](const char* key, uint64_t index = 0) {
    return element(*header->metadata.find(key), index);
  };
  EXPECT_EQ(value("u8").as_integer(), 255);
  EXPECT_EQ(value("i8").as_integer(), -1);
  EXPECT_EQ(value("i64").as_integer(), -5);
  EXPECT_EQ(value("u64").as_big_integer().digits, "18446744073709551615");
  EXPECT_EQ(value("f32").as_double(), 0.5);
  EXPECT_EQ(value("f64").as_double(), 0.1);
  EXPECT_TRUE(value("yes").as_bool());
  EXPECT_EQ(value("list", 1).as_integer(), -4);
}

TEST(GgufMetadata, ArraysAreHandedOutByTheirTypeAlone) {
  FileBytes file;
  file.header(0, 3).array("s", ValueType::string, 2).text("a").text("").array("i", ValueType::u8, 2);
  file.put<uint8_t>(1).put<uint8_t>(200).array("f", ValueType::f64, 1).put(0.25);
  const auto header = file.parse();
  ASSERT_TRUE(header) << header.error().message;
  const Metadata& m = header->metadata;
  EXPECT_EQ(m.strings("s").value(), (std::vector<std::string_view>{"a", ""}));
  EXPECT_EQ(m.integers("i").value(), (std::vector<int32_t>{1, 200}));
  EXPECT_EQ(m.floats("f").value(), std::vector<float>{0.25f});
  EXPECT_EQ(m.strings("i").error().message, "i is an array of 2 u8, must be an array of strings");
  EXPECT_EQ(m.integers("s").error().message,
            "s is an array of 2 strings, must be an array of integers of 32 bits");
  EXPECT_EQ(m.floats("none").error().code, base::Code::not_found);
}

TEST(GgufMetadata, IntegersThatDoNotFitAreRefused) {
  FileBytes file;
  file.header(0, 1).array("i", ValueType::u32, 1).put<uint32_t>(0x80000000u);
  const auto header = file.parse();
  ASSERT_TRUE(header);
  EXPECT_FALSE(header->metadata.integers("i"));
}

TEST(GgufMetadata, DuplicateKeysAreRefused) {
  FileBytes file;
  file.header(0, 3).key("a", ValueType::u8).put<uint8_t>(1).key("b", ValueType::u8).put<uint8_t>(1);
  file.key("a", ValueType::u16).put<uint16_t>(1);
  EXPECT_EQ(error_of(file), "metadata 'a' stands there twice");
}

TEST(GgufMetadata, BooleansAndNestedArraysAreChecked) {
  EXPECT_EQ(error_of(FileBytes().header(0, 1).key("b", ValueType::boolean).put<uint8_t>(2)),
            "metadata 'b' holds the byte 2 where a boolean is 0 or 1");
  EXPECT_EQ(
      error_of(FileBytes().header(0, 1).array("b", ValueType::boolean, 2).put<uint8_t>(1).put<uint8_t>(7)),
      "metadata 'b' holds the byte 7 where a boolean is 0 or 1");
  EXPECT_EQ(error_of(FileBytes().header(0, 1).array("n", ValueType::array, 1).data(64)),
            "metadata 'n' is an array of arrays");
}

// Row 74 of the peers' defects: a large vocabulary must not make opening slow. Its time stands in
// benchmarks/model_files/metadata_bench.cc; what holds it down is that no token is copied.
TEST(GgufMetadata, AVocabularyOf262144TokensIsReadInPlace) {
  constexpr int kTokens = 262144;
  FileBytes file;
  file.header(0, 4).array("tokenizer.ggml.tokens", ValueType::string, kTokens);
  for (int i = 0; i < kTokens; ++i) file.text(base::cat("token", i));
  file.array("tokenizer.ggml.scores", ValueType::f32, kTokens);
  for (int i = 0; i < kTokens; ++i) file.put(static_cast<float>(-i));
  file.array("tokenizer.ggml.token_type", ValueType::i32, kTokens);
  for (int i = 0; i < kTokens; ++i) file.put<int32_t>(1);
  file.array("tokenizer.ggml.merges", ValueType::string, kTokens);
  for (int i = 0; i < kTokens; ++i) file.text(base::cat("left", i, " right"));
  const auto header = file.parse();
  ASSERT_TRUE(header) << header.error().message;
  const auto tokens = header->metadata.strings("tokenizer.ggml.tokens");
  EXPECT_EQ(tokens->size(), size_t{kTokens});
  for (const std::string_view token : *tokens) ASSERT_TRUE(file.holds(token));
  EXPECT_EQ(header->metadata.strings("tokenizer.ggml.merges")->back(), "left262143 right");
  EXPECT_EQ(header->metadata.floats("tokenizer.ggml.scores")->back(), -262143.0f);
  EXPECT_EQ(header->metadata.integers("tokenizer.ggml.token_type")->size(), size_t{kTokens});
}

}  // namespace
}  // namespace model_files::gguf
