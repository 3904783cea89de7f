#pragma once
// What the store remembers of one model: a small JSON file beside it.
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace model_store {

struct Record {
  std::string name;
  std::filesystem::path path;  // of the file or folder; within the store relative to the record's folder
  uint64_t size_bytes = 0;     // of all its files
  std::string sha256;          // of a file from the catalogue; else empty
  std::string container;       // "GGUF"
  std::string architecture;    // "llama"
  std::string type;            // what most of its weights are: "Q4_1"
  std::string source;          // where it came from, for people

  bool is_registered_path() const { return path.is_absolute(); }
};

std::string write_record(const Record& record);
// Code::corrupt if the text is not what write_record() gives.
[[nodiscard]] base::Result<Record> parse_record(std::string_view text);

}  // namespace model_store
