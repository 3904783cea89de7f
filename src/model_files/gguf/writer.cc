#include "model_files/gguf/writer.h"

#include <algorithm>

#include "base/check.h"
#include "base/strings.h"
#include "model_files/gguf/header.h"

namespace model_files::gguf {
namespace {

using base::cat;
using base::Code;
using base::fail;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_string(std::string& out, std::string_view text) {
  put<uint64_t>(out, text.size());
  out += text;
}

uint64_t padding_after(uint64_t n_bytes) {
  return (kDefaultAlignment - n_bytes % kDefaultAlignment) % kDefaultAlignment;
}

base::Status check_spec(const TensorSpec& spec) {
  if (!tensor::ggml_id(spec.dtype))
    return fail(Code::invalid_argument,
                cat("GGUF has no type ", tensor::name(spec.dtype), " for '", spec.name, "'"));
  const bool has_good_dimensions = std::ranges::all_of(spec.shape, [](int64_t n) { return n >= 1; });
  if (spec.shape.empty() || spec.shape.size() > 4 || !has_good_dimensions ||
      spec.shape.back() % tensor::info(spec.dtype).block_elements != 0)
    return fail(Code::invalid_argument, cat("'", spec.name, "' of shape ", tensor::to_string(spec.shape),
                                            " cannot be stored as ", tensor::name(spec.dtype)));
  return {};
}

std::string header_bytes(const MetadataBuilder& metadata, const std::vector<TensorSpec>& tensors) {
  std::string out = "GGUF";
  put<uint32_t>(out, 3);
  put<uint64_t>(out, tensors.size());
  put<uint64_t>(out, metadata.count());
  out += metadata.bytes();
  uint64_t offset = 0;
  for (const TensorSpec& spec : tensors) {
    put_string(out, spec.name);
    put<uint32_t>(out, static_cast<uint32_t>(spec.shape.size()));
    for (auto it = spec.shape.rbegin(); it != spec.shape.rend(); ++it)
      put<uint64_t>(out, static_cast<uint64_t>(*it));
    put<uint32_t>(out, *tensor::ggml_id(spec.dtype));
    put<uint64_t>(out, offset);
    offset += stored_bytes(spec) + padding_after(stored_bytes(spec));
  }
  out.append(padding_after(out.size()), '\0');
  return out;
}

}  // namespace

void MetadataBuilder::begin(std::string_view key, ValueType type) {
  put_string(bytes_, key);
  put(bytes_, static_cast<uint32_t>(type));
  ++count_;
}

void MetadataBuilder::begin_array(std::string_view key, ValueType type, uint64_t count) {
  begin(key, ValueType::array);
  put(bytes_, static_cast<uint32_t>(type));
  put(bytes_, count);
}

void MetadataBuilder::set_u32(std::string_view key, uint32_t value) {
  begin(key, ValueType::u32);
  put(bytes_, value);
}

void MetadataBuilder::set_u64(std::string_view key, uint64_t value) {
  begin(key, ValueType::u64);
  put(bytes_, value);
}

void MetadataBuilder::set_f32(std::string_view key, float value) {
  begin(key, ValueType::f32);
  put(bytes_, value);
}

void MetadataBuilder::set_bool(std::string_view key, bool value) {
  begin(key, ValueType::boolean);
  put<uint8_t>(bytes_, value ? 1 : 0);
}

void MetadataBuilder::set_string(std::string_view key, std::string_view value) {
  begin(key, ValueType::string);
  put_string(bytes_, value);
}

void MetadataBuilder::set_strings(std::string_view key, std::span<const std::string> values) {
  begin_array(key, ValueType::string, values.size());
  for (const std::string& value : values) put_string(bytes_, value);
}

void MetadataBuilder::set_i32s(std::string_view key, std::span<const int32_t> values) {
  begin_array(key, ValueType::i32, values.size());
  for (int32_t value : values) put(bytes_, value);
}

void MetadataBuilder::set_f32s(std::string_view key, std::span<const float> values) {
  begin_array(key, ValueType::f32, values.size());
  for (float value : values) put(bytes_, value);
}

base::Result<Writer> Writer::create(const std::filesystem::path& path, const MetadataBuilder& metadata,
                                    std::vector<TensorSpec> tensors) {
  for (const TensorSpec& spec : tensors) TRY(check_spec(spec));
  Writer writer;
  writer.file_ = TRY(platform::AtomicFile::create(path));
  writer.tensors_ = std::move(tensors);
  TRY(writer.write(header_bytes(metadata, writer.tensors_)));
  return writer;
}

base::Status Writer::write(std::string_view text) {
  return file_->write(base::as_bytes(text));
}

base::Status Writer::append(base::Bytes bytes) {
  CHECK(index_ < tensors_.size());
  const uint64_t size = stored_bytes(tensors_[index_]);
  CHECK(bytes.size() <= size - n_in_tensor_);
  TRY(file_->write(bytes));
  n_in_tensor_ += bytes.size();
  if (n_in_tensor_ < size) return {};
  ++index_;
  n_in_tensor_ = 0;
  return write(std::string(padding_after(size), '\0'));
}

base::Status Writer::finish() {
  CHECK(index_ == tensors_.size());
  return file_->commit();
}

}  // namespace model_files::gguf
