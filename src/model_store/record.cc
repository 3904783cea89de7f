#include "model_store/record.h"

#include "base/json.h"
#include "base/strings.h"

namespace model_store {
namespace {

base::Result<std::string> text_member(const base::Json& object, std::string_view key) {
  const base::Json* member = object.find(key);
  if (member == nullptr || !member->is_string())
    return base::fail(base::Code::corrupt, base::cat("no text '", key, "'"));
  return member->as_string();
}

}  // namespace

std::string write_record(const Record& record) {
  base::Json json;
  json.set("name", record.name);
  json.set("path", record.path.native());
  json.set("size_bytes", size_t{record.size_bytes});
  json.set("sha256", record.sha256);
  json.set("container", record.container);
  json.set("architecture", record.architecture);
  json.set("type", record.type);
  json.set("source", record.source);
  return json.write_pretty() + "\n";
}

base::Result<Record> parse_record(std::string_view text) {
  const base::Json json = TRY(base::Json::parse(text, {.max_depth = 2, .max_size_bytes = 64 * 1024}));
  Record record;
  record.name = TRY(text_member(json, "name"));
  record.path = TRY(text_member(json, "path"));
  record.sha256 = TRY(text_member(json, "sha256"));
  record.container = TRY(text_member(json, "container"));
  record.architecture = TRY(text_member(json, "architecture"));
  record.type = TRY(text_member(json, "type"));
  record.source = TRY(text_member(json, "source"));
  const base::Json* size = json.find("size_bytes");
  if (size == nullptr || !size->is_integer() || size->as_integer() < 0)
    return base::fail(base::Code::corrupt, "no 'size_bytes'");
  record.size_bytes = static_cast<uint64_t>(size->as_integer());
  // Within the store a record speaks of its own folder only.
  const bool is_bare = record.path.filename() == record.path && record.path != ".." && record.path != ".";
  if (record.path.empty() || (record.path.is_relative() && !is_bare))
    return base::fail(base::Code::corrupt, "'path' is neither absolute nor a file name");
  return record;
}

}  // namespace model_store
