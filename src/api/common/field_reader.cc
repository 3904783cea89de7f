#include "api/common/field_reader.h"

#include <utility>

#include "base/strings.h"

namespace api {

using base::Json;

const Json* FieldReader::any(std::string_view name) const {
  const Json* value = body_.find(name);
  return value && !value->is_null() ? value : nullptr;
}

void FieldReader::wrong(std::string_view name, std::string_view fault) {
  const std::string full = base::cat(place_, name);
  fail(invalid_field(full, base::cat("'", full, "' ", fault)));
}

void FieldReader::wrong_type(std::string_view name, std::string_view wanted, const Json& value) {
  wrong(name, base::cat("has to be ", wanted, ", not of type ", value.type_name()));
}

std::optional<std::string> FieldReader::text(std::string_view name) {
  const Json* value = any(name);
  if (!value) return std::nullopt;
  if (value->is_string()) return value->as_string();
  wrong_type(name, "a string", *value);
  return std::nullopt;
}

std::optional<bool> FieldReader::boolean(std::string_view name) {
  const Json* value = any(name);
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->as_bool();
  wrong_type(name, "true or false", *value);
  return std::nullopt;
}

std::optional<int64_t> FieldReader::integer(std::string_view name, int64_t least, int64_t most) {
  const Json* value = any(name);
  if (!value) return std::nullopt;
  if (!value->is_integer() && !value->is_big_integer()) {
    wrong_type(name, "an integer", *value);
    return std::nullopt;
  }
  if (value->is_integer() && value->as_integer() >= least && value->as_integer() <= most)
    return value->as_integer();
  const std::string range =
      most == INT64_MAX ? base::cat("at least ", least) : base::cat(least, " to ", most);
  wrong(name, base::cat("is ", value->write(), ", outside of its range: ", range));
  return std::nullopt;
}

std::optional<double> FieldReader::number(std::string_view name, double least, double most) {
  const Json* value = any(name);
  if (!value) return std::nullopt;
  if (!value->is_number()) {
    wrong_type(name, "a number", *value);
    return std::nullopt;
  }
  const double number = value->as_double();
  if (number >= least && number <= most) return number;
  wrong(name, base::cat("is ", value->write(), ", outside of its range: ", least, " to ", most));
  return std::nullopt;
}

std::optional<std::vector<std::string>> FieldReader::texts(std::string_view name, size_t most) {
  const Json* value = any(name);
  if (!value) return std::nullopt;
  if (value->is_string()) return std::vector<std::string>{value->as_string()};
  if (!value->is_array()) {
    wrong_type(name, "a string or an array of strings", *value);
    return std::nullopt;
  }
  if (value->as_array().size() > most) {
    wrong(name, base::cat("has ", value->as_array().size(), " entries, more than ", most));
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (const Json& element : value->as_array()) {
    if (!element.is_string()) {
      wrong_type(name, "a string or an array of strings", *value);
      return std::nullopt;
    }
    out.push_back(element.as_string());
  }
  return out;
}

std::optional<std::vector<int64_t>> FieldReader::integers(std::string_view name, size_t most) {
  const Json* value = any(name);
  if (!value) return std::nullopt;
  bool right = value->is_array() && value->as_array().size() <= most;
  std::vector<int64_t> out;
  if (right) {
    for (const Json& element : value->as_array()) {
      right = right && element.is_integer();
      if (right) out.push_back(element.as_integer());
    }
  }
  if (right) return out;
  wrong(name, base::cat("has to be an array of up to ", most, " integers"));
  return std::nullopt;
}

const Json* FieldReader::object(std::string_view name) {
  const Json* value = any(name);
  if (!value || value->is_object()) return value;
  wrong_type(name, "an object", *value);
  return nullptr;
}

}  // namespace api
