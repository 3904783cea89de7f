// Whatever the text: no crash, and what is read can be written and read back to the same value.
#include <cstdint>

#include "base/check.h"
#include "base/json.h"
#include "base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = base::Json::parse(text);
  if (!value) {
    CHECK(base::is_valid_utf8(value.error().message));
    return 0;
  }
  CHECK(base::is_valid_utf8(text));
  CHECK(base::Json::parse(value->write()) == *value);
  CHECK(base::Json::parse(value->write_pretty()) == *value);
  return 0;
}
