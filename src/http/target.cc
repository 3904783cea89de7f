#include "http/target.h"

#include <utility>

#include "http/message.h"

namespace http {

std::optional<Target> read_target(std::string_view text) {
  if (text == "*") return Target{"*", ""};
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const size_t slash = text.find('/', scheme.size());
    text = slash == std::string_view::npos ? std::string_view("/") : text.substr(slash);
    break;
  }
  if (!text.starts_with('/')) return std::nullopt;
  text = text.substr(0, text.find('#'));
  const size_t mark = text.find('?');
  auto path = percent_decode(text.substr(0, mark));
  if (!path) return std::nullopt;
  return Target{std::move(*path), mark == std::string_view::npos ? "" : std::string(text.substr(mark + 1))};
}

}  // namespace http
