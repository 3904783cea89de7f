#pragma once
// Writes a packed model front to back: weights as they come, the directory last.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "model_files/packed/directory.h"
#include "platform/atomic_file.h"

namespace model_files::packed {

class Writer {
 public:
  // What `source` says about itself goes into the file: its metadata, or the texts beside it.
  // Code::invalid_argument if `source` is neither GGUF nor a folder, or packed already.
  static base::Result<Writer> create(const std::filesystem::path& path, const ModelFile& source,
                                     std::string_view layout_name,
                                     const platform::CreateFile& create_file = platform::AtomicFile::create);

  // The next tensor: one of `source`, in `layout`.
  base::Status add(const NamedTensor& tensor, tensor::Layout layout, base::Bytes bytes);
  // Gives the file its name. Call once, last.
  base::Status finish();
  uint64_t written_bytes() const { return position_; }

 private:
  Writer() = default;
  base::Status write(base::Bytes bytes);
  base::Status pad_to(uint64_t position);
  base::Status take_texts(const ModelFile& source);

  std::unique_ptr<platform::WritableFile> file_;
  uint64_t position_ = 0;
  Directory directory_;
  std::string layout_name_;
  std::vector<std::unique_ptr<std::string>> texts_;  // that directory_ borrows
};

}  // namespace model_files::packed
