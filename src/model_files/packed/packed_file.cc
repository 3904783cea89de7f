#include "model_files/packed/packed_file.h"

#include <algorithm>

#include "base/sha256.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/gguf/gguf_file.h"

namespace model_files::packed {

using base::cat;
using base::Code;
using base::fail;

base::Result<std::unique_ptr<PackedFile>> PackedFile::open(const std::string& path,
                                                           platform::MappedFile mapped) {
  std::unique_ptr<PackedFile> file(new PackedFile(path));
  file->files_.push_back(std::move(mapped));
  const base::Bytes bytes = file->files_[0].bytes();
  file->directory_ = TRY(read_directory(bytes));
  std::vector<NamedTensor> tensors;
  for (const PackedTensor& each : file->directory_.tensors)
    tensors.push_back(
        {std::string(each.name),
         {.dtype = each.dtype, .shape = each.shape, .bytes = bytes.subspan(each.offset, each.size_bytes)}});
  file->table_ = TRY(TensorTable::make(std::move(tensors)));
  if (file->directory_.source == Container::gguf) {
    file->metadata_ = gguf::to_json(file->directory_.metadata);
    return file;
  }
  const std::string_view* config = file->sibling("config.json");
  if (config == nullptr) return fail(Code::corrupt, "was packed from a folder, but holds no config.json");
  auto parsed = base::Json::parse(*config);
  if (!parsed) return fail(std::move(parsed).error(), "config.json");
  if (!parsed->is_object()) return fail(Code::corrupt, "config.json holds no JSON object");
  file->metadata_ = std::move(parsed).value();
  return file;
}

tensor::Layout PackedFile::layout_of(std::string_view name) const {
  const auto named = [&](const PackedTensor& each) { return each.name == name; };
  const auto found = std::ranges::find_if(directory_.tensors, named);
  return found == directory_.tensors.end() ? tensor::Layout::rows : found->layout;
}

const gguf::Metadata* PackedFile::gguf() const {
  return directory_.source == Container::gguf ? &directory_.metadata : nullptr;
}

const std::string_view* PackedFile::sibling(std::string_view file_name) const {
  for (const auto& [name, text] : directory_.siblings)
    if (name == file_name) return &text;
  return nullptr;
}

bool PackedFile::has_sibling(std::string_view file_name) const {
  return sibling(file_name) != nullptr;
}

base::Result<std::string> PackedFile::read_sibling(std::string_view file_name) const {
  if (const std::string_view* text = sibling(file_name)) return std::string(*text);
  return fail(Code::not_found, cat("the packed model holds no ", file_name));
}

base::Status PackedFile::check_weights(const std::function<bool(uint64_t, uint64_t)>& go_on) const {
  constexpr size_t kPieceBytes = size_t{16} << 20;
  uint64_t done = 0;
  for (const PackedTensor& each : directory_.tensors) {
    base::Sha256 hash;
    base::Bytes rest = files_[0].bytes().subspan(each.offset, each.size_bytes);
    while (!rest.empty()) {
      const base::Bytes piece = rest.first(std::min(rest.size(), kPieceBytes));
      hash.update(piece);
      drop_pages(piece);
      rest = rest.subspan(piece.size());
      done += piece.size();
      if (!go_on(done, tensor_bytes())) return fail(Code::cancelled, "checking was interrupted");
    }
    if (hash.finish() != each.sha256)
      return fail(Code::corrupt,
                  cat("tensor '", base::printable(each.name), "' does not match its checksum"));
  }
  return check_unchanged();
}

}  // namespace model_files::packed
