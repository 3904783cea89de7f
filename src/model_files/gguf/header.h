#pragma once
// Everything in a GGUF file before the data of its tensors.
//
//   "GGUF" | version (u32) | tensor count (u64) | metadata count (u64) | metadata | tensor table | padding |
//   data
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model_files/gguf/metadata.h"
#include "model_files/gguf/tensor_infos.h"

namespace model_files::gguf {

inline constexpr uint64_t kDefaultAlignment = 32;

struct Header {
  uint32_t version = 3;
  Metadata metadata;
  std::vector<TensorInfo> tensors;
  uint64_t data_start = 0;  // offset in the file
};

bool has_magic(base::Bytes file);

// `file`: the whole file, of which only the header is read; sizes are held against its end. The result
// borrows from it.
base::Result<Header> parse_header(base::Bytes file);

}  // namespace model_files::gguf
