#pragma once
// A folder with config.json and weights in one or several .safetensors files.
#include <memory>
#include <string>

#include "model_files/safetensors/model_folder.h"
#include "model_files/weight_files.h"

namespace model_files::safetensors {

class FolderFile : public WeightFiles {
 public:
  static base::Result<std::unique_ptr<FolderFile>> open(const std::string& path);

  Container container() const override { return Container::folder; }
  base::Result<std::string> read_sibling(std::string_view file_name) const override;
  bool has_sibling(std::string_view file_name) const override;

 private:
  FolderFile(const std::string& path, ModelFolder folder) : WeightFiles(path), folder_(std::move(folder)) {}
  base::Status read_config();
  base::Status map_single();
  base::Status map_shards();
  base::Status map(const std::string& file_name, std::vector<NamedTensor>& tensors);

  ModelFolder folder_;
};

}  // namespace model_files::safetensors
