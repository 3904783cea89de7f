#include "apps/domicile/inputs.h"

#include <unistd.h>

#include "base/strings.h"
#include "base/utf8.h"
#include "platform/files.h"

namespace apps {

using base::cat;
using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr uint64_t kMaxInputBytes = uint64_t{1} << 30;

}  // namespace

Result<std::vector<TokenId>> parse_ids(std::string_view text) {
  std::vector<TokenId> ids;
  if (base::trim(text).empty()) return ids;
  for (const std::string_view part : base::split(text, ',')) {
    const auto id = base::parse_int(base::trim(part));
    if (!id || *id < 0 || *id > INT32_MAX)
      return fail(Code::invalid_argument,
                  cat("--ids holds '", base::printable(part, 40), "', must be token ids like 1,2,3"));
    ids.push_back(static_cast<TokenId>(*id));
  }
  return ids;
}

// A file that cannot be read is no wrong usage, whatever is wrong with it.
Result<std::string> read_input_file(const std::string& path) {
  Result<std::string> text = path == "-" ? platform::read_all(STDIN_FILENO, "stdin", kMaxInputBytes)
                                         : platform::read_file(path, kMaxInputBytes);
  if (!text && text.error().code == Code::invalid_argument) return fail(Code::io_error, text.error().message);
  return text;
}

Result<base::Json> read_json_file(const std::string& path) {
  const std::string text = TRY(read_input_file(path));
  Result<base::Json> value = base::Json::parse(text, {.max_size_bytes = kMaxInputBytes});
  if (!value) return fail(Code::corrupt, cat(path, ": ", value.error().message));
  return value;
}

Result<std::optional<std::string>> TextOrIds::read() const {
  const int n_given = text.has_value() + file.has_value() + ids.has_value();
  if (n_given != 1) return fail(Code::invalid_argument, "give exactly one of --text, --file and --ids");
  if (text) return text;
  if (file) return std::optional<std::string>(TRY(read_input_file(*file)));
  return std::nullopt;
}

std::vector<std::string_view> jsonl_lines(std::string_view text) {
  std::vector<std::string_view> lines = base::split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

Result<std::string> answer_jsonl(const std::string& path,
                                 const std::function<Result<base::Json>(std::string_view)>& answer) {
  const std::string input = TRY(read_input_file(path));
  std::string output;
  for (const std::string_view line : jsonl_lines(input)) {
    Result<base::Json> result = answer(line);
    if (!result) {
      base::Json error;
      error.set("error", result.error().message);
      result = std::move(error);
    }
    result->write_to(output);
    output += '\n';
  }
  return output;
}

}  // namespace apps
