#include "model_files/safetensors/header.h"

#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/checked.h"
#include "model_files/safetensors/header_json.h"

namespace model_files::safetensors {
namespace {

using base::cat;
using base::Code;
using base::fail;

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kMaxTensors = 1'000'000;
constexpr size_t kMaxNameBytes = 1024;
constexpr size_t kMaxRank = 8;

std::string quoted(std::string_view name) {
  return cat("'", base::printable(name), "'");
}

base::Result<tensor::Shape> read_shape(HeaderJson& json) {
  tensor::Shape shape;
  TRY(json.expect('['));
  if (json.accept(']')) return shape;
  do {
    if (shape.size() == kMaxRank) return json.error(cat("a shape of more than ", kMaxRank, " dimensions"));
    shape.push_back(TRY(json.integer()));
  } while (json.accept(','));
  TRY(json.expect(']'));
  return shape;
}

base::Result<tensor::DType> read_dtype(HeaderJson& json) {
  const std::string name = TRY(json.string());
  const auto type = tensor::dtype_of_safetensors(name);
  if (!type) return json.error(cat("the unknown dtype ", quoted(name)));
  return *type;
}

base::Status read_offsets(HeaderJson& json, TensorInfo& info) {
  TRY(json.expect('['));
  info.begin = static_cast<uint64_t>(TRY(json.integer()));
  TRY(json.expect(','));
  info.end = static_cast<uint64_t>(TRY(json.integer()));
  return json.expect(']');
}

// {"dtype": ..., "shape": ..., "data_offsets": ...}, each once, in any order.
base::Status read_fields(HeaderJson& json, TensorInfo& info) {
  bool has_dtype = false, has_shape = false, has_offsets = false;
  auto once = [&](bool& seen, const std::string& key) -> base::Status {
    if (seen) return json.error(cat(quoted(key), " twice"));
    seen = true;
    return json.expect(':');
  };
  TRY(json.expect('{'));
  do {
    const std::string key = TRY(json.string());
    if (key == "dtype") {
      TRY(once(has_dtype, key));
      info.dtype = TRY(read_dtype(json));
    } else if (key == "shape") {
      TRY(once(has_shape, key));
      info.shape = TRY(read_shape(json));
    } else if (key == "data_offsets") {
      TRY(once(has_offsets, key));
      TRY(read_offsets(json, info));
    } else {
      return json.error(cat("the unknown field ", quoted(key)));
    }
  } while (json.accept(','));
  TRY(json.expect('}'));
  if (!has_dtype || !has_shape || !has_offsets)
    return json.error("an entry without dtype, shape or data_offsets");
  return {};
}

base::Result<base::Json::Object> read_metadata(HeaderJson& json) {
  base::Json::Object metadata;
  TRY(json.expect('{'));
  if (json.accept('}')) return metadata;
  do {
    std::string key = TRY(json.string());
    TRY(json.expect(':'));
    metadata.push_back({std::move(key), TRY(json.string())});
  } while (json.accept(','));
  TRY(json.expect('}'));
  return metadata;
}

// The first of two equal names, whatever their number.
template <class Items, class NameOf>
std::optional<std::string> duplicate(const Items& items, NameOf name_of) {
  std::vector<std::string_view> names;
  names.reserve(items.size());
  for (const auto& item : items) names.push_back(name_of(item));
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice == names.end()) return std::nullopt;
  return std::string(*twice);
}

base::Status read_entry(HeaderJson& json, Header& header, bool& has_metadata) {
  std::string name = TRY(json.string());
  if (name == "__metadata__") {
    if (has_metadata) return json.error("'__metadata__' twice");
    has_metadata = true;
    TRY(json.expect(':'));
    header.metadata = TRY(read_metadata(json));
    return {};
  }
  if (name.empty() || name.size() > kMaxNameBytes)
    return json.error(cat("a name of ", name.size(), " bytes, must have 1..", kMaxNameBytes));
  if (header.tensors.size() == kMaxTensors) return json.error(cat("more than ", kMaxTensors, " tensors"));
  TensorInfo info;
  info.name = std::move(name);
  TRY(json.expect(':'));
  TRY(read_fields(json, info));
  header.tensors.push_back(std::move(info));
  return {};
}

base::Result<Header> read_object(std::string_view text) {
  HeaderJson json(text);
  Header header;
  bool has_metadata = false;
  TRY(json.expect('{'));
  if (!json.accept('}')) {
    do {
      TRY(read_entry(json, header, has_metadata));
    } while (json.accept(','));
    TRY(json.expect('}'));
  }
  TRY(json.finish());
  return header;
}

base::Status check_size(const TensorInfo& info) {
  const tensor::DTypeInfo& type = tensor::info(info.dtype);
  std::optional<uint64_t> n = 1;
  for (int64_t dimension : info.shape)
    n = n && *n <= INT64_MAX ? checked_multiply(*n, static_cast<uint64_t>(dimension)) : std::nullopt;
  if (!n || *n > INT64_MAX)
    return fail(Code::corrupt, cat("tensor ", quoted(info.name), " of shape ", tensor::to_string(info.shape),
                                   " is too large"));
  if (*n % type.block_elements != 0)
    return fail(Code::corrupt, cat("tensor ", quoted(info.name), ": ", *n, " elements of ", type.name,
                                   " fill no whole bytes"));
  const auto size = checked_multiply(*n / type.block_elements, type.block_bytes);
  if (info.end < info.begin || !size || *size != info.end - info.begin)
    return fail(Code::corrupt,
                cat("tensor ", quoted(info.name), " of shape ", tensor::to_string(info.shape), " and dtype ",
                    type.name, " does not fit its data_offsets [", info.begin, ", ", info.end, "]"));
  return {};
}

// Tensors in the order of their data must follow each other and end where the file does.
base::Status check_layout(Header& header, uint64_t data_bytes) {
  std::ranges::sort(header.tensors, [](const TensorInfo& a, const TensorInfo& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  uint64_t expected = 0;
  for (const TensorInfo& info : header.tensors) {
    TRY(check_size(info));
    if (info.begin != expected)
      return fail(Code::corrupt, cat("tensor ", quoted(info.name), " starts at byte ", info.begin,
                                     " of the data, must start at ", expected));
    expected = info.end;
  }
  if (expected > data_bytes)
    return fail(Code::corrupt, cat("tensor ", quoted(header.tensors.back().name),
                                   " ends past the file: it was cut short, fetch it again"));
  if (expected < data_bytes)
    return fail(Code::corrupt, cat("has ", data_bytes - expected, " bytes after the last tensor"));
  return {};
}

base::Status check_names(const Header& header) {
  const auto tensor = duplicate(header.tensors, [](const TensorInfo& t) { return std::string_view(t.name); });
  if (tensor) return fail(Code::corrupt, cat("header: tensor ", quoted(*tensor), " stands there twice"));
  const auto key = duplicate(header.metadata, [](const auto& m) { return std::string_view(m.key); });
  if (key) return fail(Code::corrupt, cat("header: metadata ", quoted(*key), " stands there twice"));
  return {};
}

base::Result<std::string_view> header_text(base::Bytes file) {
  if (file.size() < kLengthBytes)
    return fail(Code::corrupt, cat("is too small for safetensors: ", file.size(), " bytes"));
  const auto size = base::load_le<uint64_t>(file.data());
  if (size > kMaxHeaderBytes)
    return fail(Code::corrupt, cat("header: states ", size, " bytes, more than ", kMaxHeaderBytes));
  if (size > file.size() - kLengthBytes)
    return fail(Code::corrupt, cat("header: states ", size, " bytes, more than the file has"));
  const std::string_view text = base::as_text(file.subspan(kLengthBytes, size));
  if (!text.starts_with('{')) return fail(Code::corrupt, "header: does not start with '{'");
  if (!base::is_valid_utf8(text)) return fail(Code::corrupt, "header: is not UTF-8");
  return text;
}

}  // namespace

bool looks_like_safetensors(base::Bytes file) {
  if (file.size() <= kLengthBytes) return false;
  const auto size = base::load_le<uint64_t>(file.data());
  return size <= kMaxHeaderBytes && size <= file.size() - kLengthBytes &&
         file[kLengthBytes] == std::byte{'{'};
}

void append_tensors(std::vector<TensorInfo> tensors, base::Bytes data, std::vector<NamedTensor>& out) {
  for (TensorInfo& info : tensors)
    out.push_back({std::move(info.name),
                   {info.dtype, std::move(info.shape), data.subspan(info.begin, info.end - info.begin)}});
}

base::Result<Header> parse_header(base::Bytes file) {
  const std::string_view text = TRY(header_text(file));
  Header header = TRY(read_object(text));
  header.data_start = kLengthBytes + text.size();
  TRY(check_names(header));
  TRY(check_layout(header, file.size() - header.data_start));
  return header;
}

}  // namespace model_files::safetensors
