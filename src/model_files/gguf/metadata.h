#pragma once
// The key-value part of a GGUF file, read in place.
//
// Strings and arrays are borrowed from the file's bytes: a vocabulary of 262,144 tokens costs one walk over
// its bytes at opening and no copy. Views live as long as the mapping.
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"
#include "model_files/gguf/cursor.h"

namespace model_files::gguf {

// In the order of the numbers that the format gives them. `array` stands only in files: an Entry tells its
// elements'.
enum class ValueType : uint8_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };
inline constexpr uint32_t kValueTypeCount = 13;

// "u32", "string", ...
const char* type_name(ValueType type);

struct Entry {
  std::string_view key;
  ValueType type = ValueType::u8;  // of the value; of an array, of its elements
  bool is_array = false;
  uint64_t count = 1;   // elements of an array
  base::Bytes payload;  // as stored: elements without gaps, strings behind their lengths
};

// Element `index` of an array, or the value itself (index 0). REQUIRES: index < count; constant time except
// for arrays of strings.
base::Json element(const Entry& entry, uint64_t index = 0);

// "u32", "array of 49152 strings"
std::string type_in_words(const Entry& entry);

class Metadata {
 public:
  Metadata() = default;
  // Reads `count` records. Refuses duplicate keys, unknown types, bytes other than 0 and 1 as booleans,
  // arrays of arrays, and whatever ends past the file.
  static base::Result<Metadata> parse(Cursor& cursor, uint64_t count);

  std::span<const Entry> entries() const { return entries_; }  // in file order
  const Entry* find(std::string_view key) const;

  // Whole arrays. They fail with Code::not_found if the key is absent, and with Code::corrupt, naming key and
  // type, if the value is no array of that kind.
  base::Result<std::vector<std::string_view>> strings(std::string_view key) const;
  base::Result<std::vector<float>> floats(std::string_view key) const;  // f32 or f64
  base::Result<std::vector<int32_t>> integers(
      std::string_view key) const;  // any integer type whose values fit

  // The records whose keys do not begin so.
  Metadata without_prefix(std::string_view prefix) const;

  // A string value, "" if the key is absent or holds something else. For labels alone.
  std::string_view text_or_empty(std::string_view key) const;

 private:
  void index();
  base::Result<const Entry*> find_array(std::string_view key) const;

  std::vector<Entry> entries_;
  std::vector<uint32_t> by_key_;  // indices into entries_, in the order of the keys
};

}  // namespace model_files::gguf
