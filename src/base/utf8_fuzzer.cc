// The three ways to replace ill-formed bytes agree, however the bytes are cut, and give valid text.
#include <cstdint>

#include "base/check.h"
#include "base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string repaired = base::to_valid_utf8(bytes);
  CHECK(base::is_valid_utf8(repaired));
  CHECK(base::is_valid_utf8(bytes) == (repaired == bytes));

  const size_t cut = size == 0 ? 1 : 1 + data[0] % 8;
  base::Utf8Assembler assembler;
  std::string assembled;
  for (size_t at = 0; at < size; at += cut) assembler.push(bytes.substr(at, cut), assembled);
  assembler.finish(assembled);
  CHECK(assembled == repaired);
  CHECK(base::is_valid_utf8(base::printable(bytes)));
  return 0;
}
