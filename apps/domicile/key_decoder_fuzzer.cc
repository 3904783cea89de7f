// Any bytes in any cut: text is well-formed, Ctrl-C is always heard, and a paste never outlives it.
#include <cstddef>
#include <cstdint>

#include "apps/domicile/key_decoder.h"
#include "base/check.h"
#include "base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  apps::KeyDecoder decoder;
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == 0xf8) {  // no byte of any character: here a pause
      decoder.settle();
      continue;
    }
    const auto key = decoder.push(data[i]);
    if (key && key->kind == apps::KeyKind::text) CHECK(base::is_valid_utf8(key->text));
    if (key && key->kind == apps::KeyKind::interrupt) CHECK(!decoder.in_paste());
  }
  decoder.settle();
  const auto key = decoder.push(0x03);
  CHECK(key && key->kind == apps::KeyKind::interrupt);
  return 0;
}
