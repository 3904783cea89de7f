// The header of a safetensors file.
#include "base/check.h"
#include "base/utf8.h"
#include "model_files/safetensors/header.h"

using namespace model_files::safetensors;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::Bytes file(reinterpret_cast<const std::byte*>(data), size);
  const auto header = parse_header(file);
  if (!header) return 0;
  CHECK(looks_like_safetensors(file));
  uint64_t end = 0;  // tensors fill the data without holes
  for (const TensorInfo& tensor : header->tensors) {
    CHECK(tensor.begin == end && tensor.end >= tensor.begin);
    CHECK(base::is_valid_utf8(tensor.name));
    CHECK(tensor::element_count(tensor.shape) >= 0);
    end = tensor.end;
  }
  CHECK(header->data_start + end == size);
  return 0;
}
