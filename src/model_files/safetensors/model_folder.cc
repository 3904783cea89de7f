#include "model_files/safetensors/model_folder.h"

#include <filesystem>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/map_regular.h"

namespace model_files::safetensors {
namespace {

namespace fs = std::filesystem;
using base::cat;
using base::Code;
using base::fail;

std::string quoted(std::string_view name) {
  return cat("'", base::printable(name), "'");
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  const auto [in_folder, in_path] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return in_folder == folder.end() && in_path != path.end();
}

// models--OWNER--NAME/snapshots/REVISION/FILE -> models--OWNER--NAME/blobs/HASH
std::string blobs_of_cache(const fs::path& root) {
  if (root.parent_path().filename() != "snapshots") return {};
  return (root.parent_path().parent_path() / "blobs").string();
}

}  // namespace

base::Result<ModelFolder> ModelFolder::open(const std::string& path) {
  std::error_code error;
  ModelFolder folder;
  const fs::path root = fs::canonical(path, error);
  if (error) return fail(Code::not_found, cat("cannot open the folder: ", error.message()));
  folder.root_ = root.string();
  folder.blobs_ = blobs_of_cache(root);
  return folder;
}

bool ModelFolder::has(std::string_view name) const {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(fs::path(root_) / name, ignored));
}

base::Result<std::string> ModelFolder::path_of(std::string_view name) const {
  const fs::path path = fs::path(root_) / name;
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (!fs::exists(status)) return fail(Code::not_found, cat("there is no ", quoted(name), " in the folder"));
  if (!fs::is_symlink(status)) return path.string();
  const fs::path target = fs::canonical(path, error);
  if (error) return fail(Code::not_found, cat(quoted(name), " is a link that leads nowhere"));
  if (lies_in(target, root_) || (!blobs_.empty() && lies_in(target, blobs_))) return target.string();
  return fail(Code::permission_denied,
              cat(quoted(name), " is a link that leads out of the folder: put the file itself there"));
}

base::Result<std::string> ModelFolder::read(std::string_view name, uint64_t max_bytes) const {
  const std::string path = TRY(path_of(name));
  const auto file = TRY(map_regular(path));
  const base::Bytes bytes = file.bytes();
  if (bytes.size() > max_bytes)
    return fail(Code::exhausted, cat(quoted(name), " has ", base::format_bytes(bytes.size()), ", more than ",
                                     base::format_bytes(max_bytes)));
  return std::string(base::as_text(bytes));
}

}  // namespace model_files::safetensors
