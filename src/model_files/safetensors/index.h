#pragma once
// model.safetensors.index.json: in which file of a folder each tensor lies.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace model_files::safetensors {

struct IndexEntry {
  std::string tensor;
  std::string file;  // a plain name that ends in .safetensors
};

// In the order of the index. Refuses file names that are paths or name no safetensors file.
base::Result<std::vector<IndexEntry>> parse_index(std::string_view json);

// A name without '/', '\', ':', NUL and control characters that is not "", "." or "..".
bool is_plain_file_name(std::string_view name);

}  // namespace model_files::safetensors
