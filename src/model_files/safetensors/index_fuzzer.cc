// model.safetensors.index.json.
#include "base/check.h"
#include "model_files/safetensors/index.h"

using namespace model_files::safetensors;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto index = parse_index({reinterpret_cast<const char*>(data), size});
  if (!index) return 0;
  for (const IndexEntry& entry : *index) {
    CHECK(is_plain_file_name(entry.file) && entry.file.ends_with(".safetensors"));
    CHECK(entry.file.find('/') == std::string::npos);
  }
  return 0;
}
