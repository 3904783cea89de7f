#include "model_files/fields.h"

#include <gtest/gtest.h>

namespace model_files {
namespace {

const base::Json& config() {
  static const base::Json json = base::Json::parse(R"({
    "llama.n": 30, "llama.zero": 0, "llama.half": 1.5, "llama.yes": true, "llama.text": "x\u001b", "llama.none": null,
    "llama.huge": 10000000000000000000000000000000000000000, "llama.list": [4, 4], "llama.mixed": [4, 2],
    "llama.eps": 0.00001, "llama.inner": {"factor": 0}})")
                                     .value();
  return json;
}
const Fields& fields() {
  static const Fields f(config(), "llama.");
  return f;
}

TEST(Fields, ReadsIntegersWithinTheirRange) {
  EXPECT_EQ(fields().integer("n", 1, 1024).value(), 30);
  EXPECT_EQ(fields().integer_or("absent", 7, 1, 10).value(), 7);
  EXPECT_EQ(fields().integer_or("none", 7, 1, 10).value(), 7);
  EXPECT_EQ(fields().integer("zero", 1, 1024).error().message, "llama.zero is 0, must be 1..1024");
  EXPECT_EQ(fields().integer("half", 1, 2).error().message, "llama.half is 1.5, must be an integer");
  EXPECT_EQ(fields().integer("absent", 1, 2).error().message, "llama.absent is missing");
  for (const char* key : {"yes", "text", "huge", "list", "inner"})
    EXPECT_FALSE(fields().integer(key, INT64_MIN, INT64_MAX)) << key;
}

TEST(Fields, ReadsNumbersBetweenTheirLimits) {
  EXPECT_EQ(fields().number("eps", 0, 1).value(), 1e-5);
  EXPECT_EQ(fields().number("n", 0, 100).value(), 30.0);
  EXPECT_FALSE(fields().number("zero", 0, 1));
  EXPECT_FALSE(fields().number("text", 0, 1));
  EXPECT_EQ(fields().number_or("absent", 0.5, 0, 1).value(), 0.5);
  const base::Json infinite(base::Json::Object{{"x", 1.0 / 0.0}, {"y", 0.0 / 0.0}});
  EXPECT_FALSE(Fields(infinite).number("x", 0, 1.0 / 0.0));
  EXPECT_FALSE(Fields(infinite).number("y", 0, 1));
}

TEST(Fields, PerLayerListsHaveOneEntryForEachLayer) {
  EXPECT_EQ(fields().per_layer_integer("list", 2, 1, 8).value(), 4);
  EXPECT_EQ(fields().per_layer_integer("n", 2, 1, 100).value(), 30);
  EXPECT_EQ(fields().per_layer_integer("list", 3, 1, 8).error().message,
            "llama.list has 2 entries for 3 layers");
  EXPECT_EQ(fields().per_layer_integer("mixed", 2, 1, 8).error().code, base::Code::unsupported);
  EXPECT_FALSE(fields().per_layer_integer("list", 2, 1, 3));
}

TEST(Fields, MessagesShowNoControlCharacters) {
  const std::string message = fields().integer("text", 1, 2).error().message;
  EXPECT_EQ(message.find('\x1b'), std::string::npos) << message;
}

TEST(Fields, NestedObjectsKeepTheirPath) {
  const auto inner = fields().object("inner");
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->number("factor", 0, 100).error().message.substr(0, 26), "llama.inner.factor is 0, m");
  EXPECT_FALSE(fields().object("n"));
}

}  // namespace
}  // namespace model_files
