#pragma once
// Writes GGUF version 3: metadata and shapes first, then the tensors' bytes as they come.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model_files/gguf/metadata.h"
#include "model_files/tensor_spec.h"
#include "platform/atomic_file.h"

namespace model_files::gguf {

// Collects metadata records. A key may be set once.
class MetadataBuilder {
 public:
  void set_u32(std::string_view key, uint32_t value);
  void set_u64(std::string_view key, uint64_t value);
  void set_f32(std::string_view key, float value);
  void set_bool(std::string_view key, bool value);
  void set_string(std::string_view key, std::string_view value);
  void set_strings(std::string_view key, std::span<const std::string> values);
  void set_i32s(std::string_view key, std::span<const int32_t> values);
  void set_f32s(std::string_view key, std::span<const float> values);

  uint64_t count() const { return count_; }
  const std::string& bytes() const { return bytes_; }

 private:
  void begin(std::string_view key, ValueType type);
  void begin_array(std::string_view key, ValueType type, uint64_t count);

  std::string bytes_;
  uint64_t count_ = 0;
};

class Writer {
 public:
  // Code::invalid_argument if GGUF has no such type or shape. Tensors are padded to 32 bytes.
  static base::Result<Writer> create(const std::filesystem::path& path, const MetadataBuilder& metadata,
                                     std::vector<TensorSpec> tensors);

  // More bytes of the tensors, in the order of their specs; a call must not cross from one tensor into the
  // next.
  base::Status append(base::Bytes bytes);
  // Gives the file its name. REQUIRES: every byte of every tensor was appended.
  base::Status finish();

 private:
  Writer() = default;
  base::Status write(std::string_view text);

  std::unique_ptr<platform::WritableFile> file_;
  std::vector<TensorSpec> tensors_;
  size_t index_ = 0;          // of the tensor that the next bytes belong to
  uint64_t n_in_tensor_ = 0;  // bytes of it that are written
};

}  // namespace model_files::gguf
