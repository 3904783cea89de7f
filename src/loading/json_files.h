#pragma once
// The small text files of a model folder: read with a size limit, parsed strictly, errors naming the file.
#include <functional>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "model_files/model_file.h"

namespace loading {

class JsonFiles {
 public:
  static JsonFiles beside(const model_files::ModelFile& file);  // borrows `file`
  static JsonFiles in_folder(std::string folder);

  // The file's bytes, or nothing if there is no such file.
  base::Result<std::optional<std::string>> text(const std::string& name) const;
  // The file as a JSON object; an empty one if there is no such file.
  base::Result<base::Json> object(const std::string& name) const;

 private:
  using Read = std::function<base::Result<std::string>(const std::string& name)>;
  explicit JsonFiles(Read read) : read_(std::move(read)) {}
  Read read_;
};

}  // namespace loading
