#include "model_store/inspect.h"

#include <string>

#include "model_files/describe.h"
#include "model_files/model_file.h"

namespace model_store {
namespace {

// The tensor type that holds most bytes.
std::string main_type(const base::Json& description) {
  std::string most;
  int64_t most_bytes = 0;
  for (const base::Json& type : description.find("tensors")->find("types")->as_array()) {
    const int64_t bytes = type.find("bytes")->as_integer();
    if (bytes <= most_bytes) continue;
    most_bytes = bytes;
    most = type.find("type")->as_string();
  }
  return most;
}

}  // namespace

base::Result<Record> inspect_model(const std::filesystem::path& path) {
  const auto file = TRY(model_files::ModelFile::open(path.native()));
  const base::Json description = model_files::describe(*file);
  const base::Json* architecture = description.find("architecture");
  Record record;
  record.container = model_files::container_name(file->container());
  record.architecture = architecture != nullptr && architecture->is_string() ? architecture->as_string() : "";
  record.type = main_type(description);
  record.size_bytes = file->file_bytes();
  return record;
}

}  // namespace model_store
