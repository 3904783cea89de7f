#pragma once
// What users hand in: texts, files, lists of ids.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace apps {

using TokenId = int32_t;

// "1,2,3". An empty text is an empty list.
base::Result<std::vector<TokenId>> parse_ids(std::string_view text);

// The whole file byte for byte; "-" is stdin.
base::Result<std::string> read_input_file(const std::string& path);
base::Result<base::Json> read_json_file(const std::string& path);

// Exactly one of --text, --file, --ids (and what else is passed) must be given.
struct TextOrIds {
  std::optional<std::string> text, file, ids;
  // The text of --text or --file; nothing if ids were given. Code::invalid_argument unless exactly one was.
  base::Result<std::optional<std::string>> read() const;
};

// Lines of a .jsonl text: split at \n alone; a last empty line is none.
std::vector<std::string_view> jsonl_lines(std::string_view text);

// One JSON line out for each line of the file: what `answer` makes of it, or {"error": its message}.
base::Result<std::string> answer_jsonl(
    const std::string& path, const std::function<base::Result<base::Json>(std::string_view)>& answer);

}  // namespace apps
