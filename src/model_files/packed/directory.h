#pragma once
// The directory of a packed model: everything in the file but the weights. docs/packed-format.md draws the
// bytes.
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model_files/gguf/metadata.h"
#include "model_files/model_file.h"
#include "tensor/layout.h"
#include "tensor/tensor_view.h"

namespace model_files::packed {

inline constexpr std::string_view kMagic = "DOMIPACK";
inline constexpr uint32_t kVersion = 1;
inline constexpr uint64_t kPreambleBytes = 16;
inline constexpr uint64_t kFooterBytes = 64;
// Weights begin at a multiple of a huge page; each tensor at a multiple of a cache line, which is what
// kernels ask of panels.
inline constexpr uint64_t kDataStart = uint64_t{2} << 20;
inline constexpr uint64_t kTensorAlignment = 64;

using Digest = std::array<std::byte, 32>;  // SHA-256

struct PackedTensor {
  std::string_view name;
  tensor::DType dtype = tensor::DType::F32;
  tensor::Shape shape;  // outermost first
  tensor::Layout layout = tensor::Layout::rows;
  uint64_t offset = 0;  // in the file
  uint64_t size_bytes = 0;
  Digest sha256{};
};

// Borrows from the bytes it was read from.
struct Directory {
  Container source = Container::gguf;                                   // gguf or folder: what was packed
  std::string_view layout_name;                                         // of the backend that packed it
  gguf::Metadata metadata;                                              // of a GGUF source
  std::vector<std::pair<std::string_view, std::string_view>> siblings;  // name and text; of a folder
  std::vector<PackedTensor> tensors;                                    // in the order of the file
};

bool has_magic(base::Bytes file);

// `file`: the whole file, of which only its two ends are read. Holds the directory against its checksum and
// every tensor against the end of the data and the tensor before it. The error does not name the file.
base::Result<Directory> read_directory(base::Bytes file);

// The directory alone, without its checksum; weights end at `data_end`.
base::Result<Directory> parse_directory(base::Bytes bytes, uint64_t data_end);

std::string preamble();
// What follows the weights, which end at `data_end`: padding, directory, footer.
std::string encode_ending(const Directory& directory, uint64_t data_end);

}  // namespace model_files::packed
