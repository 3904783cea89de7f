#include "model_files/gguf/gguf_file.h"

#include <filesystem>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/map_regular.h"

namespace model_files::gguf {
namespace {

using base::cat;
using base::Code;
using base::fail;

base::Json inline_value(const Entry& entry) {
  if (!entry.is_array) return element(entry);
  base::Json::Array values;
  if (entry.type == ValueType::string) {  // one walk, where element() would walk from the start each time
    Cursor cursor(entry.payload);
    for (uint64_t i = 0; i < entry.count; ++i) values.emplace_back(*cursor.string(UINT64_MAX, ""));
  } else {
    for (uint64_t i = 0; i < entry.count; ++i) values.push_back(element(entry, i));
  }
  return values;
}

void append_tensors(const Header& header, base::Bytes file, std::vector<NamedTensor>& out) {
  for (const TensorInfo& info : header.tensors)
    out.push_back({std::string(info.name),
                   {info.dtype, info.shape, file.subspan(header.data_start + info.offset, info.size_bytes)}});
}

// The name of the first part of a split model, checked against what the file says.
base::Result<SplitName> split_name(const std::string& path, const SplitFacts& facts) {
  const auto name = SplitName::parse(path);
  if (!name)
    return fail(Code::corrupt,
                cat("is part ", facts.number + 1, " of ", facts.count,
                    ", but its name does not end in -00001-of-NNNNN.gguf: give it its name back"));
  if (name->number != 0)
    return fail(Code::invalid_argument,
                cat("is part ", name->number + 1, " of ", name->count, ": open the first part, '",
                    base::printable(std::filesystem::path(name->part(0)).filename().string()), "'"));
  if (name->count != facts.count || facts.number != 0)
    return fail(Code::corrupt, cat("is part ", facts.number + 1, " of ", facts.count,
                                   " by its content and part 1 of ", name->count, " by its name"));
  return *name;
}

}  // namespace

base::Json to_json(const Metadata& metadata) {
  base::Json::Object object;
  for (const Entry& entry : metadata.entries())
    if (entry.count <= kMaxInlineArray) object.push_back({std::string(entry.key), inline_value(entry)});
  return object;
}

base::Result<Header> GgufFile::map_part(const SplitName& name, int64_t number) {
  const std::string path = name.part(number);
  const std::string label = cat("part ", number + 1, " of ", name.count);
  files_.push_back(TRY(map_regular(path)));
  auto header = parse_header(files_.back().bytes());
  if (!header) return fail(std::move(header).error(), label);
  const auto facts = read_split_facts(header->metadata);
  if (!facts) return fail(facts.error(), label);
  if (facts->number != number || facts->count != name.count)
    return fail(Code::corrupt,
                cat(label, ": says that it is part ", facts->number + 1, " of ", facts->count));
  return header;
}

base::Result<std::unique_ptr<GgufFile>> GgufFile::open(const std::string& path, platform::MappedFile mapped) {
  std::unique_ptr<GgufFile> file(new GgufFile(path));
  file->files_.push_back(std::move(mapped));
  Header first = TRY(parse_header(file->files_[0].bytes()));
  const SplitFacts facts = TRY(read_split_facts(first.metadata));
  std::vector<NamedTensor> tensors;
  append_tensors(first, file->files_[0].bytes(), tensors);
  if (facts.count > 1) {
    const SplitName name = TRY(split_name(path, facts));
    for (int64_t i = 1; i < facts.count; ++i) {
      const Header part = TRY(file->map_part(name, i));
      append_tensors(part, file->files_.back().bytes(), tensors);
    }
  }
  if (facts.n_tensors && *facts.n_tensors != std::ssize(tensors))
    return fail(Code::corrupt,
                cat("split.tensors.count is ", *facts.n_tensors, ", but there are ", tensors.size()));
  file->table_ = TRY(TensorTable::make(std::move(tensors)));
  file->version_ = first.version;
  file->gguf_metadata_ = std::move(first.metadata);
  file->metadata_ = to_json(file->gguf_metadata_);
  return file;
}

}  // namespace model_files::gguf
