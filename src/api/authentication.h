#pragma once
// Who may call: one list of keys, held as hashes, compared in a time that tells nothing.
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace api {

class KeyRing {
 public:
  explicit KeyRing(const std::vector<std::string>& keys);

  bool empty() const { return hashes_.empty(); }
  bool holds(std::string_view key) const;
  // The request brings one of the keys, as "Authorization: Bearer KEY" or "x-api-key: KEY".
  bool admits(const http::Request& request) const;
  // The id of the key that admits it: 16 hexadecimal digits of its hash. Empty if none does.
  std::string id_of(const http::Request& request) const;

 private:
  std::vector<std::array<std::byte, 32>> hashes_;
};

}  // namespace api
