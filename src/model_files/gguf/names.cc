#include "model_files/gguf/names.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"

namespace model_files::gguf {

base::Status check_name(std::string_view name, std::string_view what) {
  if (name.empty()) return base::fail(base::Code::corrupt, base::cat(what, " is empty"));
  const bool has_control = std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (has_control || !base::is_valid_utf8(name))
    return base::fail(base::Code::corrupt,
                      base::cat(what, " is no plain text: '", base::printable(name), "'"));
  return {};
}

}  // namespace model_files::gguf
