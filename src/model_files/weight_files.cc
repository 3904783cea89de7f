#include "model_files/weight_files.h"

#include "base/strings.h"

namespace model_files {

base::Result<std::string> WeightFiles::read_sibling(std::string_view file_name) const {
  return base::fail(base::Code::not_found,
                    base::cat("a ", container_name(container()), " file has no ", file_name, " beside it"));
}

const platform::MappedFile* WeightFiles::mapping_of(base::Bytes range) const {
  for (const platform::MappedFile& file : files_) {
    const base::Bytes bytes = file.bytes();
    if (range.data() >= bytes.data() && range.data() + range.size() <= bytes.data() + bytes.size())
      return &file;
  }
  return nullptr;
}

void WeightFiles::drop_pages(base::Bytes range) const {
  if (const platform::MappedFile* file = mapping_of(range)) file->drop_pages(range);
}

void WeightFiles::populate(base::Bytes range) const {
  if (const platform::MappedFile* file = mapping_of(range)) file->populate(range);
}

base::Status WeightFiles::check_unchanged() const {
  for (const platform::MappedFile& file : files_) TRY(file.check_unchanged());
  return {};
}

uint64_t WeightFiles::file_bytes() const {
  uint64_t total = 0;
  for (const platform::MappedFile& file : files_) total += file.bytes().size();
  return total;
}

}  // namespace model_files
