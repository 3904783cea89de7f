#include "model_files/packed/directory.h"

#include <algorithm>
#include <cstring>

#include "base/sha256.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/checked.h"
#include "model_files/gguf/cursor.h"
#include "model_files/gguf/names.h"

namespace model_files::packed {
namespace {

using base::cat;
using base::Code;
using base::fail;
using base::load_le;
using gguf::Cursor;

constexpr uint64_t kMaxNameBytes = 4096;
constexpr uint64_t kMaxTextBytes = uint64_t{256} << 20;
constexpr uint32_t kMaxDimensions = 4;
constexpr uint64_t kMaxDimension = uint64_t{1} << 40;

// Numbers of the file for what enums number otherwise.
constexpr uint32_t kSourceGguf = 0, kSourceFolder = 1;
constexpr uint32_t kLayoutRows = 0, kLayoutBackend = 1;

// ---- writing

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_string(std::string& out, std::string_view text) {
  put<uint64_t>(out, text.size());
  out += text;
}

void put_entry(std::string& out, const gguf::Entry& entry) {
  put_string(out, entry.key);
  if (entry.is_array) put(out, static_cast<uint32_t>(gguf::ValueType::array));
  put(out, static_cast<uint32_t>(entry.type));
  if (entry.is_array) put(out, entry.count);
  out += base::as_text(entry.payload);
}

void put_tensor(std::string& out, const PackedTensor& tensor) {
  put_string(out, tensor.name);
  put(out, *tensor::ggml_id(tensor.dtype));
  put(out, tensor.layout == tensor::Layout::rows ? kLayoutRows : kLayoutBackend);
  put(out, static_cast<uint32_t>(tensor.shape.size()));
  for (const int64_t n : tensor.shape) put(out, static_cast<uint64_t>(n));
  put(out, tensor.offset);
  put(out, tensor.size_bytes);
  out += base::as_text(tensor.sha256);
}

std::string encode(const Directory& directory) {
  std::string out;
  put(out, directory.source == Container::gguf ? kSourceGguf : kSourceFolder);
  put_string(out, directory.layout_name);
  put<uint64_t>(out, directory.metadata.entries().size());
  for (const gguf::Entry& entry : directory.metadata.entries()) put_entry(out, entry);
  put<uint64_t>(out, directory.siblings.size());
  for (const auto& [name, text] : directory.siblings) {
    put_string(out, name);
    put_string(out, text);
  }
  put<uint64_t>(out, directory.tensors.size());
  for (const PackedTensor& tensor : directory.tensors) put_tensor(out, tensor);
  return out;
}

// Over everything that is not weights: the preamble, the directory, the numbers of the footer.
Digest digest_of(base::Bytes preamble, base::Bytes directory, base::Bytes footer_numbers) {
  base::Sha256 hash;
  hash.update(preamble);
  hash.update(directory);
  hash.update(footer_numbers);
  return hash.finish();
}

// ---- reading

base::Result<tensor::Shape> read_shape(Cursor& cursor, std::string_view what) {
  const uint32_t n_dims = TRY(cursor.number<uint32_t>(what));
  if (n_dims < 1 || n_dims > kMaxDimensions)
    return fail(Code::corrupt, cat(what, " has ", n_dims, " dimensions, must have 1..", kMaxDimensions));
  tensor::Shape shape(n_dims);
  uint64_t n_elements = 1;
  for (int64_t& dimension : shape) {
    const uint64_t n = TRY(cursor.number<uint64_t>(what));
    const auto product = checked_multiply(n_elements, n);
    if (n < 1 || n > kMaxDimension || !product || *product > INT64_MAX / 16)
      return fail(Code::corrupt, cat(what, " has a dimension of ", n, ", which no tensor has"));
    n_elements = *product;
    dimension = static_cast<int64_t>(n);
  }
  return shape;
}

base::Status check_size(const PackedTensor& tensor, std::string_view what) {
  const tensor::DTypeInfo& type = tensor::info(tensor.dtype);
  const auto columns = static_cast<uint64_t>(tensor.shape.back());
  if (columns % type.block_elements != 0)
    return fail(Code::corrupt, cat(what, " has rows of ", columns, " elements, but ", type.name,
                                   " comes in blocks of ", type.block_elements));
  if (tensor.layout != tensor::Layout::rows) return {};  // the backend knows
  const uint64_t rows = static_cast<uint64_t>(tensor::element_count(tensor.shape)) / columns;
  const auto size = checked_multiply(tensor::row_bytes(tensor.dtype, columns), rows);
  if (!size || *size != tensor.size_bytes)
    return fail(Code::corrupt, cat(what, " of shape ", tensor::to_string(tensor.shape), " states ",
                                   tensor.size_bytes, " bytes"));
  return {};
}

base::Result<PackedTensor> read_tensor(Cursor& cursor) {
  PackedTensor tensor;
  tensor.name = TRY(cursor.string(kMaxNameBytes, "a tensor's name"));
  TRY(gguf::check_name(tensor.name, "a tensor's name"));
  const std::string what = cat("tensor '", base::printable(tensor.name), "'");
  const uint32_t id = TRY(cursor.number<uint32_t>(what));
  const auto type = tensor::dtype_of_ggml(id);
  if (!type) return fail(Code::unsupported, cat(what, " has the unknown type ", id));
  tensor.dtype = *type;
  const uint32_t layout = TRY(cursor.number<uint32_t>(what));
  if (layout > kLayoutBackend) return fail(Code::corrupt, cat(what, " has the unknown layout ", layout));
  tensor.layout = layout == kLayoutRows ? tensor::Layout::rows : tensor::Layout::backend;
  tensor.shape = TRY(read_shape(cursor, what));
  tensor.offset = TRY(cursor.number<uint64_t>(what));
  tensor.size_bytes = TRY(cursor.number<uint64_t>(what));
  const base::Bytes digest = TRY(cursor.bytes(tensor.sha256.size(), what));
  std::ranges::copy(digest, tensor.sha256.begin());
  TRY(check_size(tensor, what));
  return tensor;
}

// Tensors stand in ascending order, so that none lies in another.
base::Status check_place(const PackedTensor& tensor, uint64_t previous_end, uint64_t data_end) {
  const std::string what = cat("tensor '", base::printable(tensor.name), "'");
  if (tensor.offset % kTensorAlignment != 0)
    return fail(Code::corrupt,
                cat(what, " starts at byte ", tensor.offset, ", no multiple of ", kTensorAlignment));
  if (tensor.offset < previous_end)
    return fail(Code::corrupt, cat(what, " starts at byte ", tensor.offset,
                                   ", before the end of what lies "
                                   "in front of it, ",
                                   previous_end));
  if (tensor.offset > data_end || tensor.size_bytes > data_end - tensor.offset)
    return fail(Code::corrupt, cat(what, " ends past the weights"));
  return {};
}

}  // namespace

bool has_magic(base::Bytes file) {
  return base::as_text(file.first(std::min(file.size(), kMagic.size()))) == kMagic;
}

base::Result<Directory> parse_directory(base::Bytes bytes, uint64_t data_end) {
  Cursor cursor(bytes);
  Directory d;
  const uint32_t source = TRY(cursor.number<uint32_t>("the directory"));
  if (source > kSourceFolder) return fail(Code::corrupt, cat("says that it was packed from ", source));
  d.source = source == kSourceGguf ? Container::gguf : Container::folder;
  d.layout_name = TRY(cursor.string(kMaxNameBytes, "the layout's name"));
  TRY(gguf::check_name(d.layout_name, "the layout's name"));
  const auto count = [&](std::string_view what) -> base::Result<uint64_t> {
    const uint64_t n = TRY(cursor.number<uint64_t>(what));
    if (n > cursor.remaining() / 12)  // no record is shorter
      return fail(Code::corrupt, cat(what, " states ", n, " entries, more than the file can hold"));
    return n;
  };
  d.metadata = TRY(gguf::Metadata::parse(cursor, TRY(count("the metadata"))));
  for (uint64_t n = TRY(count("the list of texts")); n > 0; --n) {
    const std::string_view name = TRY(cursor.string(kMaxNameBytes, "a text's name"));
    TRY(gguf::check_name(name, "a text's name"));
    d.siblings.emplace_back(name, TRY(cursor.string(kMaxTextBytes, cat("'", base::printable(name), "'"))));
  }
  uint64_t previous_end = kDataStart;
  for (uint64_t n = TRY(count("the list of tensors")); n > 0; --n) {
    d.tensors.push_back(TRY(read_tensor(cursor)));
    TRY(check_place(d.tensors.back(), previous_end, data_end));
    previous_end = d.tensors.back().offset + d.tensors.back().size_bytes;
  }
  if (cursor.remaining() != 0) return fail(Code::corrupt, "the directory goes on after its last tensor");
  return d;
}

std::string preamble() {
  std::string out(kMagic);
  put(out, kVersion);
  out.resize(kPreambleBytes, '\0');
  return out;
}

std::string encode_ending(const Directory& directory, uint64_t data_end) {
  const std::string encoded = encode(directory);
  std::string numbers;
  const uint64_t start = *checked_align(data_end, kTensorAlignment);
  put<uint64_t>(numbers, start);
  put<uint64_t>(numbers, encoded.size());
  put<uint64_t>(numbers, start + encoded.size() + kFooterBytes);
  numbers += kMagic;
  const Digest digest =
      digest_of(base::as_bytes(preamble()), base::as_bytes(encoded), base::as_bytes(numbers));
  return cat(std::string(start - data_end, '\0'), encoded, numbers, base::as_text(digest));
}

base::Result<Directory> read_directory(base::Bytes file) {
  if (file.size() < kPreambleBytes || !has_magic(file)) return fail(Code::corrupt, "is no packed model");
  const auto version = load_le<uint32_t>(file.data() + kMagic.size());
  if (version != kVersion)
    return fail(Code::unsupported, cat("is a packed model of format version ", version,
                                       ", this program reads ", kVersion, ": pack the original again"));
  if (file.size() < kDataStart + kFooterBytes)
    return fail(Code::corrupt, "is cut short: it ends before its weights");
  const base::Bytes footer = file.last(kFooterBytes), numbers = footer.first(32);
  const auto start = load_le<uint64_t>(numbers.data()), size = load_le<uint64_t>(numbers.data() + 8),
             file_bytes = load_le<uint64_t>(numbers.data() + 16);
  if (base::as_text(numbers.last(kMagic.size())) != kMagic)
    return fail(Code::corrupt, "is cut short, or something was appended: it does not end as a packed model");
  const uint64_t ending = file.size() - kFooterBytes;
  if (file_bytes != file.size() || start < kDataStart || start > ending || size != ending - start)
    return fail(Code::corrupt, "is damaged: its footer does not fit its size");
  const base::Bytes directory = file.subspan(start, size);
  const Digest digest = digest_of(file.first(kPreambleBytes), directory, numbers);
  if (std::memcmp(digest.data(), footer.data() + 32, digest.size()) != 0)
    return fail(Code::corrupt, "is damaged: its directory does not match its checksum");
  return parse_directory(directory, start);
}

}  // namespace model_files::packed
