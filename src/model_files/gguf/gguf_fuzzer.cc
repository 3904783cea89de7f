// The header of a GGUF file, and everything that can be asked of it.
#include "base/check.h"
#include "model_files/gguf/header.h"
#include "model_files/gguf/split.h"

using namespace model_files::gguf;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::Bytes file(reinterpret_cast<const std::byte*>(data), size);
  const auto header = parse_header(file);
  if (!header) {
    CHECK(!header.error().message.empty());
    return 0;
  }
  (void)read_split_facts(header->metadata);
  for (const Entry& entry : header->metadata.entries()) {
    CHECK(header->metadata.find(entry.key) == &entry);
    if (entry.count > 0) element(entry, entry.count - 1).write();
    (void)header->metadata.text_or_empty(entry.key);
    if (const auto strings = header->metadata.strings(entry.key)) CHECK(strings->size() == entry.count);
    if (const auto floats = header->metadata.floats(entry.key)) CHECK(floats->size() == entry.count);
    if (const auto integers = header->metadata.integers(entry.key)) CHECK(integers->size() == entry.count);
  }
  for (const TensorInfo& tensor : header->tensors) {
    CHECK(header->data_start + tensor.offset + tensor.size_bytes <= size);
    CHECK(tensor::element_count(tensor.shape) > 0);
  }
  return 0;
}
