#include "model_files/gguf/header.h"

#include <bit>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/checked.h"

namespace model_files::gguf {
namespace {

using base::cat;
using base::Code;
using base::fail;

constexpr std::string_view kMagic = "GGUF";
constexpr uint64_t kMaxTensors = 1'000'000;
constexpr uint64_t kMaxMetadata = 100'000;
constexpr uint64_t kSmallestTensorInfo = 8 + 4 + 4 + 8;  // without a name and dimensions
constexpr uint64_t kSmallestMetadata = 8 + 4 + 1;        // no key, a type, one byte
constexpr uint64_t kMinAlignment = 8, kMaxAlignment = 65536;

base::Status check_magic(Cursor& cursor) {
  const base::Bytes magic = TRY(cursor.bytes(kMagic.size(), "its first four bytes"));
  if (base::as_text(magic) == kMagic) return {};
  return fail(Code::corrupt,
              cat("starts with '", base::printable(base::as_text(magic)), "', must start with 'GGUF'"));
}

base::Result<uint32_t> read_version(Cursor& cursor) {
  const uint32_t version = TRY(cursor.number<uint32_t>("the version"));
  if (version == 2 || version == 3) return version;
  if (version != 0 && (version & 0xFFFF) == 0)
    return fail(Code::unsupported, "is a big-endian GGUF file: convert it to little-endian");
  return fail(Code::unsupported, cat("has GGUF version ", version, ", must be 2 or 3"));
}

base::Result<uint64_t> read_count(Cursor& cursor, const char* what, uint64_t max, uint64_t smallest_bytes) {
  const uint64_t count = TRY(cursor.number<uint64_t>(what));
  // What follows this count are at most one more count and the records themselves.
  if (count > cursor.remaining() / smallest_bytes)
    return fail(Code::corrupt, cat("states a ", what, " of ", count, ", more than the file can hold"));
  if (count > max) return fail(Code::corrupt, cat("states a ", what, " of ", count, ", more than ", max));
  return count;
}

base::Result<uint64_t> read_alignment(const Metadata& metadata) {
  const Entry* entry = metadata.find("general.alignment");
  if (entry == nullptr) return kDefaultAlignment;
  const base::Json value = entry->is_array ? base::Json() : element(*entry);
  if (!value.is_integer())
    return fail(Code::corrupt, cat("general.alignment is ", type_in_words(*entry), ", must be an integer"));
  const int64_t alignment = value.as_integer();
  if (alignment < static_cast<int64_t>(kMinAlignment) || alignment > static_cast<int64_t>(kMaxAlignment) ||
      !std::has_single_bit(static_cast<uint64_t>(alignment)))
    return fail(Code::corrupt, cat("general.alignment is ", alignment, ", must be a power of two of ",
                                   kMinAlignment, "..", kMaxAlignment));
  return static_cast<uint64_t>(alignment);
}

// The table has already made sure that tensors follow each other; the last one must end within the file.
base::Status check_end(const Header& header, uint64_t file_size) {
  if (header.tensors.empty()) return {};
  const TensorInfo& last = header.tensors.back();
  if (header.data_start <= file_size && last.offset <= file_size - header.data_start &&
      last.size_bytes <= file_size - header.data_start - last.offset)
    return {};
  return fail(Code::corrupt, cat("tensor '", base::printable(last.name),
                                 "' ends past the file: it was cut short, fetch it again"));
}

}  // namespace

bool has_magic(base::Bytes file) {
  return base::as_text(file).starts_with(kMagic);
}

base::Result<Header> parse_header(base::Bytes file) {
  Cursor cursor(file);
  Header header;
  TRY(check_magic(cursor));
  header.version = TRY(read_version(cursor));
  const uint64_t n_tensors = TRY(read_count(cursor, "tensor count", kMaxTensors, kSmallestTensorInfo));
  const uint64_t n_metadata = TRY(read_count(cursor, "metadata count", kMaxMetadata, kSmallestMetadata));
  header.metadata = TRY(Metadata::parse(cursor, n_metadata));
  const uint64_t alignment = TRY(read_alignment(header.metadata));
  header.tensors = TRY(parse_tensor_infos(cursor, n_tensors, alignment));
  header.data_start = *checked_align(cursor.position(), alignment);  // a position is no larger than a file
  TRY(check_end(header, file.size()));
  return header;
}

}  // namespace model_files::gguf
