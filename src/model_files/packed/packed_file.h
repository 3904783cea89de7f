#pragma once
// A packed model: weights as a backend keeps them in memory, and all that its source said about itself.
//
// To everybody but those who read weights it is its source: container(), metadata(), gguf() and
// read_sibling() answer as they did there.
#include <functional>
#include <memory>
#include <string>

#include "model_files/packed/directory.h"
#include "model_files/weight_files.h"

namespace model_files::packed {

class PackedFile : public WeightFiles {
 public:
  // `file`: `path`, mapped. Reads and checks the directory; weights are not read.
  static base::Result<std::unique_ptr<PackedFile>> open(const std::string& path, platform::MappedFile file);

  Container container() const override { return directory_.source; }
  uint32_t version() const override { return kVersion; }
  std::string_view packed_layout() const override { return directory_.layout_name; }
  tensor::Layout layout_of(std::string_view tensor_name) const override;
  const gguf::Metadata* gguf() const override;
  base::Result<std::string> read_sibling(std::string_view file_name) const override;
  bool has_sibling(std::string_view file_name) const override;

  // Reads all weights and holds them against their checksums: Code::corrupt, naming the tensor. `go_on` hears
  // bytes done and in all, and says false to stop with Code::cancelled.
  base::Status check_weights(const std::function<bool(uint64_t done, uint64_t total)>& go_on) const;

 private:
  explicit PackedFile(const std::string& path) : WeightFiles(path) {}
  const std::string_view* sibling(std::string_view file_name) const;

  Directory directory_;
};

}  // namespace model_files::packed
