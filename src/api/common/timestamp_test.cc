#include "api/common/timestamp.h"

#include <gtest/gtest.h>

namespace api {
namespace {

TEST(Timestamp, IsAsRfc3339HasIt) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(951827696), "2000-02-29T12:34:56Z");
  EXPECT_EQ(rfc3339(1764068400), "2025-11-25T11:00:00Z");
}

}  // namespace
}  // namespace api
