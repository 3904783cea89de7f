#pragma once
// Reads a GGUF header from front to back; no step reads past the end.
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/strings.h"

namespace model_files::gguf {

class Cursor {
 public:
  explicit Cursor(base::Bytes bytes) : bytes_(bytes) {}

  uint64_t position() const { return position_; }
  uint64_t remaining() const { return bytes_.size() - position_; }

  // `what` names in the error the thing in which the file ends.
  template <class T>
  base::Result<T> number(std::string_view what) {
    if (remaining() < sizeof(T)) return ends_in(what);
    const T value = base::load_le<T>(bytes_.data() + position_);
    position_ += sizeof(T);
    return value;
  }

  // A length of eight bytes, then that many bytes.
  base::Result<std::string_view> string(uint64_t max_bytes, std::string_view what) {
    const uint64_t size = TRY(number<uint64_t>(what));
    if (size > remaining()) return ends_in(what);
    if (size > max_bytes)
      return base::fail(base::Code::corrupt, base::cat(what, " has ", size, " bytes, more than ", max_bytes));
    return base::as_text(TRY(bytes(size, what)));
  }

  base::Result<base::Bytes> bytes(uint64_t size, std::string_view what) {
    if (size > remaining()) return ends_in(what);
    const base::Bytes taken = bytes_.subspan(position_, size);
    position_ += size;
    return taken;
  }

 private:
  static std::unexpected<base::Error> ends_in(std::string_view what) {
    return base::fail(base::Code::corrupt, base::cat("the file ends in ", what));
  }

  base::Bytes bytes_;
  uint64_t position_ = 0;
};

}  // namespace model_files::gguf
