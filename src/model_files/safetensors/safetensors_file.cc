#include "model_files/safetensors/safetensors_file.h"

#include "model_files/safetensors/header.h"

namespace model_files::safetensors {

base::Result<std::unique_ptr<SafetensorsFile>> SafetensorsFile::open(const std::string& path,
                                                                     platform::MappedFile mapped) {
  std::unique_ptr<SafetensorsFile> file(new SafetensorsFile(path));
  file->files_.push_back(std::move(mapped));
  const base::Bytes bytes = file->files_[0].bytes();
  Header header = TRY(parse_header(bytes));
  std::vector<NamedTensor> tensors;
  append_tensors(std::move(header.tensors), bytes.subspan(header.data_start), tensors);
  file->table_ = TRY(TensorTable::make(std::move(tensors)));
  file->metadata_ = std::move(header.metadata);
  return file;
}

}  // namespace model_files::safetensors
