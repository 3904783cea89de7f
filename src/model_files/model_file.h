#pragma once
// A model on disk, whatever its container: named tensors and configuration.
//
// Reading is lazy: open() checks the container (every rule of docs/model-files.md) and maps the file; weights are read
// when they are used. A ModelFile is immutable; views into it live as long as it does.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "tensor/tensor_view.h"

namespace model_files {

enum class Container { gguf, safetensors_file, folder };

struct NamedTensor {
  std::string name;
  tensor::TensorView view;
};

class ModelFile {
 public:
  virtual ~ModelFile() = default;

  // `path`: a .gguf (or the first shard of a split one), a .safetensors file, or a folder with config.json and
  // safetensors. The kind is told by content, not by name alone.
  static base::Result<std::unique_ptr<ModelFile>> open(const std::string& path);

  virtual Container container() const = 0;
  virtual std::span<const NamedTensor> tensors() const = 0;  // in file order
  virtual const tensor::TensorView* find(std::string_view name) const = 0;
  uint64_t tensor_bytes() const;  // of all tensors

  // GGUF: all metadata as one flat object ("llama.block_count": 30; arrays of more than `kMaxInlineArray` elements are
  // left out, see gguf/). Folder: the parsed config.json. A single .safetensors file: its __metadata__.
  virtual const base::Json& metadata() const = 0;

  // Folder only: a file beside the weights ("tokenizer.json", "generation_config.json"). Code::not_found if absent.
  virtual base::Result<std::string> read_sibling(std::string_view file_name) const = 0;

  // Tells the system that these bytes of the file will not be needed again soon, so that repacked weights are not in
  // memory twice.
  virtual void drop_pages(base::Bytes range) const = 0;
};

}  // namespace model_files
