#include "model_files/gguf/tensor_infos.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/checked.h"
#include "model_files/gguf/names.h"

namespace model_files::gguf {
namespace {

using base::cat;
using base::Code;
using base::fail;

constexpr uint64_t kMaxNameBytes = 63;
constexpr uint32_t kMaxDimensions = 4;
constexpr uint64_t kMaxDimension = uint64_t{1} << 40;

base::Result<tensor::Shape> read_shape(Cursor& cursor, std::string_view what) {
  const uint32_t n_dims = TRY(cursor.number<uint32_t>(what));
  if (n_dims < 1 || n_dims > kMaxDimensions)
    return fail(Code::corrupt, cat(what, " has ", n_dims, " dimensions, must have 1..", kMaxDimensions));
  tensor::Shape shape(n_dims);
  for (int64_t& dimension : shape) {
    const uint64_t n = TRY(cursor.number<uint64_t>(what));
    if (n < 1 || n > kMaxDimension)
      return fail(Code::corrupt, cat(what, " has a dimension of ", n, ", must be 1..2^40"));
    dimension = static_cast<int64_t>(n);
  }
  std::ranges::reverse(shape);
  return shape;
}

base::Result<tensor::DType> read_type(Cursor& cursor, std::string_view what) {
  const uint32_t id = TRY(cursor.number<uint32_t>(what));
  const auto type = tensor::dtype_of_ggml(id);
  if (!type) return fail(Code::unsupported, cat(what, " has the unknown type ", id));
  return *type;
}

base::Result<uint64_t> stored_bytes(const TensorInfo& info, std::string_view what) {
  const tensor::DTypeInfo& type = tensor::info(info.dtype);
  const auto columns = static_cast<uint64_t>(info.shape.back());
  if (columns % type.block_elements != 0)
    return fail(Code::corrupt, cat(what, " has rows of ", columns, " elements, but ", type.name,
                                   " comes in blocks of ", type.block_elements));
  std::optional<uint64_t> size = tensor::row_bytes(info.dtype, columns);  // dimensions are at most 2^40
  uint64_t n_elements = columns;
  for (size_t i = 0; size && i + 1 < info.shape.size(); ++i) {
    const auto n = static_cast<uint64_t>(info.shape[i]);
    size = checked_multiply(*size, n);
    // Elements are counted as int64_t elsewhere; a block may take less than a byte for each.
    if (__builtin_mul_overflow(n_elements, n, &n_elements) || n_elements > INT64_MAX) size = std::nullopt;
  }
  if (!size)
    return fail(Code::corrupt, cat(what, " of shape ", tensor::to_string(info.shape), " is too large"));
  return *size;
}

base::Result<TensorInfo> read_info(Cursor& cursor) {
  TensorInfo info;
  info.name = TRY(cursor.string(kMaxNameBytes, "a tensor's name"));
  TRY(check_name(info.name, "a tensor's name"));
  const std::string what = cat("tensor '", base::printable(info.name), "'");
  info.shape = TRY(read_shape(cursor, what));
  info.dtype = TRY(read_type(cursor, what));
  info.offset = TRY(cursor.number<uint64_t>(what));
  info.size_bytes = TRY(stored_bytes(info, what));
  return info;
}

}  // namespace

base::Result<std::vector<TensorInfo>> parse_tensor_infos(Cursor& cursor, uint64_t count, uint64_t alignment) {
  std::vector<TensorInfo> infos;
  infos.reserve(count);
  uint64_t expected_offset = 0;
  for (uint64_t i = 0; i < count; ++i) {
    infos.push_back(TRY(read_info(cursor)));
    const TensorInfo& info = infos.back();
    const std::string_view name = info.name;
    if (info.offset != expected_offset)
      return fail(Code::corrupt, cat("tensor '", base::printable(name), "' starts at byte ", info.offset,
                                     " of the data, must start at ", expected_offset));
    const auto end = checked_add(info.offset, info.size_bytes);
    const auto next = end ? checked_align(*end, alignment) : std::nullopt;
    if (!next) return fail(Code::corrupt, cat("tensor '", base::printable(name), "' is too large"));
    expected_offset = *next;
  }
  return infos;
}

}  // namespace model_files::gguf
