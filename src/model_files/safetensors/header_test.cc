#include "model_files/safetensors/header.h"

#include <gtest/gtest.h>

#include <string>

namespace model_files::safetensors {
namespace {

std::string file_of(std::string_view header, size_t data_bytes) {
  const uint64_t size = header.size();
  std::string file(reinterpret_cast<const char*>(&size), sizeof size);
  return file.append(header).append(data_bytes, '\0');
}

base::Result<Header> parse(std::string_view header, size_t data_bytes) {
  const std::string file = file_of(header, data_bytes);
  return parse_header(base::as_bytes(file));
}

std::string error_of(std::string_view header, size_t data_bytes) {
  const auto parsed = parse(header, data_bytes);
  return parsed ? "" : parsed.error().message;
}

TEST(SafetensorsHeader, OrdersTensorsByTheirData) {
  const auto header =
      parse(R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]},"__metadata__":{"k":"v"},)"
            R"("a":{"data_offsets":[0,2],"shape":[],"dtype":"BF16"}}  )",
            6);
  ASSERT_TRUE(header) << header.error().message;
  ASSERT_EQ(header->tensors.size(), 2u);
  EXPECT_EQ(header->tensors[0].name, "a");
  EXPECT_EQ(header->tensors[0].shape, tensor::Shape{});
  EXPECT_EQ(header->tensors[1].begin, 2u);
  EXPECT_EQ(header->metadata[0].value.as_string(), "v");
}

TEST(SafetensorsHeader, ResolvesEscapesInNames) {
  const auto header =
      parse(R"({"\u00e9\ud83d\ude00\n\"":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0);
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->tensors[0].name, "é😀\n\"");
}

TEST(SafetensorsHeader, EveryCutIsAnError) {
  const std::string file = file_of(R"({"a":{"dtype":"F4","shape":[2,3],"data_offsets":[0,3]}})", 3);
  ASSERT_TRUE(parse_header(base::as_bytes(file)));
  for (size_t n = 0; n < file.size(); ++n) {
    const std::vector<char> cut(file.begin(), file.begin() + n);
    EXPECT_FALSE(parse_header(std::as_bytes(std::span(cut)))) << n;
  }
}

TEST(SafetensorsHeader, NumbersAreWholeAndPlain) {
  for (const char* bad :
       {"-1", "-0", "08", "8.0", "8e0", "\"8\"", "null", "true", "[8]", "18446744073709551624", "+8"})
    EXPECT_NE(
        error_of(std::string(R"({"a":{"dtype":"U8","shape":[)") + bad + R"(],"data_offsets":[0,8]}})", 8), "")
        << bad;
}

TEST(SafetensorsHeader, ErrorsNameTheTensor) {
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4),
            "tensor 'a' of shape [2] and dtype F32 does not fit its data_offsets [0, 4]");
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 3),
            "tensor 'a' ends past the file: it was cut short, fetch it again");
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8),
            "tensor 'a' starts at byte 4 of the data, must start at 0");
  EXPECT_EQ(
      error_of(
          R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
          2),
      "header: tensor 'a' stands there twice");
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F31","shape":[],"data_offsets":[0,4]}})", 4),
            "header: the unknown dtype 'F31' at byte 19");
}

TEST(SafetensorsHeader, SizesThatOverflowAreRefused) {
  for (const char* shape : {"4611686018427387904,4", "9223372036854775807,9223372036854775807",
                            "4294967296,4294967296", "9223372036854775807", "1,1,1,1,1,1,1,1,1"})
    EXPECT_NE(
        error_of(std::string(R"({"a":{"dtype":"F64","shape":[)") + shape + R"(],"data_offsets":[0,8]}})", 8),
        "")
        << shape;
}

TEST(SafetensorsHeader, AnEmptyFileOfTensorsIsLegal) {
  EXPECT_TRUE(parse("{}", 0));
}

}  // namespace
}  // namespace model_files::safetensors
