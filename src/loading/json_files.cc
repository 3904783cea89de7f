#include "loading/json_files.h"

#include <filesystem>

#include "base/strings.h"
#include "platform/files.h"

namespace loading {

using base::Code;
using base::fail;
using base::Json;
using base::Result;

namespace {

constexpr size_t kMaxFileBytes = size_t{256} << 20;  // tokenizer.json of 262k tokens: 33 MB

}  // namespace

JsonFiles JsonFiles::beside(const model_files::ModelFile& file) {
  return JsonFiles([&file](const std::string& name) { return file.read_sibling(name); });
}

JsonFiles JsonFiles::in_folder(std::string folder) {
  return JsonFiles([folder = std::move(folder)](const std::string& name) {
    return platform::read_file((std::filesystem::path(folder) / name).string(), kMaxFileBytes);
  });
}

Result<std::optional<std::string>> JsonFiles::text(const std::string& name) const {
  Result<std::string> bytes = read_(name);
  if (bytes) return std::move(bytes).value();
  if (bytes.error().code == Code::not_found) return std::nullopt;
  return fail(bytes.error(), name);
}

Result<Json> JsonFiles::object(const std::string& name) const {
  const std::optional<std::string> bytes = TRY(text(name));
  if (!bytes) return Json(Json::Object{});
  Result<Json> parsed = Json::parse(*bytes);
  if (!parsed) return fail(parsed.error(), name);
  if (!parsed->is_object()) return fail(Code::corrupt, base::cat(name, " holds no JSON object"));
  return parsed;
}

}  // namespace loading
