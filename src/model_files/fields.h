#pragma once
// Typed, range-checked access to a model's configuration: config.json or flat GGUF metadata.
//
// Every error names the key, the value and the range: "llama.block_count is 0, must be 1..1024". An integer
// of any width that holds the value is taken, a float or bool for an integer is not; integers are taken for
// numbers. A key whose value is JSON null counts as absent.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace model_files {

class Fields {
 public:
  // Borrows `object`, which must be a JSON object. `prefix` ("llama.") stands in front of each key.
  explicit Fields(const base::Json& object, std::string prefix = "");

  bool has(std::string_view key) const { return find(key) != nullptr; }
  const base::Json* find(std::string_view key) const;  // null if absent or JSON null

  base::Result<int64_t> integer(std::string_view key, int64_t min, int64_t max) const;
  base::Result<int64_t> integer_or(std::string_view key, int64_t otherwise, int64_t min, int64_t max) const;
  // GGUF allows a scalar or an array with one value per layer; arrays must have `n_layers` equal entries.
  base::Result<int64_t> per_layer_integer(std::string_view key, int64_t n_layers, int64_t min,
                                          int64_t max) const;

  // Finite and min < value < max.
  base::Result<double> number(std::string_view key, double min, double max) const;
  base::Result<double> number_or(std::string_view key, double otherwise, double min, double max) const;
  base::Result<bool> boolean_or(std::string_view key, bool otherwise) const;
  base::Result<std::string> string(std::string_view key) const;
  base::Result<std::string> string_or(std::string_view key, std::string_view otherwise) const;
  // A nested object; its keys are named "rope_scaling.factor" in messages.
  base::Result<Fields> object(std::string_view key) const;

  std::string full_name(std::string_view key) const { return label_ + std::string(key); }

 private:
  const base::Json* object_;
  std::string prefix_;  // part of the key as stored
  std::string label_;   // in messages
};

}  // namespace model_files
