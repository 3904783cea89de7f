#include "api/authentication.h"

#include <optional>

#include "base/sha256.h"
#include "base/strings.h"

namespace api {
namespace {

using Hash = std::array<std::byte, 32>;

Hash hash_of(std::string_view key) {
  base::Sha256 sha;
  sha.update(std::as_bytes(std::span(key)));
  return sha.finish();
}

// Looks at every byte, whatever the first difference.
bool equal(const Hash& a, const Hash& b) {
  std::byte difference{0};
  for (size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == std::byte{0};
}

std::optional<std::string_view> bearer(const http::Request& request) {
  static constexpr std::string_view kScheme = "bearer ";
  const auto value = request.headers.find("authorization");
  if (!value || value->size() <= kScheme.size()) return std::nullopt;
  if (!http::equal_ignoring_case(value->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return base::trim(value->substr(kScheme.size()));
}

}  // namespace

KeyRing::KeyRing(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) hashes_.push_back(hash_of(key));
}

bool KeyRing::holds(std::string_view key) const {
  const Hash hash = hash_of(key);
  bool found = false;
  for (const Hash& known : hashes_) found |= equal(hash, known);
  return found;
}

bool KeyRing::admits(const http::Request& request) const {
  if (const auto key = bearer(request); key && holds(*key)) return true;
  const auto key = request.headers.find("x-api-key");
  return key && holds(base::trim(*key));
}

std::string KeyRing::id_of(const http::Request& request) const {
  constexpr size_t kIdBytes = 8;
  constexpr std::string_view kDigits = "0123456789abcdef";
  auto key = bearer(request);
  if (!key || !holds(*key)) key = request.headers.find("x-api-key");
  if (!key || !holds(base::trim(*key))) return {};
  const Hash hash = hash_of(base::trim(*key));
  std::string id;
  for (const std::byte byte : std::span(hash).first(kIdBytes)) {
    id += kDigits[std::to_integer<size_t>(byte) >> 4];
    id += kDigits[std::to_integer<size_t>(byte) & 15];
  }
  return id;
}

}  // namespace api
