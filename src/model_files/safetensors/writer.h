#pragma once
// Writes a .safetensors file: shapes first, then the tensors' bytes as they come, so that no tensor need ever
// be held.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model_files/tensor_spec.h"
#include "platform/atomic_file.h"

namespace model_files::safetensors {

class Writer {
 public:
  using Metadata = std::vector<std::pair<std::string, std::string>>;

  // The file appears at `path` when finish() succeeds. Code::invalid_argument if the format has no such type.
  static base::Result<Writer> create(const std::filesystem::path& path,
                                     const std::vector<TensorSpec>& tensors, const Metadata& metadata = {});

  // More bytes of the tensors, one after the other in the order of their specs. REQUIRES: no more than they
  // take.
  base::Status append(base::Bytes bytes);
  // REQUIRES: every byte of every tensor was appended.
  base::Status finish();

 private:
  Writer() = default;

  std::unique_ptr<platform::WritableFile> file_;
  uint64_t n_missing_bytes_ = 0;
};

}  // namespace model_files::safetensors
