#pragma once
// The tensors of a small safetensors file, read without checks: for reference outputs alone, and for tests of
// folders that may not use model_files.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/golden.h"

namespace tests {

class GoldenTensors {
 public:
  explicit GoldenTensors(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    uint64_t header_size = 0;
    std::memcpy(&header_size, bytes_.data(), sizeof header_size);
    header_ = base::Json::parse(std::string_view(bytes_).substr(8, header_size)).value();
    data_ = bytes_.data() + 8 + header_size;
  }

  bool has(const std::string& name) const { return header_.find(name) != nullptr; }

  // The elements of a tensor whose element type is T.
  template <class T>
  std::vector<T> values(const std::string& name) const {
    const auto& range = header_.find(name)->find("data_offsets")->as_array();
    const int64_t begin = range[0].as_integer(), end = range[1].as_integer();
    std::vector<T> out((end - begin) / sizeof(T));
    std::memcpy(out.data(), data_ + begin, end - begin);
    return out;
  }

  std::vector<int64_t> shape(const std::string& name) const {
    std::vector<int64_t> out;
    for (const base::Json& dimension : header_.find(name)->find("shape")->as_array())
      out.push_back(dimension.as_integer());
    return out;
  }

 private:
  std::string bytes_;
  base::Json header_;
  const char* data_ = nullptr;
};

}  // namespace tests
