#pragma once
// A model on disk, whatever its container: named tensors and configuration.
//
// Reading is lazy: open() checks the container (every rule of docs/model-files.md) and maps the file; weights
// are read when they are used. A ModelFile is immutable; views into it live as long as it does.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model_files/named_tensor.h"
#include "tensor/layout.h"
#include "tensor/tensor_view.h"

namespace model_files {

namespace gguf {
class Metadata;
}

enum class Container { gguf, safetensors_file, folder };
const char* container_name(Container container);  // "GGUF", "safetensors", "safetensors folder"

// Arrays of GGUF metadata with more elements than this are not part of metadata(): vocabularies, above all.
inline constexpr uint64_t kMaxInlineArray = 4096;

class ModelFile {
 public:
  virtual ~ModelFile() = default;

  // `path`: a .gguf (or the first shard of a split one), a .safetensors file, or a folder with config.json
  // and safetensors. The kind is told by content, not by name alone. Errors name the path.
  static base::Result<std::unique_ptr<ModelFile>> open(const std::string& path);

  virtual Container container() const = 0;
  // The name of what Layout::backend means here, or nothing: the file is packed (docs/packed-format.md). It
  // answers as its source did, container() included, but bytes of tensors of that layout are no rows.
  virtual std::string_view packed_layout() const { return {}; }
  virtual tensor::Layout layout_of([[maybe_unused]] std::string_view tensor_name) const {
    return tensor::Layout::rows;
  }
  virtual uint32_t version() const { return 0; }             // of the container's format; 0 where it has none
  virtual const std::string& path() const = 0;               // as given to open()
  virtual std::span<const NamedTensor> tensors() const = 0;  // in file order
  virtual const tensor::TensorView* find(std::string_view name) const = 0;
  uint64_t tensor_bytes() const;  // of all tensors
  uint64_t n_parameters() const;  // elements of all tensors

  // GGUF: all metadata as one flat object ("llama.block_count": 30; arrays of more than `kMaxInlineArray`
  // elements are left out, see gguf()). Folder: the parsed config.json. A single .safetensors file: its
  // __metadata__.
  virtual const base::Json& metadata() const = 0;

  // GGUF only, else null: the metadata in place, for whole arrays (the vocabulary) without a copy through
  // JSON.
  virtual const gguf::Metadata* gguf() const = 0;

  // Folder only: a file beside the weights ("tokenizer.json", "generation_config.json"). Code::not_found if
  // absent.
  virtual base::Result<std::string> read_sibling(std::string_view file_name) const = 0;

  virtual bool has_sibling(std::string_view file_name) const = 0;

  // Tells the system that these bytes of the file will not be needed again soon, so that repacked weights are
  // not in memory twice.
  virtual void drop_pages(base::Bytes range) const = 0;

  // Brings these bytes of the file into memory, for weights that are used where they lie.
  virtual void populate(base::Bytes range) const = 0;

  // Code::corrupt if one of the files was changed or cut since open(): for loaders, when they have read
  // everything.
  virtual base::Status check_unchanged() const = 0;

  // Oddities that are no error, one sentence each: tensors that an index does not list.
  virtual std::span<const std::string> remarks() const = 0;

  // Files that the tensors lie in, and their size together.
  virtual size_t n_files() const = 0;
  virtual uint64_t file_bytes() const = 0;
};

}  // namespace model_files
