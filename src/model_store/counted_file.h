#pragma once
// A file of known size on its way to the disk.
#include <cstdint>
#include <filesystem>
#include <memory>

#include "platform/atomic_file.h"

namespace model_store {

// Passes everything on; if the disk is full it says how many bytes are still to come.
class CountedFile final : public platform::WritableFile {
 public:
  // `folder` is the place that the message names.
  CountedFile(std::unique_ptr<platform::WritableFile> file, std::filesystem::path folder, uint64_t size_bytes)
      : file_(std::move(file)), folder_(std::move(folder)), left_bytes_(size_bytes) {}
  [[nodiscard]] base::Status write(base::Bytes bytes) override;
  [[nodiscard]] base::Status commit() override;

 private:
  std::unexpected<base::Error> explained(base::Error error) const;

  std::unique_ptr<platform::WritableFile> file_;
  std::filesystem::path folder_;
  uint64_t left_bytes_;
};

}  // namespace model_store
