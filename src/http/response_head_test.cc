#include "http/response_head.h"

#include <gtest/gtest.h>

namespace http {
namespace {

TEST(ResponseHead, StatesLengthAndConnection) {
  Response response{404, {}, ""};
  response.headers.add("content-type", "text/plain");
  EXPECT_EQ(
      response_head(response, {.body_bytes = 5, .keep_alive = false}),
      "HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: 5\r\nconnection: close\r\n\r\n");
}

TEST(ResponseHead, AValueCannotWriteAnotherHeader) {
  Response response;
  response.headers.add("x-ignored-fields", "a\r\nset-cookie: b");
  EXPECT_EQ(response_head(response, {}).find("\r\nset-cookie"), std::string::npos);
}

TEST(ResponseHead, AnEmptyChunkIsNotWritten) {
  std::string out;
  append_chunk(out, "");
  EXPECT_EQ(out, "");
  append_chunk(out, std::string(26, 'x'));
  EXPECT_EQ(out, "1a\r\n" + std::string(26, 'x') + "\r\n");
}

TEST(ResponseHead, DatesAreWrittenAsHttpHasThem) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace http
