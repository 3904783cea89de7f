#pragma once
// The files of a model folder, as Hugging Face lays it out, behind the rules for links.
#include <string>
#include <string_view>

#include "base/result.h"

namespace model_files::safetensors {

// Hands out paths of files that really lie in the folder. A file may be a link if it leads to another place
// in the folder or, in a download cache (…/snapshots/REVISION/), into that cache's …/blobs: a model from
// elsewhere must not make us read any other file of this machine.
class ModelFolder {
 public:
  static base::Result<ModelFolder> open(const std::string& path);

  // REQUIRES: is_plain_file_name(name).
  bool has(std::string_view name) const;
  // Code::not_found if absent; Code::permission_denied if it is a link that leads out.
  base::Result<std::string> path_of(std::string_view name) const;
  // A whole file of at most `max_bytes`.
  base::Result<std::string> read(std::string_view name, uint64_t max_bytes) const;

 private:
  std::string root_;   // without links
  std::string blobs_;  // of a download cache, or empty
};

}  // namespace model_files::safetensors
