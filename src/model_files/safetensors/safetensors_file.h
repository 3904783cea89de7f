#pragma once
// A single .safetensors file: tensors without a configuration.
#include <memory>
#include <string>

#include "model_files/weight_files.h"

namespace model_files::safetensors {

class SafetensorsFile : public WeightFiles {
 public:
  static base::Result<std::unique_ptr<SafetensorsFile>> open(const std::string& path,
                                                             platform::MappedFile file);
  Container container() const override { return Container::safetensors_file; }

 private:
  explicit SafetensorsFile(const std::string& path) : WeightFiles(path) {}
};

}  // namespace model_files::safetensors
