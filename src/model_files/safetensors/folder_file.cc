#include "model_files/safetensors/folder_file.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/map_regular.h"
#include "model_files/safetensors/header.h"
#include "model_files/safetensors/index.h"

namespace model_files::safetensors {
namespace {

using base::cat;
using base::Code;
using base::fail;

constexpr const char* kConfig = "config.json";
constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr uint64_t kMaxConfigBytes = uint64_t{16} << 20;
constexpr uint64_t kMaxIndexBytes = uint64_t{64} << 20;
constexpr uint64_t kMaxSiblingBytes = uint64_t{256} << 20;

// Where a shard's tensors stand in the list of all.
struct Shard {
  std::string file;
  size_t begin = 0, end = 0;
};

std::vector<std::string> distinct_files(const std::vector<IndexEntry>& index) {
  std::vector<std::string> files;
  files.reserve(index.size());
  for (const IndexEntry& entry : index) files.push_back(entry.file);
  std::ranges::sort(files);
  const auto rest = std::ranges::unique(files);
  files.erase(rest.begin(), rest.end());
  return files;
}

// Each entry's tensor must lie in the shard that it names.
base::Status check_index(const std::vector<IndexEntry>& index, const std::vector<Shard>& shards,
                         std::span<const NamedTensor> tensors) {
  std::vector<std::pair<std::string_view, std::string_view>> held;  // tensor, file
  for (const Shard& shard : shards)
    for (size_t i = shard.begin; i < shard.end; ++i) held.emplace_back(tensors[i].name, shard.file);
  std::ranges::sort(held);
  for (const IndexEntry& entry : index)
    if (!std::ranges::binary_search(held,
                                    std::pair<std::string_view, std::string_view>(entry.tensor, entry.file)))
      return fail(Code::corrupt, cat("'", kIndex, "' puts tensor '", base::printable(entry.tensor),
                                     "' into '", base::printable(entry.file), "', which does not hold it"));
  return {};
}

// One sentence about tensors that the index does not list, or nothing.
std::string unlisted(const std::vector<IndexEntry>& index, std::span<const NamedTensor> tensors) {
  std::vector<std::string_view> listed;
  listed.reserve(index.size());
  for (const IndexEntry& entry : index) listed.push_back(entry.tensor);
  std::ranges::sort(listed);
  size_t n = 0;
  std::string first;
  for (const NamedTensor& tensor : tensors) {
    if (std::ranges::binary_search(listed, std::string_view(tensor.name))) continue;
    if (n++ == 0) first = base::printable(tensor.name);
  }
  if (n == 0) return {};
  return cat("'", kIndex, "' does not list ", n, " of the tensors, the first of them '", first, "'");
}

}  // namespace

base::Status FolderFile::read_config() {
  const std::string text = TRY(folder_.read(kConfig, kMaxConfigBytes));
  auto config = base::Json::parse(text);
  if (!config) return fail(std::move(config).error(), kConfig);
  if (!config->is_object()) return fail(Code::corrupt, cat(kConfig, " holds no JSON object"));
  metadata_ = *std::move(config);
  return {};
}

base::Status FolderFile::map(const std::string& file_name, std::vector<NamedTensor>& tensors) {
  const std::string path = TRY(folder_.path_of(file_name));
  const std::string label = cat("'", base::printable(file_name), "'");
  files_.push_back(TRY(map_regular(path)));
  const base::Bytes bytes = files_.back().bytes();
  auto header = parse_header(bytes);
  if (!header) return fail(std::move(header).error(), label);
  append_tensors(std::move(header->tensors), bytes.subspan(header->data_start), tensors);
  return {};
}

base::Status FolderFile::map_single() {
  std::vector<NamedTensor> tensors;
  TRY(map(kSingle, tensors));
  table_ = TRY(TensorTable::make(std::move(tensors)));
  return {};
}

base::Status FolderFile::map_shards() {
  const std::string text = TRY(folder_.read(kIndex, kMaxIndexBytes));
  const auto index = parse_index(text);
  if (!index) return fail(index.error(), cat("'", kIndex, "'"));
  std::vector<NamedTensor> tensors;
  std::vector<Shard> shards;
  for (const std::string& file : distinct_files(*index)) {
    const size_t begin = tensors.size();
    TRY(map(file, tensors));
    shards.push_back({file, begin, tensors.size()});
  }
  TRY(check_index(*index, shards, tensors));
  if (std::string remark = unlisted(*index, tensors); !remark.empty()) remarks_.push_back(std::move(remark));
  table_ = TRY(TensorTable::make(std::move(tensors)));
  return {};
}

base::Result<std::unique_ptr<FolderFile>> FolderFile::open(const std::string& path) {
  std::unique_ptr<FolderFile> file(new FolderFile(path, TRY(ModelFolder::open(path))));
  TRY(file->read_config());
  if (file->folder_.has(kSingle))
    TRY(file->map_single());
  else if (file->folder_.has(kIndex))
    TRY(file->map_shards());
  else if (file->folder_.has("pytorch_model.bin") || file->folder_.has("pytorch_model.bin.index.json"))
    return fail(Code::unsupported,
                "holds its weights as pytorch_model.bin, a program in disguise that is not read: convert it "
                "to safetensors");
  else
    return fail(Code::not_found, cat("holds neither ", kSingle, " nor ", kIndex));
  return file;
}

bool FolderFile::has_sibling(std::string_view file_name) const {
  return is_plain_file_name(file_name) && folder_.has(file_name);
}

base::Result<std::string> FolderFile::read_sibling(std::string_view file_name) const {
  if (!is_plain_file_name(file_name))
    return fail(Code::invalid_argument, cat("'", base::printable(file_name), "' is no plain file name"));
  return folder_.read(file_name, kMaxSiblingBytes);
}

}  // namespace model_files::safetensors
