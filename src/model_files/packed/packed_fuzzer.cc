// The directory of a packed file, past its checksum, and everything that it says of tensors.
#include "base/check.h"
#include "model_files/packed/directory.h"

using namespace model_files::packed;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kDataEnd = kDataStart + 65536;
  const base::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto directory = parse_directory(bytes, kDataEnd);
  if (!directory) {
    CHECK(!directory.error().message.empty());
    return 0;
  }
  uint64_t previous_end = kDataStart;
  for (const PackedTensor& tensor : directory->tensors) {
    CHECK(tensor.offset >= previous_end && tensor.offset % kTensorAlignment == 0);
    CHECK(tensor.size_bytes <= kDataEnd && tensor.offset + tensor.size_bytes <= kDataEnd);
    CHECK(tensor::element_count(tensor.shape) > 0);
    previous_end = tensor.offset + tensor.size_bytes;
  }
  // Written again it reads the same.
  const std::string ending = encode_ending(*directory, kDataEnd);
  CHECK(ending.compare(0, size, reinterpret_cast<const char*>(data), size) == 0);
  return 0;
}
