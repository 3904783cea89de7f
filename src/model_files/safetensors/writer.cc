#include "model_files/safetensors/writer.h"

#include "base/check.h"
#include "base/json.h"
#include "base/strings.h"

namespace model_files::safetensors {
namespace {

// So that data begins at a multiple of 64 bytes.
constexpr size_t kHeaderAlignment = 64;

base::Json entry(const TensorSpec& spec, uint64_t begin, uint64_t end) {
  base::Json::Array shape;
  for (int64_t dimension : spec.shape) shape.emplace_back(dimension);
  base::Json json;
  json.set("dtype", tensor::name(spec.dtype));
  json.set("shape", std::move(shape));
  json.set("data_offsets", base::Json::Array{size_t{begin}, size_t{end}});
  return json;
}

std::string header_bytes(const base::Json& header) {
  std::string text = header.write();
  const size_t unpadded = sizeof(uint64_t) + text.size();
  text.append((kHeaderAlignment - unpadded % kHeaderAlignment) % kHeaderAlignment, ' ');
  const uint64_t size = text.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + text;
}

}  // namespace

base::Result<Writer> Writer::create(const std::filesystem::path& path, const std::vector<TensorSpec>& tensors,
                                    const Metadata& metadata) {
  base::Json::Object header;
  if (!metadata.empty()) {
    base::Json::Object pairs;
    for (const auto& [key, value] : metadata) pairs.push_back({key, value});
    header.push_back({"__metadata__", std::move(pairs)});
  }
  Writer writer;
  for (const TensorSpec& spec : tensors) {
    if (!tensor::has_safetensors_name(spec.dtype))
      return base::fail(
          base::Code::invalid_argument,
          base::cat("safetensors has no type ", tensor::name(spec.dtype), " for '", spec.name, "'"));
    const uint64_t begin = writer.n_missing_bytes_;
    writer.n_missing_bytes_ += stored_bytes(spec);
    header.push_back({spec.name, entry(spec, begin, writer.n_missing_bytes_)});
  }
  writer.file_ = TRY(platform::AtomicFile::create(path));
  TRY(writer.file_->write(base::as_bytes(header_bytes(std::move(header)))));
  return writer;
}

base::Status Writer::append(base::Bytes bytes) {
  CHECK(bytes.size() <= n_missing_bytes_);
  n_missing_bytes_ -= bytes.size();
  return file_->write(bytes);
}

base::Status Writer::finish() {
  CHECK(n_missing_bytes_ == 0);
  return file_->commit();
}

}  // namespace model_files::safetensors
