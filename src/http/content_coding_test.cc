#include "http/content_coding.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace http {
namespace {

// window: 15 zlib, 31 gzip, -15 bare.
std::string packed(const std::string& text, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, 0);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

base::Code refusal(std::string_view coding, const std::string& body, size_t most = 1000) {
  const auto decoded = decoded_body(coding, body, most);
  EXPECT_FALSE(decoded);
  return decoded ? base::Code::internal : decoded.error().code;
}

TEST(ContentCoding, TakesOffWhatClientsPutOn) {
  const std::string text(300'000, 'x');
  EXPECT_EQ(decoded_body("gzip", packed(text, 31), 1 << 20), text);
  EXPECT_EQ(decoded_body(" GZIP ", packed("a", 31), 1 << 20), "a");
  EXPECT_EQ(decoded_body("deflate", packed(text, 15), 1 << 20), text);
  EXPECT_EQ(decoded_body("deflate", packed(text, -15), 1 << 20), text);
  EXPECT_EQ(decoded_body("identity", "as it is", 1 << 20), "as it is");
  EXPECT_EQ(decoded_body("gzip", packed("one ", 31) + packed("two", 31), 100), "one two");
  EXPECT_EQ(decoded_body("gzip", packed("", 31), 100), "");
}

TEST(ContentCoding, StopsAtTheLimitAndNotBeforeIt) {
  const std::string bomb = packed(std::string(20'000'000, 0), 31);
  EXPECT_LT(bomb.size(), 30'000u);
  EXPECT_EQ(refusal("gzip", bomb), base::Code::exhausted);
  const std::string text(70'000, 'y');
  EXPECT_EQ(decoded_body("gzip", packed(text, 31), text.size()), text);
  EXPECT_EQ(refusal("gzip", packed(text, 31), text.size() - 1), base::Code::exhausted);
}

TEST(ContentCoding, RefusesWhatIsCutBrokenOrUnknown) {
  const std::string whole = packed("a body of some length, to be cut anywhere", 31);
  for (size_t n = 1; n < whole.size(); ++n)
    EXPECT_EQ(refusal("gzip", whole.substr(0, n)), base::Code::corrupt) << n;
  std::string wrong_sum = whole;
  wrong_sum[whole.size() - 6] ^= 1;
  EXPECT_EQ(refusal("gzip", wrong_sum), base::Code::corrupt);
  EXPECT_EQ(refusal("gzip", whole + "tail"), base::Code::corrupt);
  EXPECT_EQ(refusal("gzip", "plain text"), base::Code::corrupt);
  EXPECT_EQ(refusal("br", "x"), base::Code::unsupported);
  EXPECT_EQ(refusal("gzip, gzip", "x"), base::Code::unsupported);
}

}  // namespace
}  // namespace http
