#pragma once
// Reads typed fields of a request body and remembers the first that is wrong.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/common/errors.h"
#include "base/json.h"

namespace api {

class FieldReader {
 public:
  // Borrows the body. REQUIRES: an object. `place` stands before names in errors: "options.".
  explicit FieldReader(const base::Json& body, std::string place = {})
      : body_(body), place_(std::move(place)) {}

  // Each is empty if the field is absent, null or wrong.
  std::optional<std::string> text(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<int64_t> integer(std::string_view name, int64_t least, int64_t most);
  std::optional<double> number(std::string_view name, double least, double most);
  // A string, or an array of strings.
  std::optional<std::vector<std::string>> texts(std::string_view name, size_t most);
  std::optional<std::vector<int64_t>> integers(std::string_view name, size_t most);
  const base::Json* object(std::string_view name);
  // Of any type; null if absent or JSON null.
  const base::Json* any(std::string_view name) const;

  void fail(ApiError error) {
    if (!error_) error_ = std::move(error);
  }
  // The field has this fault: "'NAME' FAULT".
  void wrong(std::string_view name, std::string_view fault);
  void wrong_type(std::string_view name, std::string_view wanted, const base::Json& value);
  const std::optional<ApiError>& error() const { return error_; }

 private:
  const base::Json& body_;
  std::string place_;
  std::optional<ApiError> error_;
};

}  // namespace api
