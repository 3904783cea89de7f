// Any bytes as a tokenizer.json: either one sentence, or a tokenizer that can be used.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/utf8.h"
#include "tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tokenizer::Tokenizer;
  const auto loaded = Tokenizer::from_tokenizer_json({reinterpret_cast<const char*>(data), size});
  if (!loaded) {
    CHECK(!loaded.error().message.empty() && base::is_valid_utf8(loaded.error().message));
    return 0;
  }
  const Tokenizer& tokenizer = **loaded;
  for (const bool find_added_tokens : {false, true}) {
    const auto ids = tokenizer.encode("It's 12  <|im_end|>\r\n e\u0301 가나\xFF",
                                      {.find_added_tokens = find_added_tokens});
    for (const tokenizer::TokenId id : ids) CHECK(id >= 0 && id < tokenizer.size());
    CHECK(base::is_valid_utf8(tokenizer.decode(ids, /*skip_special=*/true)));
  }
  (void)tokenizer.description();
  return 0;
}
