#include "apps/domicile/history.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "base/json.h"
#include "base/strings.h"
#include "platform/files.h"
#include "platform/unique_fd.h"

namespace apps {

namespace {

constexpr size_t kMaxEntries = 500;         // that are kept when the file is cut
constexpr size_t kMaxEntryBytes = 8 << 10;  // of one in the file
constexpr uint64_t kMaxFileBytes = 64 << 20;

}  // namespace

History::History(std::string path) : path_(std::move(path)) {
  const auto text = platform::read_file(path_, kMaxFileBytes);
  if (!text) return;
  for (const std::string_view line : base::split(*text, '\n')) {
    const auto entry = base::Json::parse(line);
    if (entry && entry->is_string()) entries_.push_back(entry->as_string());
  }
  if (entries_.size() < 2 * kMaxEntries) return;
  entries_.erase(entries_.begin(), entries_.end() - kMaxEntries);
  std::string lines;
  for (const std::string& each : entries_) lines += base::json_quote(each) + "\n";
  write(O_TRUNC, lines);
}

void History::add(const std::string& text) {
  if (!entries_.empty() && entries_.back() == text) return;
  entries_.push_back(text);
  if (text.size() <= kMaxEntryBytes) write(O_APPEND, base::json_quote(text) + "\n");
}

void History::write(int open_flags, const std::string& lines) const {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), error);
  const platform::UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | open_flags, 0600));
  if (fd.is_open()) (void)!::write(fd.get(), lines.data(), lines.size());
}

}  // namespace apps
