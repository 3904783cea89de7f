#include "model_files/gguf/metadata.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/gguf/names.h"

namespace model_files::gguf {
namespace {

using base::cat;
using base::Code;
using base::fail;
using base::load_le;

constexpr uint64_t kMaxKeyBytes = 65535;
constexpr uint64_t kMaxStringBytes = uint64_t{64} << 20;
constexpr uint64_t kMaxElements = uint64_t{1} << 26;

struct TypeFacts {
  const char* name;
  int size_bytes;  // of strings: their length field, the least that one takes
};
constexpr TypeFacts kTypes[kValueTypeCount] = {
    {"u8", 1},   {"i8", 1},     {"u16", 2},    {"i16", 2}, {"u32", 4}, {"i32", 4}, {"f32", 4},
    {"bool", 1}, {"string", 8}, {"array", 12}, {"u64", 8}, {"i64", 8}, {"f64", 8},
};

uint64_t element_bytes(ValueType type) {
  return kTypes[static_cast<int>(type)].size_bytes;
}

base::Result<ValueType> value_type(Cursor& cursor, std::string_view what) {
  const uint32_t type = TRY(cursor.number<uint32_t>(what));
  if (type >= kValueTypeCount) return fail(Code::corrupt, cat(what, " has the unknown type ", type));
  return static_cast<ValueType>(type);
}

// Walks over the strings of an array; their bytes stay where they are.
base::Result<base::Bytes> string_elements(Cursor& cursor, uint64_t count, std::string_view what) {
  Cursor start = cursor;
  for (uint64_t i = 0; i < count; ++i) TRY(cursor.string(kMaxStringBytes, what));
  return start.bytes(cursor.position() - start.position(), what);
}

base::Result<base::Bytes> elements(Cursor& cursor, const Entry& entry, std::string_view what) {
  if (entry.type == ValueType::string) return string_elements(cursor, entry.count, what);
  return cursor.bytes(entry.count * element_bytes(entry.type), what);
}

base::Status read_array_type(Cursor& cursor, Entry& entry, std::string_view what) {
  entry.is_array = true;
  entry.type = TRY(value_type(cursor, what));
  if (entry.type == ValueType::array) return fail(Code::corrupt, cat(what, " is an array of arrays"));
  entry.count = TRY(cursor.number<uint64_t>(what));
  if (entry.count > cursor.remaining() / element_bytes(entry.type))
    return fail(Code::corrupt, cat(what, " states ", entry.count, " elements, more than the file can hold"));
  if (entry.count > kMaxElements)
    return fail(Code::corrupt, cat(what, " has ", entry.count, " elements, more than ", kMaxElements));
  return {};
}

base::Status check_booleans(const Entry& entry, std::string_view what) {
  if (entry.type != ValueType::boolean) return {};
  const auto bad = std::ranges::find_if(entry.payload, [](std::byte b) { return b > std::byte{1}; });
  if (bad == entry.payload.end()) return {};
  return fail(Code::corrupt,
              cat(what, " holds the byte ", static_cast<int>(*bad), " where a boolean is 0 or 1"));
}

base::Result<Entry> read_entry(Cursor& cursor) {
  Entry entry;
  entry.key = TRY(cursor.string(kMaxKeyBytes, "a metadata key"));
  TRY(check_name(entry.key, "a metadata key"));
  const std::string what = cat("metadata '", base::printable(entry.key), "'");
  entry.type = TRY(value_type(cursor, what));
  if (entry.type == ValueType::array) TRY(read_array_type(cursor, entry, what));
  entry.payload = TRY(elements(cursor, entry, what));
  TRY(check_booleans(entry, what));
  return entry;
}

std::string_view string_at(base::Bytes payload, uint64_t index) {
  const std::byte* at = payload.data();
  for (; index > 0; --index) at += 8 + load_le<uint64_t>(at);
  return {reinterpret_cast<const char*>(at + 8), load_le<uint64_t>(at)};
}

template <class From, class To>
void widen(const Entry& entry, std::vector<To>& out) {
  for (uint64_t i = 0; i < entry.count; ++i)
    out[i] = static_cast<To>(load_le<From>(entry.payload.data() + i * sizeof(From)));
}

// The integers of an array, or false if one does not fit 32 bits with a sign or they are no integers.
template <class From>
bool narrow(const Entry& entry, std::vector<int32_t>& out) {
  for (uint64_t i = 0; i < entry.count; ++i) {
    const From value = load_le<From>(entry.payload.data() + i * sizeof(From));
    if (!std::in_range<int32_t>(value)) return false;
    out[i] = static_cast<int32_t>(value);  // NOLINT(bugprone-signed-char-misuse): i8 is a number here
  }
  return true;
}

bool narrow_any(const Entry& entry, std::vector<int32_t>& out) {
  switch (entry.type) {
    case ValueType::u8:
      return narrow<uint8_t>(entry, out);
    case ValueType::i8:
      return narrow<int8_t>(entry, out);
    case ValueType::u16:
      return narrow<uint16_t>(entry, out);
    case ValueType::i16:
      return narrow<int16_t>(entry, out);
    case ValueType::u32:
      return narrow<uint32_t>(entry, out);
    case ValueType::i32:
      return narrow<int32_t>(entry, out);
    case ValueType::u64:
      return narrow<uint64_t>(entry, out);
    case ValueType::i64:
      return narrow<int64_t>(entry, out);
    default:
      return false;
  }
}

std::unexpected<base::Error> wrong_type(const Entry& entry, std::string_view wanted) {
  return fail(Code::corrupt, cat(entry.key, " is ", type_in_words(entry), ", must be ", wanted));
}

}  // namespace

const char* type_name(ValueType type) {
  return kTypes[static_cast<int>(type)].name;
}

std::string type_in_words(const Entry& entry) {
  if (!entry.is_array) return cat("a value of type ", type_name(entry.type));
  return cat("an array of ", entry.count, " ", type_name(entry.type),
             entry.type == ValueType::string ? "s" : "");
}

base::Json element(const Entry& entry, uint64_t index) {
  DCHECK(index < entry.count);
  if (entry.type == ValueType::string) return string_at(entry.payload, index);
  const std::byte* at = entry.payload.data() + index * element_bytes(entry.type);
  switch (entry.type) {
    case ValueType::u8:
      return int64_t{load_le<uint8_t>(at)};
    case ValueType::i8:
      return int64_t{load_le<int8_t>(at)};
    case ValueType::u16:
      return int64_t{load_le<uint16_t>(at)};
    case ValueType::i16:
      return int64_t{load_le<int16_t>(at)};
    case ValueType::u32:
      return int64_t{load_le<uint32_t>(at)};
    case ValueType::i32:
      return int64_t{load_le<int32_t>(at)};
    case ValueType::u64:
      return size_t{load_le<uint64_t>(at)};
    case ValueType::i64:
      return load_le<int64_t>(at);
    case ValueType::f32:
      return double{load_le<float>(at)};
    case ValueType::f64:
      return load_le<double>(at);
    case ValueType::boolean:
      return *at == std::byte{1};
    case ValueType::string:
    case ValueType::array:
      break;
  }
  return nullptr;
}

void Metadata::index() {
  by_key_.resize(entries_.size());
  std::iota(by_key_.begin(), by_key_.end(), 0u);
  std::ranges::sort(by_key_, {}, [&](uint32_t i) { return entries_[i].key; });
}

Metadata Metadata::without_prefix(std::string_view prefix) const {
  Metadata rest;
  for (const Entry& entry : entries_)
    if (!entry.key.starts_with(prefix)) rest.entries_.push_back(entry);
  rest.index();
  return rest;
}

base::Result<Metadata> Metadata::parse(Cursor& cursor, uint64_t count) {
  Metadata metadata;
  metadata.entries_.reserve(count);
  for (uint64_t i = 0; i < count; ++i) metadata.entries_.push_back(TRY(read_entry(cursor)));
  metadata.index();
  auto key_of = [&](uint32_t i) { return metadata.entries_[i].key; };
  const auto twice = std::ranges::adjacent_find(metadata.by_key_, {}, key_of);
  if (twice != metadata.by_key_.end())
    return fail(Code::corrupt, cat("metadata '", base::printable(key_of(*twice)), "' stands there twice"));
  return metadata;
}

const Entry* Metadata::find(std::string_view key) const {
  auto key_of = [&](uint32_t i) { return entries_[i].key; };
  const auto found = std::ranges::lower_bound(by_key_, key, {}, key_of);
  if (found == by_key_.end() || key_of(*found) != key) return nullptr;
  return &entries_[*found];
}

base::Result<const Entry*> Metadata::find_array(std::string_view key) const {
  const Entry* entry = find(key);
  if (entry == nullptr) return fail(Code::not_found, cat(key, " is missing"));
  if (!entry->is_array) return wrong_type(*entry, "an array");
  return entry;
}

base::Result<std::vector<std::string_view>> Metadata::strings(std::string_view key) const {
  const Entry* entry = TRY(find_array(key));
  if (entry->type != ValueType::string) return wrong_type(*entry, "an array of strings");
  std::vector<std::string_view> out;
  out.reserve(entry->count);
  const std::byte* at = entry->payload.data();
  for (uint64_t i = 0; i < entry->count; ++i) {
    const uint64_t size = load_le<uint64_t>(at);
    out.emplace_back(reinterpret_cast<const char*>(at + 8), size);
    at += 8 + size;
  }
  return out;
}

base::Result<std::vector<float>> Metadata::floats(std::string_view key) const {
  const Entry* entry = TRY(find_array(key));
  std::vector<float> out(entry->count);
  if (entry->type == ValueType::f32)
    widen<float>(*entry, out);
  else if (entry->type == ValueType::f64)
    widen<double>(*entry, out);
  else
    return wrong_type(*entry, "an array of floats");
  return out;
}

base::Result<std::vector<int32_t>> Metadata::integers(std::string_view key) const {
  const Entry* entry = TRY(find_array(key));
  std::vector<int32_t> out(entry->count);
  if (!narrow_any(*entry, out)) return wrong_type(*entry, "an array of integers of 32 bits");
  return out;
}

std::string_view Metadata::text_or_empty(std::string_view key) const {
  const Entry* entry = find(key);
  if (entry == nullptr || entry->is_array || entry->type != ValueType::string) return {};
  return string_at(entry->payload, 0);
}

}  // namespace model_files::gguf
