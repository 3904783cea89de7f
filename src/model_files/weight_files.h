#pragma once
// What all containers have in common: mapped files and the tensors that lie in them.
#include <string>
#include <vector>

#include "model_files/model_file.h"
#include "model_files/tensor_table.h"
#include "platform/mapped_file.h"

namespace model_files {

class WeightFiles : public ModelFile {
 public:
  const std::string& path() const override { return path_; }
  std::span<const NamedTensor> tensors() const override { return table_.tensors(); }
  const tensor::TensorView* find(std::string_view name) const override { return table_.find(name); }
  const base::Json& metadata() const override { return metadata_; }
  const gguf::Metadata* gguf() const override { return nullptr; }
  base::Result<std::string> read_sibling(std::string_view file_name) const override;
  bool has_sibling(std::string_view) const override { return false; }
  void drop_pages(base::Bytes range) const override;
  void populate(base::Bytes range) const override;
  base::Status check_unchanged() const override;
  std::span<const std::string> remarks() const override { return remarks_; }
  size_t n_files() const override { return files_.size(); }
  uint64_t file_bytes() const override;

 protected:
  // The mapping that `range` lies in, or null.
  const platform::MappedFile* mapping_of(base::Bytes range) const;
  explicit WeightFiles(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::vector<platform::MappedFile> files_;
  TensorTable table_;
  base::Json metadata_ = base::Json(base::Json::Object{});
  std::vector<std::string> remarks_;
};

}  // namespace model_files
