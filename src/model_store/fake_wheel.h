#pragma once
// Archives and a catalogue of their own for the tests of this folder.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "model_store/catalogue.h"
#include "tests/temp_dir.h"

namespace model_store {

struct ZipEntry {
  std::string name;
  std::string contents;
  bool is_link = false;  // a symbolic link to `contents`
};
// The bytes of a zip archive.
std::string make_zip(const std::vector<ZipEntry>& entries);

// A catalogue of one model, "tiny", whose wheel holds the GGUF file `model`.
struct FakeCatalogue {
  explicit FakeCatalogue(std::string model);
  FakeCatalogue(const FakeCatalogue&) = delete;  // the entry points into the rest

  std::string model;
  std::string sha256;
  std::string wheel;
  CatalogueEntry entry;
};

// A small model that opens.
std::string tiny_gguf();

}  // namespace model_store
