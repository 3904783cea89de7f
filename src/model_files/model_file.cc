#include "model_files/model_file.h"

#include <filesystem>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/gguf/gguf_file.h"
#include "model_files/map_regular.h"
#include "model_files/packed/packed_file.h"
#include "model_files/safetensors/folder_file.h"
#include "model_files/safetensors/header.h"
#include "model_files/safetensors/safetensors_file.h"

namespace model_files {
namespace {

using base::cat;
using base::Code;
using base::fail;
using Opened = base::Result<std::unique_ptr<ModelFile>>;

// What a file that is no model usually is, in words, or nothing.
std::string_view known_stranger(base::Bytes file) {
  const std::string_view text = base::as_text(file.first(std::min<size_t>(file.size(), 16)));
  if (text.empty()) return "is an empty file";
  if (text.starts_with("PK\x03\x04") || text.starts_with("\x80\x02"))
    return "is a PyTorch checkpoint, a program in disguise that is not read: convert it to safetensors";
  if (text.starts_with("lmgg") || text.starts_with("fmgg") || text.starts_with("tjgg"))
    return "is a file from before GGUF: convert the original model again";
  if (text.starts_with("version https://"))
    return "is a Git LFS pointer, not the model: fetch the file itself";
  if (text.starts_with("<!DOCTYPE") || text.starts_with("<html")) return "is a web page, not a model";
  return {};
}

// The container that the first bytes show. The name only helps to say what is wrong.
base::Result<Container> sniff(const std::string& path, base::Bytes file) {
  const bool named_safetensors = path.ends_with(".safetensors");
  if (gguf::has_magic(file)) {
    if (named_safetensors)
      return fail(Code::corrupt, "is named .safetensors but holds GGUF: rename it to .gguf");
    return Container::gguf;
  }
  if (const std::string_view what = known_stranger(file); !what.empty())
    return fail(Code::unsupported, std::string(what));
  if (named_safetensors || safetensors::looks_like_safetensors(file)) return Container::safetensors_file;
  if (path.ends_with(".gguf")) return Container::gguf;  // whose reader says what is wrong
  return fail(Code::unsupported, "is neither GGUF nor safetensors");
}

template <class File>
Opened as_model(base::Result<std::unique_ptr<File>> file) {
  if (!file) return std::unexpected(std::move(file).error());
  return *std::move(file);
}

Opened open_file(const std::string& path, platform::MappedFile file) {
  if (packed::has_magic(file.bytes())) return as_model(packed::PackedFile::open(path, std::move(file)));
  const Container container = TRY(sniff(path, file.bytes()));
  if (container == Container::gguf) return as_model(gguf::GgufFile::open(path, std::move(file)));
  return as_model(safetensors::SafetensorsFile::open(path, std::move(file)));
}

Opened labelled(Opened file, const std::string& path) {
  if (!file) return fail(std::move(file).error(), base::printable(path, 1000));
  return file;
}

}  // namespace

const char* container_name(Container container) {
  switch (container) {
    case Container::gguf:
      return "GGUF";
    case Container::safetensors_file:
      return "safetensors";
    case Container::folder:
      return "safetensors folder";
  }
  return "";
}

base::Result<std::unique_ptr<ModelFile>> ModelFile::open(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return labelled(as_model(safetensors::FolderFile::open(path)), path);
  platform::MappedFile file = TRY(map_regular(path));  // its errors name the path
  return labelled(open_file(path, std::move(file)), path);
}

uint64_t ModelFile::tensor_bytes() const {
  uint64_t total = 0;
  for (const NamedTensor& tensor : tensors()) total += tensor.view.bytes.size();
  return total;
}

uint64_t ModelFile::n_parameters() const {
  uint64_t total = 0;
  for (const NamedTensor& tensor : tensors())
    total += static_cast<uint64_t>(tensor::element_count(tensor.view.shape));
  return total;
}

}  // namespace model_files
