#include "http/content_coding.h"

#include <zlib.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "base/strings.h"
#include "base/utf8.h"
#include "http/message.h"

namespace http {
namespace {

// zlib's names for what it shall expect, by window size.
constexpr int kZlibOrGzip = 15 + 32, kRawDeflate = -15;
constexpr size_t kFirstPiece = size_t{64} << 10;

base::Result<std::string> broken(std::string_view coding) {
  return base::fail(base::Code::corrupt, base::cat("the body is not what its coding '", coding, "' says"));
}

class Inflater {
 public:
  explicit Inflater(int window) : is_ready_(inflateInit2(&stream_, window) == Z_OK) {}
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (is_ready_) inflateEnd(&stream_);
  }

  enum class End { whole, broken, too_long };
  // Appends to `out`, which grows to most_bytes at most. A body may be several gzip members (RFC 1952, 2.2).
  End inflate_all(std::string_view in, std::string& out, size_t most_bytes) {
    if (!is_ready_) return End::broken;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(std::min<size_t>(in.size(), UINT_MAX));
    size_t n = 0;
    while (true) {
      if (n == out.size()) {
        if (n == most_bytes) return ends_here() ? End::whole : End::too_long;
        out.resize(std::min(most_bytes, std::max(kFirstPiece, 2 * n)));
      }
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + n);
      stream_.avail_out = static_cast<uInt>(std::min<size_t>(out.size() - n, UINT_MAX));
      const uInt room = stream_.avail_out;
      const int status = ::inflate(&stream_, Z_NO_FLUSH);
      n += room - stream_.avail_out;
      if (status == Z_STREAM_END) {
        if (stream_.avail_in == 0) return out.resize(n), End::whole;
        if (inflateReset(&stream_) != Z_OK) return End::broken;
      } else if (status != Z_OK || (stream_.avail_in == 0 && stream_.avail_out > 0)) {
        return End::broken;  // Z_BUF_ERROR among it: the input is cut
      }
    }
  }

 private:
  // Exactly full: the end mark may still be to come, without another byte.
  bool ends_here() {
    Bytef one = 0;
    stream_.next_out = &one;
    stream_.avail_out = 1;
    return ::inflate(&stream_, Z_NO_FLUSH) == Z_STREAM_END && stream_.avail_out == 1 && stream_.avail_in == 0;
  }

  z_stream stream_{};
  bool is_ready_;
};

}  // namespace

base::Result<std::string> decoded_body(std::string_view coding, std::string body, size_t most_bytes) {
  coding = base::trim(coding);
  if (coding.empty() || equal_ignoring_case(coding, "identity")) return body;
  const bool is_deflate = equal_ignoring_case(coding, "deflate");
  if (!is_deflate && !equal_ignoring_case(coding, "gzip") && !equal_ignoring_case(coding, "x-gzip"))
    return base::fail(base::Code::unsupported,
                      base::cat("bodies may be coded with gzip or deflate, not ", base::printable(coding)));
  std::string out;
  auto end = Inflater(kZlibOrGzip).inflate_all(body, out, most_bytes);
  // Some clients mean the bare stream by "deflate".
  if (is_deflate && end == Inflater::End::broken) {
    out.clear();
    end = Inflater(kRawDeflate).inflate_all(body, out, most_bytes);
  }
  if (end == Inflater::End::broken) return broken(coding);
  if (end == Inflater::End::too_long)
    return base::fail(base::Code::exhausted,
                      base::cat("the body is longer than ", most_bytes, " bytes when inflated"));
  return out;
}

}  // namespace http
