#pragma once
// The header of a safetensors file: which tensor lies where.
//
//   N (u64) | N bytes of JSON, blanks at its end allowed | data
//   {"name": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]}, "__metadata__": {"k": "v"}}
//
// Read by a parser of its own: the format allows a small part of JSON, and a hostile header of 100 MB must
// not grow to gigabytes of nodes before it is refused.
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"
#include "model_files/named_tensor.h"
#include "tensor/tensor_view.h"

namespace model_files::safetensors {

struct TensorInfo {
  std::string name;
  tensor::DType dtype = tensor::DType::F32;
  tensor::Shape shape;
  uint64_t begin = 0, end = 0;  // in the data
};

struct Header {
  std::vector<TensorInfo> tensors;  // in the order of their data, which has no holes
  base::Json::Object metadata;      // strings
  uint64_t data_start = 0;          // offset in the file
};

// `file`: the whole file, of which only the header is read. Tensors must fill the data exactly.
base::Result<Header> parse_header(base::Bytes file);

// Adds views of a file's tensors to `out`; `data` is the file from data_start on.
void append_tensors(std::vector<TensorInfo> tensors, base::Bytes data, std::vector<NamedTensor>& out);

// Whether the file starts as a safetensors file does: a length that fits, then '{'.
bool looks_like_safetensors(base::Bytes file);

}  // namespace model_files::safetensors
