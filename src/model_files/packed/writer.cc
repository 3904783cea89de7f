#include "model_files/packed/writer.h"

#include <array>

#include "base/strings.h"
#include "model_files/checked.h"

namespace model_files::packed {

using base::cat;
using base::Code;
using base::fail;

namespace {

// All that any part of the program reads of a model folder beside the weights.
constexpr std::array kTexts = {"config.json", "generation_config.json", "tokenizer.json",
                               "tokenizer_config.json", "chat_template.jinja"};

// Facts about the parts of a split model: the packed one is whole.
gguf::Metadata without_split(const gguf::Metadata& metadata) {
  return metadata.without_prefix("split.");
}

}  // namespace

base::Status Writer::take_texts(const ModelFile& source) {
  for (const char* name : kTexts) {
    if (!source.has_sibling(name)) continue;
    texts_.push_back(std::make_unique<std::string>(TRY(source.read_sibling(name))));
    directory_.siblings.emplace_back(name, *texts_.back());
  }
  return {};
}

base::Result<Writer> Writer::create(const std::filesystem::path& path, const ModelFile& source,
                                    std::string_view layout_name, const platform::CreateFile& create_file) {
  if (!source.packed_layout().empty()) return fail(Code::invalid_argument, "is packed already");
  if (source.container() == Container::safetensors_file)
    return fail(Code::invalid_argument,
                "is a lone .safetensors file without a configuration: give the folder it lies in");
  Writer writer;
  writer.layout_name_ = layout_name;
  writer.directory_.source = source.container();
  if (source.gguf() != nullptr)
    writer.directory_.metadata = without_split(*source.gguf());
  else
    TRY(writer.take_texts(source));
  writer.file_ = TRY(create_file(path));
  TRY(writer.write(base::as_bytes(preamble())));
  TRY(writer.pad_to(kDataStart));
  return writer;
}

base::Status Writer::write(base::Bytes bytes) {
  TRY(file_->write(bytes));
  position_ += bytes.size();
  return {};
}

base::Status Writer::pad_to(uint64_t position) {
  const std::string zeros(position - position_, '\0');
  return write(base::as_bytes(zeros));
}

base::Status Writer::add(const NamedTensor& tensor, tensor::Layout layout, base::Bytes bytes) {
  if (!tensor::ggml_id(tensor.view.dtype))
    return fail(Code::unsupported, cat("tensor '", tensor.name, "' has type ",
                                       tensor::name(tensor.view.dtype), ", which packed models cannot hold"));
  TRY(pad_to(*checked_align(position_, kTensorAlignment)));
  base::Sha256 hash;
  hash.update(bytes);
  directory_.tensors.push_back({.name = tensor.name,
                                .dtype = tensor.view.dtype,
                                .shape = tensor.view.shape,
                                .layout = layout,
                                .offset = position_,
                                .size_bytes = bytes.size(),
                                .sha256 = hash.finish()});
  return write(bytes);
}

base::Status Writer::finish() {
  directory_.layout_name = layout_name_;
  TRY(write(base::as_bytes(encode_ending(directory_, position_))));
  return file_->commit();
}

}  // namespace model_files::packed
