#pragma once
// A GGUF model: one file, or all parts of a split one.
#include <memory>
#include <string>

#include "model_files/gguf/header.h"
#include "model_files/gguf/split.h"
#include "model_files/weight_files.h"

namespace model_files::gguf {

// ModelFile::metadata(): all but long arrays.
base::Json to_json(const Metadata& metadata);

class GgufFile : public WeightFiles {
 public:
  // `file`: `path`, mapped; it is a GGUF file or says what it is instead.
  static base::Result<std::unique_ptr<GgufFile>> open(const std::string& path, platform::MappedFile file);

  Container container() const override { return Container::gguf; }
  const Metadata* gguf() const override { return &gguf_metadata_; }
  uint32_t version() const override { return version_; }

 private:
  explicit GgufFile(const std::string& path) : WeightFiles(path) {}
  base::Result<Header> map_part(const SplitName& name, int64_t number);

  uint32_t version_ = 0;
  Metadata gguf_metadata_;
};

}  // namespace model_files::gguf
