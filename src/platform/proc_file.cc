#include "platform/proc_file.h"

#include "base/strings.h"
#include "platform/files.h"

namespace platform {

std::string read_proc_file(const std::filesystem::path& path) {
  constexpr uint64_t kMaxBytes = 16 << 20;
  return read_file(path, kMaxBytes).value_or("");
}

std::optional<uint64_t> find_number(std::string_view text, std::string_view key) {
  for (std::string_view line : base::split(text, '\n')) {
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    if (line.empty() || (line[0] != ' ' && line[0] != '\t')) continue;
    line = base::trim(line);
    return parse_number(line.substr(0, line.find(' ')));
  }
  return std::nullopt;
}

std::optional<uint64_t> parse_number(std::string_view text) {
  text = base::trim(text);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace platform
