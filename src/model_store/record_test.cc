#include "model_store/record.h"

#include <gtest/gtest.h>

namespace model_store {
namespace {

Record example() {
  return {.name = "tiny",
          .path = "tiny.gguf",
          .size_bytes = 12,
          .sha256 = "ab",
          .container = "GGUF",
          .architecture = "llama",
          .type = "Q4_1",
          .source = "somewhere"};
}

TEST(Record, ReadsWhatItWrites) {
  const Record record = parse_record(write_record(example())).value();
  EXPECT_EQ(record.name, "tiny");
  EXPECT_EQ(record.path, "tiny.gguf");
  EXPECT_EQ(record.size_bytes, 12u);
  EXPECT_EQ(record.sha256, "ab");
  EXPECT_EQ(record.container, "GGUF");
  EXPECT_EQ(record.architecture, "llama");
  EXPECT_EQ(record.type, "Q4_1");
  EXPECT_EQ(record.source, "somewhere");
  EXPECT_FALSE(record.is_registered_path());
}

TEST(Record, NeverLeadsOutOfItsFolder) {
  for (const char* path : {"", "..", ".", "../other/model.gguf", "a/b"}) {
    Record record = example();
    record.path = path;
    EXPECT_FALSE(parse_record(write_record(record)).has_value()) << path;
  }
  Record record = example();
  record.path = "/models/tiny.gguf";
  EXPECT_TRUE(parse_record(write_record(record))->is_registered_path());
}

TEST(Record, RefusesWhatIsNoRecord) {
  for (const char* text : {"", "{}", "[]", "null", R"({"name": 3})", "{\"name\":\"x\""})
    EXPECT_EQ(parse_record(text).error().code, base::Code::corrupt) << text;
  std::string negative = write_record(example());
  negative.replace(negative.find("12"), 2, "-1");
  EXPECT_FALSE(parse_record(negative).has_value());
}

}  // namespace
}  // namespace model_store
