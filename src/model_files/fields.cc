#include "model_files/fields.h"

#include <cmath>

#include "base/strings.h"
#include "base/utf8.h"

namespace model_files {

using base::cat;
using base::Code;
using base::fail;
using base::Json;
using base::Result;

namespace {

std::string shown(const Json& value) {
  return base::printable(value.write(), 60);
}

Result<int64_t> checked_integer(const Json& value, const std::string& name, int64_t min, int64_t max) {
  if (!value.is_integer() && !value.is_big_integer())
    return fail(Code::corrupt, cat(name, " is ", shown(value), ", must be an integer"));
  if (value.is_big_integer() || value.as_integer() < min || value.as_integer() > max)
    return fail(Code::corrupt, cat(name, " is ", shown(value), ", must be ", min, "..", max));
  return value.as_integer();
}

}  // namespace

Fields::Fields(const Json& object, std::string prefix)
    : object_(&object), prefix_(std::move(prefix)), label_(prefix_) {}

const Json* Fields::find(std::string_view key) const {
  const Json* value = object_->find(prefix_ + std::string(key));
  return value != nullptr && value->is_null() ? nullptr : value;
}

Result<int64_t> Fields::integer(std::string_view key, int64_t min, int64_t max) const {
  const Json* value = find(key);
  if (value == nullptr) return fail(Code::corrupt, cat(full_name(key), " is missing"));
  return checked_integer(*value, full_name(key), min, max);
}

Result<int64_t> Fields::integer_or(std::string_view key, int64_t otherwise, int64_t min, int64_t max) const {
  return has(key) ? integer(key, min, max) : otherwise;
}

Result<int64_t> Fields::per_layer_integer(std::string_view key, int64_t n_layers, int64_t min,
                                          int64_t max) const {
  const Json* value = find(key);
  if (value == nullptr || !value->is_array()) return integer(key, min, max);
  const Json::Array& values = value->as_array();
  if (std::ssize(values) != n_layers)
    return fail(Code::corrupt,
                cat(full_name(key), " has ", values.size(), " entries for ", n_layers, " layers"));
  for (const Json& each : values) {
    TRY(checked_integer(each, full_name(key), min, max));
    if (!(each == values.front()))
      return fail(Code::unsupported, cat(full_name(key), " differs between layers, which is not supported"));
  }
  return values.front().as_integer();
}

Result<double> Fields::number(std::string_view key, double min, double max) const {
  const Json* value = find(key);
  if (value == nullptr) return fail(Code::corrupt, cat(full_name(key), " is missing"));
  if (!value->is_number())
    return fail(Code::corrupt, cat(full_name(key), " is ", shown(*value), ", must be a number"));
  const double number = value->as_double();
  if (!std::isfinite(number) || number <= min || number >= max)
    return fail(Code::corrupt,
                cat(full_name(key), " is ", number, ", must be above ", min, " and below ", max));
  return number;
}

Result<double> Fields::number_or(std::string_view key, double otherwise, double min, double max) const {
  return has(key) ? number(key, min, max) : otherwise;
}

Result<bool> Fields::boolean_or(std::string_view key, bool otherwise) const {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_bool())
    return fail(Code::corrupt, cat(full_name(key), " is ", shown(*value), ", must be true or false"));
  return value->as_bool();
}

Result<std::string> Fields::string(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return fail(Code::corrupt, cat(full_name(key), " is missing"));
  if (!value->is_string())
    return fail(Code::corrupt, cat(full_name(key), " is ", shown(*value), ", must be a string"));
  return value->as_string();
}

Result<std::string> Fields::string_or(std::string_view key, std::string_view otherwise) const {
  return has(key) ? string(key) : std::string(otherwise);
}

Result<Fields> Fields::object(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return fail(Code::corrupt, cat(full_name(key), " is missing"));
  if (!value->is_object())
    return fail(Code::corrupt, cat(full_name(key), " is ", shown(*value), ", must be an object"));
  Fields nested(*value);
  nested.label_ = full_name(key) + ".";
  return nested;
}

}  // namespace model_files
