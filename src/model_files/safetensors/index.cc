#include "model_files/safetensors/index.h"

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace model_files::safetensors {
namespace {

using base::cat;
using base::Code;
using base::fail;

base::Result<IndexEntry> read_entry(const base::Json::Member& member) {
  const std::string tensor = base::printable(member.key);
  if (!member.value.is_string())
    return fail(Code::corrupt, cat("weight_map: '", tensor, "' is of type ", member.value.type_name(),
                                   ", must be a file name"));
  const std::string& file = member.value.as_string();
  if (!is_plain_file_name(file) || !file.ends_with(".safetensors"))
    return fail(Code::corrupt, cat("weight_map: '", tensor, "' lies in '", base::printable(file),
                                   "', must be the name of a .safetensors file in the folder"));
  return IndexEntry{member.key, file};
}

}  // namespace

bool is_plain_file_name(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  return std::ranges::none_of(
      name, [](unsigned char c) { return c == '/' || c == '\\' || c == ':' || c < 0x20 || c == 0x7F; });
}

base::Result<std::vector<IndexEntry>> parse_index(std::string_view json) {
  const base::Json index = TRY(base::Json::parse(json, {.max_depth = 8}));
  const base::Json* map = index.find("weight_map");
  if (map == nullptr) return fail(Code::corrupt, "weight_map is missing");
  if (!map->is_object())
    return fail(Code::corrupt, cat("weight_map is of type ", map->type_name(), ", must be an object"));
  if (map->as_object().empty()) return fail(Code::corrupt, "weight_map is empty");
  std::vector<IndexEntry> entries;
  entries.reserve(map->as_object().size());
  for (const base::Json::Member& member : map->as_object()) entries.push_back(TRY(read_entry(member)));
  return entries;
}

}  // namespace model_files::safetensors
